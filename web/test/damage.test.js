// What is kept of a model and damaged there, between visits, in both places that a browser has for that: the next visit loads the
// right model all the same, and keeps it again.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { FaultyHost } from './faulty-host.js';
import { keptFiles, placeInIndex, segmentsOf, segmentsOfFile } from './kept-files.js';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RUNTIME, missing, smallFolder } from './support.js';

const skip = missing(RUNTIME, PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH');

const PACKED = '/damaged/pack.safetensors';
const IN_PARTS = '/damaged/pack.json';
const FOLDER = '/damaged/folder/';

/** So much comes of each model's last file when it is left half-way. */
const HALF = 150_000;

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A pack as it is, and in parts; a folder. */
function files() {
  const pack = readFileSync(PACK);
  const parts = [0, 1].map((i) => ({ file: `pack-${i}.bin`, bytes: pack.subarray(i * 1e6, (i + 1) * 1e6) }));
  const listed = parts.map(({ file, bytes }) => ({ file, size: bytes.length, sha256: hash(bytes) }));
  return {
    'pack.safetensors': pack,
    'pack.json': Buffer.from(JSON.stringify({ format: 'vqa-manifest 1', name: 'pack', licence: '', size: pack.length, parts: listed })),
    ...Object.fromEntries(parts.map(({ file, bytes }) => [file, bytes])),
    ...smallFolder(),
  };
}

/** Runs in the page: load the model, or leave it when so many bytes have come; what it is, or what was thrown. */
async function visit({ model, cache, leaveAt = Infinity }) {
  const { createVqa } = await import('/src/index.js');
  const controller = new AbortController();
  const onProgress = ({ stage, loaded }) => stage === 'download' && loaded >= leaveAt && controller.abort('left');
  try {
    const vqa = await createVqa({ model, cache, threads: 1, signal: controller.signal, onProgress });
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await (await vqa.pack()).arrayBuffer()));
    const { cached } = vqa.info;
    vqa.close();
    return { hash: [...hash].join(), cached };
  } catch (error) {
    while ((await navigator.locks.query()).held.length) await new Promise((done) => setTimeout(done, 10)); // until all is written
    return error === 'left' ? error : `${error.name}: ${error.message}`;
  }
}

describe('damage between visits', { skip, timeout: 600_000 }, () => {
  const host = skip ? undefined : new FaultyHost([files()]);
  /** The hashes of the undamaged models, by address. @type {Record<string, string>} */
  const right = {};
  const use = servedInBrowser({ instead: (request, response) => host.handles(request, response) });
  let context, page;

  before(async () => {
    await fresh();
    for (const model of [PACKED, IN_PARTS, FOLDER]) right[model] = (await load(model, false)).hash;
    await context.close();
  });

  beforeEach(fresh);
  afterEach(() => context.close());

  /** A browser that has kept nothing yet, and a host that is well. */
  async function fresh() {
    host.reset(0);
    await context?.close();
    context = await use.browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${use.url}icon.svg`);
  }

  const load = (model, cache, leaveAt) => page.evaluate(visit, { model, cache, leaveAt });
  const kept = (kind, flip) => page.evaluate(keptFiles, { kind, flip });

  /** Leave a model when so much of this file has come. */
  async function leave(model, cache, file) {
    host.stops = { [file]: HALF };
    assert.equal(await load(model, cache, HALF), 'left');
    host.stops = {};
  }

  /** What was fetched since the last time: files, and where they went on. */
  const fetched = () => host.log.splice(0).filter((line) => line.startsWith('GET')).map((line) => line.slice(4).trim());

  /** The next visit, and the one after it, which finds everything: what the first one fetched. */
  async function expectRight(model, cache, what) {
    fetched();
    assert.deepEqual(await load(model, cache), { hash: right[model], cached: true }, what);
    const files = fetched();
    assert.deepEqual(await load(model, cache), { hash: right[model], cached: true }, `${what}, and once more`);
    assert.deepEqual(fetched(), [], `${what}: what is kept`);
    return files;
  }

  /** Flip a bit at each of these words of the index, one after the other. */
  async function expectIndex(model, cache, words, prepare) {
    for (const word of words) {
      await prepare?.();
      const files = await kept(cache);
      await kept(cache, { index: placeInIndex(files, word) });
      assert.ok((await expectRight(model, cache, `the index at ${word}`)).length);
    }
    await prepare?.();
    await kept(cache, { index: 0 });
    assert.ok((await expectRight(model, cache, 'the hash of the index')).length);
  }

  for (const cache of ['opfs', 'cache']) {
    for (const [model, file] of [[PACKED, 'pack'], [IN_PARTS, 'pack-1.bin '], [FOLDER, 'quantized']]) {
      test(`${cache}: ${model} that is whole`, async () => {
        assert.deepEqual(await load(model, cache), { hash: right[model], cached: true });
        let count = 0;
        for (let segment; (segment = segmentsOfFile(await kept(cache), file)[count]); count++) { // each time they have other names and ends
          await kept(cache, { [segment.name]: segment.size >> 1 });
          assert.ok((await expectRight(model, cache, segment.name)).length, 'it is fetched anew');
        }
        assert.ok(count > 0);
        await expectIndex(model, cache, ['made', 'size', file]);
      });
    }

    test(`${cache}: the manifest of a pack in parts`, async () => {
      await load(IN_PARTS, cache);
      const manifest = String(host.file('pack.json'));
      for (const word of ['format', 'size', 'parts', 'pack-0.bin', 'sha256', hash(host.file('pack-1.bin'))]) {
        const [{ name, size }] = segmentsOfFile(await kept(cache), 'manifest');
        await kept(cache, { [name]: size - manifest.length + manifest.indexOf(word) });
        await expectRight(IN_PARTS, cache, `the manifest at ${word}`);
      }
    });

    test(`${cache}: a pack that was left half-way`, async () => {
      const prepare = async () => {
        await fresh();
        await leave(PACKED, cache, 'pack.safetensors');
      };
      await prepare();
      const [again] = await expectRight(PACKED, cache, 'undamaged');
      assert.match(again, /^pack\.safetensors bytes=[1-9]/);
      await prepare();
      const [{ name, size }] = segmentsOf(await kept(cache));
      await kept(cache, { [name]: size >> 1 });
      await expectRight(PACKED, cache, 'its segment');
      await expectIndex(PACKED, cache, ['made', 'id'], prepare);
    });

    for (const file of ['config.json', 'vocab.txt', 'model.safetensors']) {
      test(`${cache}: ${file} of a folder that was left half-way`, async () => {
        for (const part of [0, 0.6]) {
          await fresh();
          await leave(FOLDER, cache, 'model.safetensors');
          const [{ name, size }] = segmentsOfFile(await kept(cache), file);
          await kept(cache, { [name]: Math.floor(size * part) });
          const again = await expectRight(FOLDER, cache, `byte ${Math.floor(size * part)} of ${size}`);
          assert.ok(again.includes(file), `${file} is fetched anew: ${again}`);
        }
      });
    }

    test(`${cache}: a folder that was left half-way goes on, and its index`, async () => {
      const prepare = async () => {
        await fresh();
        await leave(FOLDER, cache, 'model.safetensors');
      };
      await prepare();
      const [again, ...others] = await expectRight(FOLDER, cache, 'undamaged');
      assert.match(again, /^model\.safetensors bytes=[1-9]/);
      assert.deepEqual(others, []);
      await expectIndex(FOLDER, cache, ['vocab.txt', 'etag', 'sealed'], prepare);
    });
  }
});
