// Folders, packs and the cache in a real browser.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FOLDER, HOST, QUESTION, modelsInBrowser, skip } from './chromium.js';
import { RED_CIRCLE } from './support.js';

describe('other models in a browser', { skip, timeout: 300_000 }, () => {
  const use = modelsInBrowser();

  /** In the page: load a model as often as it has options, and say what it is and answers. */
  const load = (options) => use.page.evaluate(async ([model, options, bytes, question]) => {
    const { createVqa } = await import('/src/index.js');
    const found = [];
    for (const option of options) {
      const vqa = await createVqa({ model, ...option });
      const picture = new Uint8Array(bytes);
      const pack = await vqa.pack();
      const again = await createVqa({ model: pack });
      found.push({ info: vqa.info, size: pack.size, answers: (await vqa.ask(picture, question)).answers, packed: (await again.ask(picture, question)).answers,
        chosen: (await vqa.ask(picture, question, { choices: ['red', 'cat'] })).answers });
      vqa.close();
      again.close();
    }
    return found;
  }, [FOLDER, options, [...RED_CIRCLE], QUESTION]);

  test('a folder from another host: the same answers as node, packed and with choices too', async () => {
    await use.page.goto(use.url);
    for (const precision of ['q8', 'q4', 'f32']) {
      const [worker, direct] = await load([{ precision, cache: false }, { precision, cache: false, worker: false }]);
      const answers = await use.expected({ precision });
      const chosen = await use.expected({ precision }, { choices: ['red', 'cat'] });
      for (const found of [worker, direct]) {
        assert.deepEqual([found.answers, found.packed, found.chosen], [answers, answers, chosen]);
        assert.deepEqual([found.info.precision, found.info.name, found.info.cached], [precision, 'owner/small', false]);
        assert.equal(found.size, direct.size);
      }
    }
    assert.deepEqual(use.serious(), []);
  });

  test('the cache: the second time nothing is downloaded', async () => {
    await use.page.goto(use.url);
    const [first] = await load([{}]);
    assert.equal(first.info.cached, true);
    assert.ok(use.asked.length > 3);
    use.asked.length = 0;
    await use.page.reload();
    const [second, worker] = await load([{}, { precision: 'q8', worker: false }]);
    assert.deepEqual(use.asked, []);
    assert.ok(use.checked.some((path) => path.endsWith('/config.json')) && use.checked.some((path) => path.endsWith('/model.safetensors')));
    for (const found of [second, worker]) assert.deepEqual([found.answers, found.info.cached], [first.answers, true]);
    await load([{ precision: 'q4' }]);
    assert.ok(use.asked.length > 3);
    use.asked.length = 0;
    await load([{ cache: false }]);
    assert.ok(use.asked.length > 3);
  });

  test('the cache: loaded anew when the files have changed, and without a network as they were', async () => {
    await use.page.goto(use.url);
    const [first] = await load([{}]);
    use.modified = 'Wed, 03 Jan 2024 10:00:00 GMT';
    for (const downloads of [true, false]) {
      use.asked.length = 0;
      const [next] = await load([{}]);
      assert.deepEqual([use.asked.length > 3, next.answers, next.info.cached], [downloads, first.answers, true]);
    }
    await use.page.route(`${HOST}/**`, (route) => route.abort('internetdisconnected'));
    const [offline] = await load([{}]);
    assert.deepEqual([offline.answers, offline.info.cached], [first.answers, true]);
  });

  test('a damaged entry of the cache is replaced, and without a cache the model works', async () => {
    await use.page.goto(use.url);
    const [first] = await load([{ cache: 'cache' }]);
    await use.page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const key of await cache.keys()) {
          const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
          bytes[bytes.length >> 1] ^= 1;
          await cache.put(key, new Response(bytes));
        }
      }
    });
    use.asked.length = 0;
    const [second] = await load([{ cache: 'cache' }]);
    assert.deepEqual([second.answers, second.info.cached, use.asked.length > 3], [first.answers, true, true]);
    use.asked.length = 0;
    await load([{ cache: 'cache' }]);
    assert.deepEqual(use.asked, []);
    await use.page.evaluate(() => { Cache.prototype.put = async () => { throw new DOMException('full', 'QuotaExceededError'); }; });
    const [third] = await load([{ precision: 'f32', cache: 'cache' }]);
    assert.equal(third.info.cached, false);
  });
});
