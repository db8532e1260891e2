// Hosts that fall silent or are slow, and workers that end without a word, in Chromium.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { hurry } from './chromium.js';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RUNTIME, missing } from './support.js';

const skip = missing(RUNTIME, PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const SILENT = /nothing came for 30 seconds$/;

describe('silence', { skip, timeout: 120_000 }, () => {
  const use = servedInBrowser({ instead: (request, response) => instead(request, response) });
  let context;
  /** What the host does with a request instead of answering it. */
  let instead;

  beforeEach(async () => {
    instead = () => false;
    context = await use.browser.newContext();
    await context.addInitScript(hurry);
  });

  afterEach(() => context.close());

  const opened = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${use.url}icon.svg`);
    return page;
  };

  /** Load the model, which stays as `window.vqa`; 'loaded', or why not. */
  const load = (page, options) => page.evaluate(async (options) => {
    const { createVqa } = await import('/src/index.js');
    try {
      window.vqa = await createVqa({ model: '/weights/shapes.q8.safetensors', threads: 1, ...options });
      return 'loaded';
    } catch ({ code, message }) {
      return `${code} ${message}`;
    }
  }, options);

  const silent = (file) => { instead = ({ url }) => url.endsWith(file); };

  /** A runtime in 40 pieces, one in 100 milliseconds, which are 2 seconds here; not more of them than `most`. */
  const slow = (most) => (request, response) => {
    const [, file] = /\/(vqa[\w-]*\.wasm)$/.exec(request.url) ?? [];
    if (!file) return false;
    const bytes = readFileSync(RUNTIME.replace('vqa.wasm', file));
    response.writeHead(200, { 'content-type': 'application/wasm', 'content-length': bytes.length });
    let sent = 0;
    const send = () => {
      if (response.destroyed || sent === most) return;
      const size = Math.ceil(bytes.length / 40);
      response.write(bytes.subarray(sent * size, ++sent * size));
      if (sent < 40) setTimeout(send, 100);
      else response.end();
    };
    send();
    return true;
  };

  for (const file of ['/worker.js', '/engine.js']) {
    test(`a worker whose ${file.slice(1)} does not come is given up, and holds up no other tab`, async () => {
      silent(file);
      assert.match(await load(await opened()), SILENT);
      instead = () => false;
      use.server.closeAllConnections(); // Chromium's cache lets others wait for a request that has no answer
      assert.equal(await load(await opened()), 'loaded');
    });
  }

  test('without a worker engine.js does not come', async () => {
    silent('/engine.js');
    assert.match(await load(await opened(), { worker: false }), /^E_NETWORK engine\.js can't be loaded: nothing came for 30 seconds$/);
  });

  test('a slow runtime is waited for, one that stops coming is not', async () => {
    instead = slow(40);
    assert.equal(await load(await opened(), { cache: false }), 'loaded');
    instead = slow(20);
    assert.match(await load(await opened(), { cache: false }), /^E_NETWORK the runtime .*\.wasm could not be read to its end: nothing came/);
  });

  test('a worker that ends without a word', async () => {
    const page = await opened();
    assert.equal(await load(page), 'loaded');
    const [worker] = page.workers();
    await worker.evaluate(() => { self.onmessage = () => self.close(); });
    for (let i = 0; i < 2; i++) { // in the middle of a call, and later
      assert.equal(await page.evaluate(() => window.vqa.ask(new Uint8Array(1), 'why?').catch(({ code }) => code)), 'E_CRASH');
    }
  });

  test('<visual-qa> fails where its picture does not come', async () => {
    silent('/silent.png');
    const page = await opened();
    assert.match(await page.evaluate(async () => {
      await import('/src/element.js');
      const element = document.createElementNS('http://www.w3.org/1999/xhtml', 'visual-qa');
      const failed = new Promise((resolve) => element.addEventListener('error', resolve));
      Object.assign(element, { model: '/weights/shapes.q8.safetensors', src: '/silent.png', question: 'why?' });
      document.documentElement.append(element);
      const { error: { name, code, message } } = await failed;
      return `${name} ${code} ${message}`;
    }), /^VqaError E_NETWORK the picture \/silent\.png can't be fetched: nothing came/);
  });
});
