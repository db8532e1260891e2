// What the browser keeps of a pack between visits, in both places that it has for that.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { keptFiles, segmentsOf } from './kept-files.js';
import { launchChromium, servedInBrowser } from './served.js';
import { CHROME, FIREFOX, PACK, RUNTIME, missing } from './support.js';

/** context: a fresh profile */
const BROWSERS = {
  Chromium: {
    path: CHROME, variable: 'CHROME_PATH', context: (browser) => browser.newContext(),
    launch: launchChromium,
  },
  Firefox: {
    path: FIREFOX, variable: 'FIREFOX_PATH', context: (browser) => browser.createBrowserContext(),
    launch: () => puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX }),
  },
};

/** Runs in the page: load the pack; `window.loaded` is how far it is. */
async function visit(options) {
  const { createVqa } = await import('/src/index.js');
  const seen = [];
  const onProgress = ({ stage, loaded }) => {
    seen.push(stage);
    window.first ??= loaded;
    window.loaded = loaded;
  };
  window.first = undefined;
  const vqa = await createVqa({ model: '/kept/shapes.safetensors', threads: 1, onProgress, ...options });
  const { parameters, cached } = vqa.info;
  vqa.close();
  return { parameters, cached, first: window.first, stages: [...new Set(seen)] };
}

const segments = async (page, kind) => segmentsOf(await page.evaluate(keptFiles, { kind }));

/** @param {string} path @param {string} variable  that names another */
const skip = (path, variable) => missing(RUNTIME, PACK) || (!path && `no browser found: set ${variable}`);

for (const [name, { path, variable, launch, context: fresh }] of Object.entries(BROWSERS)) describe(`kept in ${name}`, { skip: skip(path, variable), timeout: 300_000 }, () => {
  const pack = missing(PACK) ? undefined : readFileSync(PACK);
  let context, asked, stalls;
  const use = servedInBrowser({
    launch,
    instead(request, response) {
      if (!request.url.startsWith('/kept/')) return false;
      const { method, headers: { range, 'if-range': condition } } = request;
      asked.push([method, range, condition].filter(Boolean).join(' '));
      const at = range ? Number(/\d+/.exec(range)[0]) : 0;
      response.writeHead(at ? 206 : 200, { etag: '"1"', 'content-length': pack.length - at, ...(at && { 'content-range': `bytes ${at}-${pack.length - 1}/${pack.length}` }) });
      if (method === 'HEAD') response.end();
      else if (stalls) response.write(pack.subarray(at, stalls));
      else response.end(pack.subarray(at));
      return true;
    },
  });
  beforeEach(async () => {
    context = await fresh(use.browser);
    asked = [];
    stalls = 0;
  });
  afterEach(() => context.close());

  const newPage = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${use.url}src/index.js`); // any page of this origin
    return page;
  };
  const isThere = ({ parameters, cached }, expected = true) => assert.deepEqual([parameters > 1e6, cached], [true, expected]);

  for (const kind of ['opfs', 'cache']) {
    test(`${kind}: a tab that is closed half-way, and the next`, async () => {
      const left = await newPage();
      stalls = 1_200_000;
      left.evaluate(visit, { cache: kind }).catch(() => {}); // the page goes
      await left.waitForFunction(() => window.loaded >= 1_200_000);
      while (!(await segments(left, kind)).length);
      await left.close();
      assert.deepEqual(asked.splice(0), ['GET']);
      stalls = 0;
      const page = await newPage();
      const next = await page.evaluate(visit, { cache: kind });
      isThere(next);
      assert.deepEqual(next.stages, ['download', 'verify', 'ready']);
      const [rest, ...others] = asked.splice(0);
      assert.match(rest, /^GET bytes=\d+- "1"$/);
      assert.ok(Number(/\d+/.exec(rest)[0]) >= 1 << 20 && !others.length, rest);
      await page.reload();
      isThere(await page.evaluate(visit, { cache: kind }));
      assert.deepEqual(asked.splice(0), ['HEAD']);
      await page.evaluate(visit, { cache: false });
      assert.deepEqual(asked, ['GET']);
    });

    test(`${kind}: a load that is given up, and the next at once`, async () => {
      const page = await newPage();
      const next = await page.evaluate(async (cache) => {
        const { createVqa } = await import('/src/index.js');
        const controller = new AbortController();
        const onProgress = ({ loaded }) => loaded >= 1_200_000 && controller.abort('enough');
        const model = '/kept/shapes.safetensors';
        const reason = await createVqa({ model, cache, threads: 1, signal: controller.signal, onProgress }).catch((reason) => reason);
        const { info } = await createVqa({ model, cache, threads: 1 });
        return { reason, ...info };
      }, kind);
      isThere(next);
      assert.equal(next.reason, 'enough');
      assert.equal(asked.length, 2);
      assert.match(asked[1], /^(GET bytes=\d+- "1"|HEAD)$/); // what the first has left is all there
      await page.reload();
      asked.length = 0;
      isThere(await page.evaluate(visit, { cache: kind }));
      assert.deepEqual(asked, ['HEAD']);
    });

    test(`${kind}: what is damaged is fetched anew`, async () => {
      const page = await newPage();
      isThere(await page.evaluate(visit, { cache: kind }));
      const kept = await segments(page, kind);
      assert.ok(kept.length);
      await page.evaluate(keptFiles, { kind, flip: Object.fromEntries(kept.map(({ name, size }) => [name, size >> 1])) });
      asked.length = 0;
      isThere(await page.evaluate(visit, { cache: kind }));
      assert.deepEqual(asked.splice(0), ['HEAD', 'GET']);
      isThere(await page.evaluate(visit, { cache: kind }));
      assert.deepEqual(asked, ['HEAD']);
    });

    test(`${kind}: two pages at once share one download`, async () => {
      const pages = [await newPage(), await newPage()];
      for (const found of await Promise.all(pages.map((page) => page.evaluate(visit, { cache: kind })))) isThere(found);
      assert.deepEqual(asked, ['GET', 'HEAD']);
    });

    test(`${kind}: without room it is loaded all the same, and what it took is given back`, { skip: name !== 'Chromium' && 'only Chromium can be given less room' }, async () => {
      const page = await newPage();
      const session = await context.newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(use.url).origin, quotaSize: 1_200_000 });
      isThere(await page.evaluate(visit, { cache: kind }), false);
      assert.deepEqual(await segments(page, kind), []);
      await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(use.url).origin });
      isThere(await page.evaluate(visit, { cache: kind }));
    });
  }

  test('a tab that crashes half-way: who waits for it goes on', { skip: name !== 'Chromium' && 'only Chromium crashes when it is told to', timeout: 40_000 }, async () => {
    const [crashing, waiting] = [await newPage(), await newPage()];
    stalls = 1_200_000;
    crashing.evaluate(visit, {}).catch(() => {}); // the page goes
    await crashing.waitForFunction(() => window.loaded >= 1_200_000);
    const next = waiting.evaluate(visit, {});
    await waiting.evaluate(async () => {
      while (!(await navigator.locks.query()).pending.length) await new Promise((done) => setTimeout(done, 10));
    });
    stalls = 0;
    const crashed = new Promise((done) => crashing.on('crash', done));
    (await context.newCDPSession(crashing)).send('Page.crash').catch(() => {}); // nobody is left to answer
    await crashed;
    const start = performance.now();
    isThere(await next);
    assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
    assert.equal(asked.length, 2);
    assert.match(asked[1], /^GET/); // the rest, or all where nothing was written yet
    isThere(await waiting.evaluate(visit, {}));
    assert.deepEqual(asked.slice(2), ['HEAD']);
  });

  test('a worker that is ended half-way: its load says so, and the next works', { timeout: 40_000 }, async () => {
    const page = await newPage();
    const next = await page.evaluate(async () => {
      const { Worker } = window;
      const workers = [];
      window.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          workers.push(this);
        }
      };
      const { createVqa } = await import('/src/index.js');
      const load = (onProgress) => createVqa({ model: '/kept/shapes.safetensors', threads: 1, onProgress });
      const first = load(({ loaded }) => loaded >= 400_000 && workers[0].terminate());
      const ended = await first.then(() => 'loaded', ({ name, code }) => `${name} ${code}`);
      const { info } = await load();
      return { ended, ...info };
    });
    isThere(next);
    assert.equal(next.ended, 'VqaError E_CRASH');
  });

  test('where one place is refused the other is taken, and where both are nothing is kept', async () => {
    const page = await newPage();
    await page.evaluate(() => { StorageManager.prototype.getDirectory = async () => { throw new DOMException('private', 'SecurityError'); }; });
    isThere(await page.evaluate(visit, {}));
    assert.ok((await segments(page, 'cache')).length);
    await page.evaluate(() => { CacheStorage.prototype.open = async () => { throw new DOMException('private', 'SecurityError'); }; });
    isThere(await page.evaluate(visit, {}), false);
  });

  test('who waits for another tab can leave', async () => {
    const pages = [await newPage(), await newPage()];
    stalls = 1_200_000;
    pages[0].evaluate(visit, {}).catch(() => {}); // the page goes
    await pages[0].waitForFunction(() => window.loaded >= 1_200_000);
    assert.equal(await pages[1].evaluate(async () => {
      const { createVqa } = await import('/src/index.js');
      const controller = new AbortController();
      const loading = createVqa({ model: '/kept/shapes.safetensors', signal: controller.signal });
      while (!(await navigator.locks.query()).pending.length) await new Promise((done) => setTimeout(done));
      controller.abort('enough');
      return loading.catch((reason) => reason);
    }), 'enough');
    assert.deepEqual(asked, ['GET']);
  });
});
