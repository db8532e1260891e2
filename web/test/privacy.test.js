// What a person shows and asks stays with the person: no request leaves the page once the model is there, and nothing of picture,
// question and answer is kept, whatever was asked and however.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { leaks } from './forms.js';
import { answered, askOwn } from './states.js';
import { servedInBrowser } from './served.js';
import { CHROME, PHOTO_PACK, RED_CIRCLE, RUNTIME, SAMPLES, SPOKEN, VOICE_PACK, missing } from './support.js';

const skip = missing(RUNTIME, PHOTO_PACK, VOICE_PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const SECRET = 'what does my "d\u00efary" say about xyzzy?';

/** To choose from: one becomes the answer, and no file but the model has their names. The model refuses what it has no name for. */
const CHOICES = ['orange', 'purple'];
const UNKNOWN = 'plugh of frotz';

/** Runs in the page: everything that it keeps, as names and values; bytes as Latin-1, texts as UTF-8 and as they are. */
async function kept() {
  const found = [];
  const latin1 = (bytes) => { // TextDecoder would read it as windows-1252
    const parts = [];
    for (let at = 0; at < bytes.byteLength; at += 8192) parts.push(String.fromCharCode(...new Uint8Array(bytes, at, Math.min(8192, bytes.byteLength - at))));
    return parts.join('');
  };
  const text = (value) => `${latin1(new TextEncoder().encode(value).buffer)} ${value}`;
  for (const [kind, storage] of Object.entries({ localStorage, sessionStorage })) {
    for (const [key, value] of Object.entries(storage)) found.push([`${kind} ${text(key)}`, text(value)]);
  }
  const answer = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store);
      found.push([`IndexedDB ${text(name)} ${text(store)}`, text(JSON.stringify([await answer(objects.getAllKeys()), await answer(objects.getAll())]))]);
    }
    if (!database.objectStoreNames.length) found.push([`IndexedDB ${text(name)}`, '']);
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const response = await cache.match(request);
      found.push([`Cache API ${text(name)} ${request.url}`, latin1(await response.arrayBuffer()) + JSON.stringify([...response.headers])]);
    }
  }
  const walk = async (folder, path) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
      else found.push([text(path + name), latin1(await (await handle.getFile()).arrayBuffer())]);
    }
  };
  await walk(await navigator.storage.getDirectory(), 'OPFS ');
  return [...found, ['cookies', text(document.cookie)], ['history', text(JSON.stringify(history.state) + location.href)]];
}

/** Runs in the page: keep a text, or these bytes, wherever a page can. */
const PLANT = {
  localStorage: (text) => localStorage.setItem('a', text),
  sessionStorage: (text) => sessionStorage.setItem('a', text),
  IndexedDB: (text) => new Promise((resolve) => {
    const request = indexedDB.open('a');
    request.onupgradeneeded = () => request.result.createObjectStore('b').put({ text }, 1);
    request.onsuccess = () => resolve(request.result.close());
  }),
  'Cache API': async (text) => (await caches.open('a')).put('/a', new Response(text)),
  OPFS: async (text) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('a', { create: true });
    const stream = await (await folder.getFileHandle('b', { create: true })).createWritable();
    await stream.write(typeof text === 'string' ? text : new Uint8Array(text));
    await stream.close();
  },
  cookies: (text) => void (document.cookie = `a=${encodeURIComponent(text)}`),
  history: (text) => history.replaceState({ text }, ''),
};

describe('privacy', { skip, timeout: 180_000 }, () => {
  const use = servedInBrowser();

  const address = (path = '') => `${use.url}${path}`;

  test('the search finds what is kept, wherever and however that is', async () => {
    const search = async (plant, ...args) => {
      const context = await use.browser.newContext();
      const page = await context.newPage();
      await page.goto(address('icon.svg'));
      assert.deepEqual(leaks(await page.evaluate(kept), [SECRET]), []);
      await page.evaluate(plant, ...args);
      const found = leaks(await page.evaluate(kept), [SECRET]);
      await context.close();
      return found;
    };
    for (const [place, plant] of Object.entries(PLANT)) {
      const found = await search(plant, SECRET);
      assert.ok(found.length && found.every((line) => line.startsWith(place)), `${place}: ${found}`);
    }
    const wide = Buffer.from(`so: ${SECRET}!`, 'utf16le');
    const ways = [`so: ${SECRET}!`, wide, Buffer.from(wide).swap16(), JSON.stringify({ question: SECRET }), '{"q":"what does my \\"d\\u00efary\\" say about xyzzy?"}',
      ...['', '1', '12'].map((before) => Buffer.from(`${before}${SECRET}...`).toString('base64')), new URLSearchParams({ q: SECRET }).toString(), Buffer.from(SECRET).toString('hex')];
    for (const way of ways) {
      assert.ok((await search(PLANT.OPFS, [...Buffer.from(way)])).length, String(way));
    }
  });

  test('after the model is there, asking makes no request and keeps nothing', async () => {
    const context = await use.browser.newContext({ viewport: { width: 1440, height: 900 } });
    const requests = [];
    context.on('request', (request) => requests.push(request.url())); // of pages, workers and service workers
    const arrived = []; // the same as the server sees it, which a page can't hide from
    use.server.on('request', ({ url }) => arrived.push(url));
    const page = await context.newPage();
    await page.goto(address());
    await answered(page);
    assert.ok(requests.length > 10 && arrived.length > 10); // those of the page itself are seen
    requests.length = arrived.length = 0;
    const asked = () => [requests.splice(0).filter((url) => !/^(blob|data):/.test(url)), arrived.splice(0)]; // what has such an address lies in the page

    const picture = Buffer.from(RED_CIRCLE);
    const wav = readFileSync(join(SPOKEN, readdirSync(SPOKEN).find((name) => name.endsWith('.wav'))));
    const secrets = [SECRET, 'xyzzy', 'd\u00efary', ...CHOICES, UNKNOWN, picture.subarray(40, 80), wav.subarray(2000, 2040)];
    const packs = [PHOTO_PACK, VOICE_PACK].map((file) => readFileSync(file));
    const isModel = ([name, value]) => name.startsWith('OPFS wasm-vqa ') && packs.some((pack) => pack.includes(Buffer.from(value, 'latin1'))); // nothing but it
    async function expectNothing() {
      const found = await page.evaluate(kept);
      assert.ok(found.some(isModel));
      assert.deepEqual(found.filter(([name]) => name.startsWith('IndexedDB')), []);
      assert.deepEqual(leaks(found.filter((file) => !isModel(file)), secrets), []);
    }

    await page.locator('#file').setInputFiles({ name: 'd\u00efary.png', mimeType: 'image/png', buffer: picture });
    await page.locator('#picture[alt="Your picture d\u00efary.png"]').waitFor();
    await answered(page);
    await askOwn(page, SECRET);
    await page.getByRole('button', { name: 'Where it looked' }).click();
    await page.getByText('Possible answers').click();
    await page.locator('#choices').fill(`orange, ${UNKNOWN}`);
    await page.locator('#choices').press('Enter');
    await page.locator('#answers').getByRole('alert').getByText(UNKNOWN).waitFor();
    await page.locator('#choices').fill(CHOICES.join(', '));
    await page.locator('#choices').press('Enter');
    await page.locator('#answers[aria-busy=false] li .answer').getByText(CHOICES[0]).first().waitFor();
    await expectNothing();
    await page.getByText('Possible answers').click(); // closed, and asked without them again
    await answered(page, SECRET);
    await expectNothing();
    await page.locator('#samples button').nth(2).click();
    await answered(page);
    await page.waitForTimeout(500);
    assert.deepEqual(asked(), [[], []]);

    await page.locator('#models-open').click();
    await page.locator('#model-files').setInputFiles(VOICE_PACK);
    await page.locator('#sound-choose').waitFor();
    await page.locator('#answers[aria-busy=false] ol').waitFor();
    asked();
    await page.locator('#sound-file').setInputFiles({ name: 'd\u00efary.wav', mimeType: 'audio/wav', buffer: wav });
    await page.locator('#answers[aria-busy=false] .asked').getByText('d\u00efary.wav').waitFor();
    await page.locator('#answers li .answer').first().getByText(/./).waitFor();
    await page.waitForTimeout(500);
    assert.deepEqual(asked(), [[], []]);

    await expectNothing();
    await context.close();
  });
});
