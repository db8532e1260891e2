// The way of a model into the engine, seen by an engine that only writes down what it is told; and the cache beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces } from '../src/bytes.js';
import { VqaError } from '../src/errors.js';
import { load, loadAndKeep } from '../src/load.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';
import { VERSION } from '../src/places.js';
import { storeKey, withStore } from '../src/store.js';
import { fakeCaches } from './support.js';

const WANTED = ['config.json', 'vocab.txt', 'model.safetensors'];
const PACK = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 253);

/** An engine that wants these files, unless others are `wanted`, and whose pack is PACK; `calls` are its calls, `fails(name)` throws at will. */
function recorded({ signal, wanted = WANTED, report = () => {}, fails = () => {} } = {}) {
  const calls = [];
  let next = 0;
  let at = 0;
  const answers = {
    openFolder: () => wanted[(next = 0)],
    endFile: () => wanted[++next] ?? '',
    packSize: () => {
      at = 0;
      return PACK.length;
    },
    packRead: (size) => {
      const piece = PACK.slice(at, at + size);
      at += piece.length;
      return piece;
    },
  };
  const call = async (name, ...args) => {
    signal?.throwIfAborted();
    fails(name, ...args);
    calls.push([name, ...args.map((arg) => (arg instanceof Uint8Array ? arg.length : arg))]);
    return answers[name]?.(...args);
  };
  const starter = { open: async (size) => void calls.push(['open', size]) };
  return { calls, engine: { call, take: async (piece) => (await call('load', piece), piece), starter, meter: new Meter(report), signal } };
}

const file = (name, size) => new File([new Uint8Array(size)], name);

test('a folder, file by file', async () => {
  const seen = [];
  const { calls, engine } = recorded({ report: (progress) => seen.push(progress) });
  await load(findModel([file('model.safetensors', 70_000), file('config.json', 30)]), engine);
  const given = calls.filter(([name]) => name === 'load').slice(1).reduce((sum, [, size]) => sum + size, 0);
  assert.equal(given, 70_000);
  assert.deepEqual(calls.filter(([name]) => name !== 'load'),
    [['open', 70_030], ['openFolder', 'model'], ['endFile', true], ['endFile', false], ['endFile', true], ['loadEnd']]);
  assert.deepEqual(seen[0], { stage: 'download', loaded: 30, total: undefined });
  assert.deepEqual(seen.at(-2), { stage: 'download', loaded: 70_030, total: 70_030 });
  assert.deepEqual(seen.at(-1), { stage: 'quantize', loaded: 70_030, total: 70_030 });
});

test('the total of shards is known with the last of them', async () => {
  const sizes = { 'config.json': 30, 'model.safetensors.index.json': 50, 'm-00001-of-00002.safetensors': 70_000, 'm-00002-of-00002.safetensors': 9 };
  const totals = [];
  const { engine } = recorded({ wanted: Object.keys(sizes), report: ({ total }) => totals.push(total) });
  await load(findModel(Object.entries(sizes).map(([name, size]) => file(name, size))), engine);
  assert.deepEqual([...new Set(totals)], [undefined, 70_089]);
});

test('aborted within a file and between files', async () => {
  for (const at of [30, 31]) {
    const controller = new AbortController();
    const { calls, engine } = recorded({ signal: controller.signal, report: ({ loaded }) => loaded >= at && controller.abort('enough') });
    await assert.rejects(load(findModel([file('model.safetensors', 70_000), file('config.json', 30)]), engine), (reason) => reason === 'enough');
    assert.equal(calls.filter(([name]) => name === 'load').length, at - 30);
    assert.ok(!calls.some(([name]) => name === 'loadEnd'));
  }
});

/** A stream that gives one piece and then nothing more; `cancelled` becomes true. */
function stalled() {
  const source = { cancelled: false };
  source.stream = new ReadableStream({
    pull(controller) {
      if (source.given) return new Promise(() => {});
      source.given = true;
      controller.enqueue(new Uint8Array(9));
    },
    cancel: () => void (source.cancelled = true),
  }, { highWaterMark: 0 });
  return source;
}

test('what the engine refuses is told while the network stalls, and the download ends', { timeout: 5000 }, async () => {
  for (const code of ['E_MODEL', 'E_MEMORY', 'E_CRASH']) {
    const fails = (name) => { if (name === 'load') throw new VqaError(code, 'refused'); };
    const pack = stalled();
    await assert.rejects(load(findModel(pack.stream), recorded({ fails }).engine), { code, message: 'refused' });
    const weights = stalled();
    const folder = { name: 'm', open: async (name, signal) => ({ size: undefined, pieces: (spare) => pieces({ stream: weights.stream }, name, spare, signal) }) };
    await assert.rejects(load(folder, recorded({ fails }).engine), { code, message: 'refused' });
    assert.deepEqual([pack.cancelled, weights.cancelled], [true, true]);
  }
});

test('an engine that does not start ends the download', async (t) => {
  const refused = new VqaError('E_WASM', 'the runtime can\'t be started');
  const { engine } = recorded();
  engine.starter = { open: () => Promise.reject(refused) };
  const given = stalled();
  const response = stalled();
  for (const model of [given.stream, new Response(response.stream)]) await assert.rejects(load(findModel(model), engine), refused);
  assert.deepEqual([given.cancelled, response.cancelled], [true, true]);
  let asked;
  t.mock.method(globalThis, 'fetch', async (url, { signal }) => (asked = signal, new Response(stalled().stream)));
  await assert.rejects(load(findModel('https://a.org/m.safetensors'), engine), refused);
  assert.ok(asked.aborted);
});

const FILES = { 'config.json': [1, 2, 3], 'vocab.txt': [4], 'model.safetensors': PACK };
const URL_OF_FOLDER = 'https://a.org/m/';

/** Load the folder at an address, which gives FILES with these headers, and keep it. */
async function visit(t, { headers = { etag: '"1"' }, ...options } = {}) {
  const asked = [];
  t.mock.method(globalThis, 'fetch', async (url, { method = 'GET' }) => {
    const name = url.toString().slice(URL_OF_FOLDER.length);
    asked.push(`${method} ${name}`);
    if (!headers) throw new TypeError('no network');
    return FILES[name] ? new Response(new Uint8Array(FILES[name]), { headers }) : new Response('', { status: 404 });
  });
  const { calls, engine } = recorded(options);
  const cached = await withStore('cache', storeKey(new URL(URL_OF_FOLDER), 'q8'),
    (store) => loadAndKeep(findModel(URL_OF_FOLDER), { ...engine, store }), options.signal);
  return { asked, calls, cached };
}

/** The only folder that is kept, by what its paths end with. */
const kept = (use) => [...[...use.folders.values()][0]];
const failsAtEnd = (error, { times = Infinity } = {}) => (name) => { if (name === 'loadEnd' && times-- > 0) throw error; };

test('keys: only what has an address', () => {
  const url = new URL('https://a.org/m/?x=1#y');
  assert.equal(storeKey(url, 'q8'), 'q8 https://a.org/m/?x=1');
  assert.notEqual(storeKey(url, 'q8'), storeKey(url));
  assert.equal(storeKey(undefined, 'q8'), undefined);
  assert.equal(storeKey(new URL('file:///m/'), 'q8'), undefined);
});

test('a folder is kept as the pack that it has become, and loaded from there', async (t) => {
  const use = fakeCaches(t);
  const seen = [];
  const first = await visit(t, { report: ({ stage }) => seen.push(stage) });
  assert.equal(first.cached, true);
  assert.deepEqual([...new Set(seen)], ['download', 'quantize', 'store']);
  assert.equal(kept(use).filter(([path]) => path !== '/index').reduce((sum, [, bytes]) => sum + bytes.length, 0), PACK.length);

  const next = await visit(t, { report: ({ stage }) => seen.push(stage) });
  assert.equal(next.cached, true);
  assert.deepEqual(next.asked, ['HEAD config.json', 'HEAD vocab.txt', 'HEAD model.safetensors']);
  assert.deepEqual(next.calls[0], ['open', PACK.length]);
  assert.equal(next.calls.reduce((sum, [name, size]) => (name === 'load' ? sum + size : sum), 0), PACK.length);
  assert.equal(seen.at(-1), 'verify');
});

test('a folder is loaded anew when its files have changed, and only then', async (t) => {
  fakeCaches(t);
  await visit(t);
  for (const [headers, fresh] of [[{ etag: '"1"' }, false], [{ etag: '"2"' }, true], [{ etag: '"2"' }, false], [null, false]]) {
    const { asked, cached } = await visit(t, { headers });
    assert.deepEqual([asked.includes('GET model.safetensors'), cached], [fresh, true]);
  }
});

test('a folder that was left half-way is not asked for all of it again', async (t) => {
  fakeCaches(t);
  const crash = new VqaError('E_CRASH', 'stopped');
  await assert.rejects(visit(t, { fails: failsAtEnd(crash) }), crash);
  const { asked, cached } = await visit(t);
  assert.deepEqual([asked, cached], [['HEAD config.json', 'HEAD vocab.txt', 'HEAD model.safetensors'], true]);
});

test('what is kept is fetched anew if the engine refuses it, once', async (t) => {
  fakeCaches(t);
  await visit(t);
  const refused = new VqaError('E_MODEL', 'the checksum is wrong');
  const { asked, cached } = await visit(t, { fails: failsAtEnd(refused, { times: 1 }) });
  assert.deepEqual([asked.includes('GET model.safetensors'), cached], [true, true]);
  const use = fakeCaches(t);
  await assert.rejects(visit(t, { fails: failsAtEnd(refused) }), refused);
  assert.deepEqual(kept(use).map(([path]) => path), ['/index']); // it was fetched, so it is not fetched again, and not kept either
});

test('what is not to blame stays', async (t) => {
  const use = fakeCaches(t);
  await visit(t);
  const before = kept(use).length;
  for (const error of [new VqaError('E_MEMORY', 'too little'), new VqaError('E_CRASH', 'stopped'), new TypeError('a mistake')]) {
    await assert.rejects(visit(t, { fails: failsAtEnd(error) }), error);
    assert.equal(kept(use).length, before);
  }
});

test('what older versions have kept goes, and nothing of others', async (t) => {
  const use = fakeCaches(t);
  const hash = 'ab'.repeat(32);
  const others = ['somebody\'s', 'wasm-vqa demo', 'wasm-vqa 3 pictures', 'wasm-vqa packs 3 of mine', `wasm-vqa ${VERSION + 1} ${hash}`];
  const refused = 'wasm-vqa packs 1';
  for (const name of [refused, 'wasm-vqa packs 3', `wasm-vqa 3 ${hash}`, ...others]) await caches.open(name);
  use.refuse = (call, name) => { if (call === 'delete' && name === refused) throw new DOMException('not now', 'InvalidStateError'); };
  await visit(t);
  const [own, ...left] = [...use.folders.keys()].reverse();
  assert.match(own, new RegExp(`^wasm-vqa ${VERSION} [0-9a-f]{64}$`));
  assert.deepEqual(left.reverse(), [refused, ...others]);
});

test('a folder that can\'t be kept is loaded all the same', async (t) => {
  const use = fakeCaches(t);
  const fails = (name) => { if (name === 'packSize') throw new VqaError('E_MEMORY', 'too little'); };
  for (const options of [{ fails }, { headers: {} }]) {
    const { calls, cached } = await visit(t, options);
    assert.deepEqual([calls.some(([name]) => name === 'loadEnd'), cached, kept(use).map(([path]) => path)], [true, false, ['/index']]);
  }
  assert.equal((await visit(t)).cached, true);
});

test('no room, no cache, a broken one: the model is loaded all the same', async (t) => {
  const use = fakeCaches(t);
  for (const room of [0, 1, 2, 3, 5]) {
    let puts = 0;
    use.refuse = (call) => { if (call === 'put' && ++puts > room) throw new DOMException('full', 'QuotaExceededError'); };
    assert.equal((await visit(t)).cached, false);
    assert.deepEqual(kept(use), [], 'it gives its room back');
  }
  use.refuse = () => { throw new DOMException('not here', 'SecurityError'); };
  assert.equal((await visit(t)).cached, false);
  delete globalThis.caches;
  assert.equal((await visit(t)).cached, false);
});

test('aborted while it is kept', async (t) => {
  fakeCaches(t);
  const controller = new AbortController();
  const report = ({ stage }) => stage === 'store' && controller.abort('enough');
  await assert.rejects(visit(t, { signal: controller.signal, report }), (reason) => reason === 'enough');
  assert.equal((await visit(t)).cached, true);
});

test('what arrives after a failure is taken by no engine: another may be loading by then', async () => {
  let arrive;
  const late = new Promise((resolve) => (arrive = resolve));
  const taken = [];
  const take = async ([byte]) => {
    taken.push(byte);
    throw new VqaError('E_BUILD', 'it needs a full build');
  };
  async function* read() {
    yield Uint8Array.of(1);
    await late;
    yield Uint8Array.of(2);
  }
  const to = { take, call: async () => {}, starter: { open: async () => {} }, meter: new Meter(() => {}) };
  await assert.rejects(load({ fetch: async () => ({ size: 2, read }) }, to), { code: 'E_BUILD' });
  arrive();
  await new Promise(setImmediate);
  assert.deepEqual(taken, [1]);
});
