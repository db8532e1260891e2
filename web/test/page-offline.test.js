// The page without a network: what is kept for that, and what is not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { answered, askOwn } from './states.js';
import { CHROME, CHROME_FLAGS, PHOTO_PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing } from './support.js';

const skip = missing(RUNTIME, PHOTO_PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');

const WEB_PAGE = '<!doctype html><p>Log in to this network';

describe('the page without a network', { skip, timeout: 300_000 }, () => {
  let browser, server, url, page;
  let instead = {}; // texts that the server answers in place of files, by their paths

  before(async () => {
    browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
  });
  after(() => browser.close());

  beforeEach(async () => {
    instead = {};
    await start(0);
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(url);
    await answered(page);
  });
  afterEach(async () => {
    await page.context().close();
    stop();
  });

  async function start(port) {
    server = await serve(port);
    url = `http://localhost:${server.address().port}/`;
    const [others] = server.listeners('request');
    server.removeAllListeners('request').on('request', (request, response) => {
      const text = instead[request.url];
      if (text === undefined) return others(request, response);
      const type = text === WEB_PAGE ? 'text/html' : request.url.endsWith('.js') ? 'text/javascript' : 'application/json';
      return response.writeHead(200, { 'Content-Type': type }).end(text);
    });
  }

  function stop() {
    server.closeAllConnections();
    server.close();
  }

  const knob = () => page.getByLabel('Keep for offline use');
  const says = (sentence) => page.locator('#offline-text').getByText(sentence).waitFor();
  const versions = () => page.evaluate(() => caches.keys().then((names) => names.filter((name) => name.startsWith('ask-a-picture'))));
  const list = async () => (await fetch(`${url}files.json`)).json();

  /** Paths of what is kept. */
  const kept = () => page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) {
      if (name.startsWith('ask-a-picture')) found.push(...(await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname));
    }
    return found;
  });

  async function keep() {
    await knob().click();
    await says(/^Kept in this browser, [\d.]+ MB\.$/);
  }

  /** From now on there is a newer version, whose app.js says so. */
  async function renew() {
    const app = `window.isNewer = true;\n${await (await fetch(`${url}app.js`)).text()}`;
    const { files } = await list();
    files['app.js'] = createHash('sha256').update(app).digest('hex');
    instead = { '/app.js': app, '/files.json': JSON.stringify({ version: 'newer', files }) };
  }

  test('kept, it opens and answers when its server is gone, and forgets on request', async () => {
    await keep();
    const paths = await kept();
    for (const path of ['/weights/photos.q8.safetensors', '/app.js', '/', '/files.json']) assert.ok(paths.includes(path), path);
    assert.equal(paths.filter((name) => name.endsWith('.wasm')).length, 1);

    const { port } = server.address();
    stop();
    await page.reload();
    await answered(page);
    await page.locator('#file').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await askOwn(page, 'what color is the circle?');
    assert.equal(await page.locator('#answers li .answer').first().textContent(), 'red');
    assert.ok(await knob().isChecked());
    await says('Kept in this browser.');

    await start(port);
    await page.reload();
    await answered(page);
    await knob().click();
    await says('No longer kept.');
    assert.deepEqual([await versions(), await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)], [[], 0]);
  });

  test('a newer version takes the place of the kept one, with its own files', async () => {
    await keep();
    await renew();
    await page.reload();
    await says('A newer version is there: reload to use it.');
    assert.deepEqual(await versions(), ['ask-a-picture newer']);
    await page.reload();
    await answered(page);
    assert.equal(await page.evaluate(() => window.isNewer), true);
  });

  test('what somebody else answers is not kept, and what was kept before stays', async () => {
    instead = { '/app.js': WEB_PAGE };
    await knob().click();
    await says(/^It can't be kept: the file app\.js is not what was promised: found the SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}$/);
    assert.deepEqual([await versions(), await knob().isChecked()], [[], false]);
    instead = {};
    await keep();
    const before = await versions();
    await renew();
    instead['/app.js'] = WEB_PAGE;
    await page.reload();
    await says(/^Kept in this browser as it was: the file app\.js is not what was promised/);
    assert.deepEqual([await versions(), await knob().isChecked()], [before, true]);
    await page.reload();
    await answered(page);
  });

  test('what a tab has begun to keep that went meanwhile is no version, and is kept at the next visit', async () => {
    await page.route('**/format.js', () => {}); // never answered
    await knob().click();
    while ((await kept()).length < 20) await page.waitForTimeout(20);
    assert.equal((await kept()).includes('/files.json'), false);
    const context = page.context();
    await page.close();
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(url);
    await says(/^Kept in this browser, [\d.]+ MB\.$/);
    assert.ok((await kept()).includes('/format.js') && (await kept()).includes('/files.json'));
    assert.ok(await knob().isChecked());
  });

  test('the service worker serves whole versions only', async () => {
    await keep();
    await page.evaluate(async () => {
      for (const name of await caches.keys()) if (name.startsWith('ask-a-picture')) await (await caches.open(name)).delete('files.json');
    });
    await renew();
    await page.reload();
    await answered(page);
    assert.equal(await page.evaluate(() => window.isNewer), true); // it comes from the server
    await says(/^Kept in this browser, /);
    assert.deepEqual(await versions(), ['ask-a-picture newer']);
  });

  test('what can\'t be kept leaves nothing behind', async () => {
    const { version, files } = await list();
    const refused = async (sentence) => {
      await knob().click();
      await says(sentence);
      assert.deepEqual([await versions(), await knob().isChecked()], [[], false]);
    };
    const listed = (files) => (instead = { '/files.json': JSON.stringify({ version, files }) });
    listed({ ...files, 'nothing.js': '' });
    await refused("It can't be kept: the file nothing.js answers with HTTP status 404");
    listed({ './': files['./'] });
    await refused(/^It can't be kept: no runtime/);
    instead = {};
    await page.evaluate(() => (navigator.serviceWorker.register = () => Promise.reject(new Error('refused'))));
    await refused("It can't be kept: refused");
  });
});
