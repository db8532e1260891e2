// Folders, packs and the cache in a real browser, and the part of the page that loads them.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { createVqa } from '../src/index.js';
import { serve } from '../serve.js';
import { CHROME, CHROME_FLAGS, PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing, smallFolder } from './support.js';

const skip = missing(RUNTIME, PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');

const HOST = 'https://models.example';
const FOLDER = `${HOST}/owner/small/resolve/refs%2Fpr%2F9/`;
const QUESTION = 'what color is the cat?';
const CORS = { 'access-control-allow-origin': '*' };

describe('other models in a browser', { skip, timeout: 300_000 }, () => {
  const folder = smallFolder();
  let server, browser, url, path, context, page, complaints, asked;

  before(async () => {
    path = mkdtempSync(join(tmpdir(), 'vqa-small-'));
    for (const [name, bytes] of Object.entries(folder)) writeFileSync(join(path, name), bytes);
    server = await serve(0);
    url = `http://localhost:${server.address().port}/`;
    browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
  });

  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
    rmSync(path, { recursive: true });
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 360, height: 740 }, acceptDownloads: true });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    complaints = [];
    asked = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.route(`${HOST}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      asked.push(pathname);
      const body = !pathname.startsWith('/nothing') && folder[pathname.split('/').pop()];
      return route.fulfill(body ? { body, headers: { ...CORS, 'content-length': String(body.length) } } : { status: 404, headers: CORS });
    });
  });

  afterEach(() => context.close());

  /** What node answers, loading the same as `options` say. */
  async function expected(options, question = QUESTION, askOptions = {}) {
    const vqa = await createVqa({ model: path, wasm: RUNTIME, ...options });
    return vqa.ask(RED_CIRCLE, question, askOptions);
  }

  /** In the page: load a model as often as it has options, and say what it is and answers. */
  const load = (options) => page.evaluate(async ([model, options, bytes, question]) => {
    const { createVqa } = await import('/src/index.js');
    const found = [];
    for (const option of options) {
      const vqa = await createVqa({ model, ...option });
      const picture = new Uint8Array(bytes);
      const pack = await vqa.pack();
      const again = await createVqa({ model: pack });
      found.push({ info: vqa.info, size: pack.size, answers: await vqa.ask(picture, question), packed: await again.ask(picture, question),
        chosen: await vqa.ask(picture, question, { choices: ['red', 'cat'] }) });
      vqa.close();
      again.close();
    }
    return found;
  }, [FOLDER, options, [...RED_CIRCLE], QUESTION]);

  test('a folder from another host: the same answers as node, packed and with choices too', async () => {
    await page.goto(url);
    for (const precision of ['q8', 'q4', 'f32']) {
      const [worker, direct] = await load([{ precision, cache: false }, { precision, cache: false, worker: false }]);
      const answers = await expected({ precision });
      const chosen = await expected({ precision }, QUESTION, { choices: ['red', 'cat'] });
      for (const found of [worker, direct]) {
        assert.deepEqual([found.answers, found.packed, found.chosen], [answers, answers, chosen]);
        assert.deepEqual([found.info.precision, found.info.name, found.info.cached], [precision, 'owner/small', false]);
        assert.equal(found.size, direct.size);
      }
    }
    assert.deepEqual(complaints.filter((text) => !/404/.test(text)), []);
  });

  test('the cache: the second time there is no request', async () => {
    await page.goto(url);
    const [first] = await load([{}]);
    assert.equal(first.info.cached, true);
    assert.ok(asked.length > 3);
    asked.length = 0;
    await page.reload();
    const [second, worker] = await load([{}, { precision: 'q8', worker: false }]);
    assert.deepEqual(asked, []);
    for (const found of [second, worker]) assert.deepEqual([found.answers, found.info.cached], [first.answers, true]);
    await load([{ precision: 'q4' }]);
    assert.ok(asked.length > 3);
    asked.length = 0;
    await load([{ cache: false }]);
    assert.ok(asked.length > 3);
  });

  test('a damaged entry of the cache is replaced, and without a cache the model works', async () => {
    await page.goto(url);
    const [first] = await load([{}]);
    await page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const key of await cache.keys()) {
          const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
          bytes[bytes.length >> 1] ^= 1;
          await cache.put(key, new Response(bytes));
        }
      }
    });
    asked.length = 0;
    const [second] = await load([{}]);
    assert.deepEqual([second.answers, second.info.cached, asked.length > 3], [first.answers, true, true]);
    asked.length = 0;
    await load([{}]);
    assert.deepEqual(asked, []);
    await page.evaluate(() => { Cache.prototype.put = async () => { throw new DOMException('full', 'QuotaExceededError'); }; });
    const [third] = await load([{ precision: 'f32' }]);
    assert.equal(third.info.cached, false);
  });

  const opened = async () => {
    await page.goto(url);
    await page.locator('#answers li').first().waitFor();
  };
  const card = () => page.locator('#model-card');
  const answered = () => page.locator('#answers .asked');

  /** Ask the page about the red circle: its answers become these. */
  async function answers(expected) {
    await page.locator('#file').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await page.getByLabel('Your question').fill(QUESTION);
    await page.getByLabel('Your question').press('Enter');
    await page.waitForFunction((text) => [...document.querySelectorAll('#answers li .answer')].map((node) => node.textContent).join() === text, expected.join());
  }
  const best = async (options) => (await expected(options)).map(({ answer }) => answer);

  test('the page: by address, with its facts, saved as a pack, and back', async () => {
    await opened();
    await page.getByText('Other models').click();
    await page.getByLabel('Address of a folder').fill(FOLDER);
    await page.getByLabel('Weights').selectOption('q4');
    await page.getByRole('button', { name: 'Load' }).click();
    await card().waitFor();
    assert.match(await card().textContent(), /owner\/small.*BERT.*54\.9 thousand, as q4.*MB.*not stated.*without the network/s);
    assert.ok(await page.locator('#about').isHidden() && await page.locator('#model-progress').isHidden());
    await answers(await best({ precision: 'q4' }));

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a pack' }).click()]);
    assert.equal(download.suggestedFilename(), 'owner-small.q4.safetensors');
    const saved = await download.path();
    assert.deepEqual(await best({ model: new Blob([readFileSync(saved)]) }), await best({ precision: 'q4' }));
    await page.getByRole('button', { name: 'Save as a pack', disabled: false }).waitFor();

    await page.getByRole('button', { name: 'Back to the built-in model' }).click();
    await card().waitFor({ state: 'hidden' });
    await page.getByText('A small model looks at').waitFor();
    assert.ok(await page.locator('#about').isVisible());
    await page.locator('#samples button').nth(1).click();
    await answered().getByText('?').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(complaints.filter((text) => !/404/.test(text)), []);
  });

  test('the page: a folder that is chosen, a pack that is dropped', async () => {
    await opened();
    await page.locator('#model-folder').setInputFiles(path);
    await card().waitFor();
    assert.match(await page.locator('#model-name').textContent(), /^vqa-small-/);
    await answers(await best());

    const vqa = await createVqa({ model: path, wasm: RUNTIME, precision: 'q4' });
    const pack = new Uint8Array(await (await vqa.pack()).arrayBuffer());
    await page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], 'small.q4.safetensors'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, [...pack]);
    await card().getByText('as q4').waitFor();
    await answers(await best({ precision: 'q4' }));
  });

  test('the page: a folder that is dropped from outside', async () => {
    await opened();
    const devtools = await context.newCDPSession(page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) await devtools.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
    await card().waitFor();
    assert.match(await page.locator('#model-name').textContent(), /^vqa-small-/);
    await answers(await best());
  });

  test('the page: what can\'t be loaded is one sentence, and the model before goes on answering', async () => {
    await opened();
    await page.getByText('Other models').click();
    const alert = page.locator('#model-error');
    for (const [address, message] of [[`${HOST}/nothing.safetensors`, /HTTP status 404\.$/], [`${HOST}/nothing/`, /^The folder has no config\.json/],
      ['http://', /address "http:\/\/" is none/], [`${HOST}/config.json`, /^The manifest can't be used/]]) {
      await page.getByLabel('Address of a folder').fill(address);
      await page.getByLabel('Address of a folder').press('Enter');
      await alert.getByText(message).waitFor();
      assert.ok(await card().isHidden() && await page.locator('#model-progress').isHidden());
    }
    await page.route(`${HOST}/closed/**`, (route) => route.abort());
    await page.getByLabel('Address of a folder').fill(`${HOST}/closed/`);
    await page.getByLabel('Address of a folder').press('Enter');
    await alert.getByText(/does not let pages of other sites read it/).waitFor();
    await page.getByLabel('Your question').fill(QUESTION);
    await page.getByLabel('Your question').press('Enter');
    await answered().getByText(QUESTION, { exact: true }).waitFor();
  });

  test('the page: a loading that is cancelled', async () => {
    await opened();
    await page.getByText('Other models').click();
    await page.route(`${HOST}/slow/**`, () => {}); // never answered
    await page.getByLabel('Address of a folder').fill(`${HOST}/slow/`);
    await page.getByRole('button', { name: 'Load' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#model-progress').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('#model-error').textContent(), '');
  });

  test('the page: possible answers', async () => {
    await opened();
    await page.getByText('Possible answers').click();
    await page.getByLabel('Possible answers').fill('red, blue ,, green');
    await page.getByLabel('Possible answers').press('Enter');
    await page.locator('#answers li').nth(3).waitFor({ state: 'detached' });
    assert.deepEqual((await page.locator('#answers li .answer').allTextContents()).sort(), ['blue', 'green', 'red']);
    await page.getByLabel('Possible answers').fill('red, teapot');
    await page.getByLabel('Possible answers').press('Enter');
    await page.locator('#answers').getByRole('alert').getByText(/teapot/).waitFor();
    await page.getByText('Possible answers').click();
    await page.locator('#answers li').nth(4).waitFor();
  });
});
