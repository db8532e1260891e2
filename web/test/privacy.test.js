// What a person shows and asks stays with the person: no request leaves the page once the model is there, and nothing of picture,
// question and answer is kept, whatever was asked and however.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { answered, askOwn } from './states.js';
import { CHROME, CHROME_FLAGS, PHOTO_PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing } from './support.js';

const skip = missing(RUNTIME, PHOTO_PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const SECRET = 'what does my diary say about xyzzy?';

/** Runs in the page: everything that it keeps, as names and texts; bytes as Latin-1. */
async function kept() {
  const found = [];
  const text = (bytes) => new TextDecoder('latin1').decode(bytes);
  for (const storage of [localStorage, sessionStorage]) {
    for (const [key, value] of Object.entries(storage)) found.push([key, value]);
  }
  for (const { name } of await indexedDB.databases()) found.push(['IndexedDB', name]);
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push([`${name} ${request.url}`, text(await (await cache.match(request)).arrayBuffer())]);
  }
  const walk = async (folder, path) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
      else found.push([path + name, text(await (await handle.getFile()).arrayBuffer())]);
    }
  };
  await walk(await navigator.storage.getDirectory(), '');
  return [...found, ['cookies', document.cookie], ['history', JSON.stringify(history.state) + location.href]];
}

describe('privacy', { skip, timeout: 120_000 }, () => {
  let server, browser;

  before(async () => {
    server = await serve(0);
    browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
  });

  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  test('after the model is there, asking makes no request and keeps nothing', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const requests = [];
    context.on('request', (request) => requests.push(request.url())); // of pages, workers and service workers
    const arrived = []; // the same as the server sees it, which a page can't hide from
    server.on('request', ({ url }) => arrived.push(url));
    const page = await context.newPage();
    await page.goto(`http://localhost:${server.address().port}/`);
    await answered(page);
    assert.ok(requests.length > 10 && arrived.length > 10); // those of the page itself are seen
    requests.length = arrived.length = 0;

    const picture = Buffer.from(RED_CIRCLE);
    await page.locator('#file').setInputFiles({ name: 'diary.png', mimeType: 'image/png', buffer: picture });
    await page.locator('#picture[alt="Your picture diary.png"]').waitFor();
    await answered(page);
    await askOwn(page, SECRET);
    await page.locator('#samples button').nth(2).click();
    await answered(page);
    await page.waitForTimeout(500);
    const elsewhere = requests.filter((url) => !/^(blob|data):/.test(url)); // what has such an address lies in the page
    assert.deepEqual([elsewhere, arrived], [[], []]);

    const needles = [SECRET, 'xyzzy', 'diary', picture.toString('latin1').slice(40, 80)];
    for (const [name, value] of await page.evaluate(kept)) {
      for (const needle of needles) assert.ok(!name.includes(needle) && !value.includes(needle), `${name} has '${needle}'`);
    }
    await context.close();
  });
});
