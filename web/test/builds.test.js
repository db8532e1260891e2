// Which build of the runtime is taken, what happens when it can't be had, and that all of them give the same answers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { BUILDS } from '../src/assets.js';
import { countThreads, fittingBuilds } from '../src/builds.js';
import { createVqa } from '../src/index.js';
import { memoryLimit } from '../src/wasm.js';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RED_CIRCLE, RUNTIMES, missing, tinyRuntime } from './support.js';

const QUESTIONS = ['what color is the circle?', 'how many circles are there?', 'is there a star?'];

/** Stand-ins for what a browser says of itself, taken away when the test ends. */
function pretend(t, properties) {
  for (const [name, value] of Object.entries(properties)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
  }
}

test('threads: as many as there are cores, but no more than eight; one where they can\'t be', (t) => {
  pretend(t, { crossOriginIsolated: true, navigator: { hardwareConcurrency: 4 } });
  assert.deepEqual(countThreads('auto', true), { threads: 4 });
  assert.deepEqual(countThreads(3, true), { threads: 3 });
  assert.deepEqual(countThreads('auto', false), { threads: 1 });
  assert.deepEqual(countThreads(1, false), { threads: 1 });
  assert.deepEqual(countThreads(3, false), { threads: 1, refused: '3 threads are wanted, but the engine runs without a worker' });
  pretend(t, { navigator: { hardwareConcurrency: 32 } });
  assert.deepEqual(countThreads('auto', true), { threads: 8 });
  assert.deepEqual(countThreads(32, true), { threads: 32 });
  pretend(t, { SharedArrayBuffer: undefined });
  assert.deepEqual(countThreads('auto', true), { threads: 1 });
  assert.deepEqual(countThreads(2, true), { threads: 1, refused: '2 threads are wanted, but the browser does not share memory' });
  pretend(t, { crossOriginIsolated: false });
  assert.deepEqual(countThreads('auto', true), { threads: 1 });
  assert.deepEqual(countThreads(2, true), { threads: 1, refused: '2 threads are wanted, but the page is not cross-origin isolated' });
});

test('threads that are no number of threads are refused', async () => {
  for (const threads of [0, -1, 1.5, 65, NaN, '2', null, 'all']) {
    const sentence = { code: 'E_CALL', message: /^threads is .*, expected "auto" or a whole number from 1 to 64$/ };
    await assert.rejects(createVqa({ model: PACK, threads }), sentence, String(threads));
  }
});

test('the best build that the browser can run comes first, simpler ones behind it', (t) => {
  const names = (threads, size = 'small') => fittingBuilds(BUILDS, threads)[size].map(({ pathname }) => basename(pathname, '.wasm'));
  let relaxed = true;
  t.mock.method(WebAssembly, 'validate', () => relaxed);
  assert.deepEqual(names(2), ['vqa-relaxed-threads', 'vqa-threads', 'vqa-relaxed', 'vqa']);
  assert.deepEqual(names(1), ['vqa-relaxed', 'vqa']);
  assert.deepEqual(names(2, 'full'), ['vqa-full-relaxed-threads', 'vqa-full-threads', 'vqa-full-relaxed', 'vqa-full']);
  relaxed = false;
  assert.deepEqual(names(2), ['vqa-threads', 'vqa']);
  assert.deepEqual(names(1), ['vqa']);
  assert.deepEqual(names(1, 'full'), ['vqa-full']);
});

test('the memory may grow to what the model needs, and no further than there are addresses', () => {
  assert.equal(memoryLimit(), 2 ** 30);
  assert.equal(memoryLimit(1e6), 2 ** 30);
  for (const precision of ['q8', 'q4']) assert.equal(memoryLimit(2 ** 30, precision), 1.75 * 2 ** 30);
  for (const precision of ['f32', undefined]) assert.equal(memoryLimit(2 ** 30, precision), 3 * 2 ** 30);
  assert.equal(memoryLimit(1e10), 2 ** 32);
});

describe('every build', { skip: missing(...RUNTIMES, PACK) }, () => {
  let expected;
  before(async () => (expected = await answers({ wasm: RUNTIMES[0] })));

  async function answers(options) {
    const vqa = await createVqa({ model: PACK, ...options });
    const all = [];
    for (const question of QUESTIONS) all.push((await vqa.ask(RED_CIRCLE, question)).answers);
    vqa.close();
    return { all, build: vqa.info.build };
  }

  for (const wasm of RUNTIMES) {
    const name = basename(wasm);
    const runs = !missing(wasm) && WebAssembly.validate(readFileSync(wasm));
    test(`${name} gives the same answers in node, to the bit`, { skip: !runs && 'this node can\'t run it' }, async () => {
      assert.deepEqual(await answers({ wasm }), { ...expected, build: name.includes('relaxed') ? 'relaxed-simd' : 'simd' });
    });
  }

  describe('in a browser', { skip: !CHROME && 'no Chromium found: set CHROME_PATH', timeout: 120_000 }, () => {
    const use = servedInBrowser();
    let page, warnings;

    beforeEach(async () => {
      page = await use.browser.newPage();
      page.setDefaultTimeout(30_000);
      warnings = [];
      page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
      await page.goto(`${use.url}icon.svg`);
    });

    afterEach(() => page.close());

    /** What a page answers, and on which build. */
    const asked = (options, script = '/src/index.js') => page.evaluate(async ([options, bytes, questions, script]) => {
      const { createVqa } = await import(script);
      const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors', ...options });
      const all = [];
      for (const question of questions) all.push((await vqa.ask(new Uint8Array(bytes), question)).answers);
      vqa.close();
      const { build, threads, crossOriginIsolated } = vqa.info;
      return { all, build, threads, crossOriginIsolated };
    }, [options, [...RED_CIRCLE], QUESTIONS, script]);

    const isolated = { crossOriginIsolated: true };

    for (const threads of [1, 2, 3]) {
      for (const wasm of RUNTIMES) {
        const name = basename(wasm);
        test(`${name}, asked to run on ${threads}: the same answers, to the bit`, async () => {
          const build = name.includes('relaxed') ? 'relaxed-simd' : 'simd';
          const found = await asked({ wasm: `/src/${name}`, threads });
          assert.deepEqual(found, { ...isolated, all: expected.all, build, threads: name.includes('threads') ? threads : 1 });
          assert.deepEqual(warnings, []);
        });
      }
    }

    test('the best build on all cores, without being asked', async () => {
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      assert.deepEqual(await asked({}), { ...isolated, all: expected.all, build: 'relaxed-simd', threads: Math.min(cores, 8) });
      assert.deepEqual(await asked({ worker: false }), { ...isolated, all: expected.all, build: 'relaxed-simd', threads: 1 });
      assert.deepEqual(warnings, []);
    });

    test('a page that is not isolated runs on one thread, and says so where more are wanted', async () => {
      await page.route('**/plain', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>plain</title>' }));
      await page.goto(new URL('/plain', page.url()).href);
      const found = { all: expected.all, build: 'relaxed-simd', threads: 1, crossOriginIsolated: false };
      assert.deepEqual(await asked({}), found);
      assert.deepEqual(warnings, []);
      assert.deepEqual(await asked({ threads: 2 }), found);
      assert.deepEqual(warnings, ['wasm-vqa runs slower than it could (relaxed-simd, threads: 1): 2 threads are wanted, but the page is not cross-origin isolated']);
    });

    const broken = {
      missing: [{ status: 404 }, /vqa-relaxed.*\.wasm can't be fetched: HTTP status 404$/],
      damaged: [{ contentType: 'application/wasm', body: '\0asm' }, /vqa-relaxed.*\.wasm can't be compiled: /],
      'something else': [{ contentType: 'application/wasm', body: Buffer.from(tinyRuntime({ vqa_new: 0 })) }, /: the memory does not suffice/],
    };
    for (const [how, [response, sentence]] of Object.entries(broken)) {
      test(`a build that is ${how} is replaced by a simpler one, with one warning`, async () => {
        await page.route('**/vqa-relaxed-threads.wasm', (route) => route.fulfill(response));
        assert.deepEqual(await asked({ threads: 2 }), { ...isolated, all: expected.all, build: 'simd', threads: 2 });
        assert.equal(warnings.length, 1);
        assert.match(warnings[0], sentence);
        assert.match(warnings[0], /^wasm-vqa runs slower than it could \(simd, threads: 2\): /);
        await page.route('**/vqa-threads.wasm', (route) => route.fulfill(response));
        await page.reload(); // what was compiled stays for as long as the page
        assert.deepEqual(await asked({ threads: 2 }), { ...isolated, all: expected.all, build: 'relaxed-simd', threads: 1 });
        assert.equal(warnings.length, 2);
      });
    }

    test('helpers that can\'t start are done without, with one warning', async () => {
      let workers = 0;
      await page.route('**/src/worker.js', (route) => (++workers > 2 ? route.fulfill({ status: 404 }) : route.fallback()));
      assert.deepEqual(await asked({ threads: 3 }), { ...isolated, all: expected.all, build: 'relaxed-simd', threads: 2 });
      assert.deepEqual(warnings, ['wasm-vqa runs slower than it could (relaxed-simd, threads: 2): the worker failed: its script could not be loaded']);
    });

    test('close ends the helpers, and so does an abort while loading', async () => {
      const ended = [];
      page.on('worker', (worker) => ended.push(worker.waitForEvent('close')));
      await asked({ threads: 3 });
      assert.equal(ended.length, 3);
      await Promise.all(ended);
      const name = await page.evaluate(async () => {
        const { createVqa } = await import('/src/index.js');
        const controller = new AbortController();
        const onProgress = ({ stage }) => stage === 'verify' && controller.abort();
        return createVqa({ model: '/weights/shapes.q8.safetensors', threads: 3, onProgress, signal: controller.signal }).catch(({ name }) => name);
      });
      assert.equal(name, 'AbortError');
      await Promise.all(ended);
      assert.deepEqual(page.workers(), []);
    });
  });
});
