// The way of a model into the engine, seen by an engine that only writes down what it is told; and the cache beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VqaError } from '../src/errors.js';
import { described } from '../src/fresh.js';
import { keep, load, loadStored } from '../src/load.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';
import { VERSION, storeKey } from '../src/store.js';

const WANTED = ['config.json', 'vocab.txt', 'model.safetensors'];
const PACK = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 253);

/** An engine that wants these files and whose pack is PACK; `calls` are its calls, `fails(name)` throws at will. */
function recorded({ signal, report = () => {}, fails = () => {} } = {}) {
  const calls = [];
  let next = 0;
  let at = 0;
  const answers = {
    openFolder: () => WANTED[(next = 0)],
    endFile: () => WANTED[++next] ?? '',
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
  assert.deepEqual(seen.at(-1), { stage: 'load', loaded: 70_030, total: 70_030 });
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
    const folder = { name: 'm', open: async () => ({ stream: weights.stream, size: undefined }) };
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

/** A stand-in for the browser's caches, of which there is one; `t.after` takes it away. `removed` are names of others. */
function fakeCaches(t, refuse = () => {}, removed = []) {
  const entries = new Map();
  const cache = {
    match: async (key) => entries.get(key)?.clone(),
    delete: async (key) => entries.delete(key),
    async put(key, response) {
      const bytes = await response.arrayBuffer();
      refuse();
      entries.set(key, new Response(bytes, { headers: response.headers }));
    },
  };
  globalThis.caches = { open: async (name) => (assert.equal(name, `wasm-vqa packs ${VERSION}`), cache), delete: async (name) => removed.push(name) };
  t.after(() => delete globalThis.caches);
  return entries;
}

const failsAtEnd = (error) => (name) => { if (name === 'loadEnd') throw error; };
const KEY = 'https://a.org/m/?wasm-vqa=q8';

test('keys: only what has an address, where there is a cache', (t) => {
  const url = new URL('https://a.org/m/?x=1#y');
  assert.equal(storeKey(url, 'q8'), undefined);
  fakeCaches(t);
  assert.equal(storeKey(url, 'q8'), 'https://a.org/m/?x=1&wasm-vqa=q8');
  assert.notEqual(storeKey(url, 'q8'), storeKey(url, 'q4'));
  assert.notEqual(storeKey(url, 'q8'), storeKey(url));
  assert.equal(storeKey(undefined, 'q8'), undefined);
  assert.equal(storeKey(new URL('file:///m/'), 'q8'), undefined);
});

test('kept, and loaded from there', async (t) => {
  fakeCaches(t);
  const seen = [];
  const first = recorded({ report: (progress) => seen.push(progress) });
  assert.equal(await loadStored(KEY, first.engine), false);
  assert.deepEqual(first.calls, []);
  assert.equal(await keep(KEY, [], first.engine), true);
  assert.deepEqual(seen.at(-1), { stage: 'store', loaded: PACK.length, total: PACK.length });

  const next = recorded({ report: (progress) => seen.push(progress) });
  assert.equal(await loadStored(KEY, next.engine), true);
  assert.deepEqual(next.calls[0], ['open', PACK.length]);
  assert.equal(next.calls.reduce((sum, [name, size]) => (name === 'load' ? sum + size : sum), 0), PACK.length);
  assert.deepEqual(seen.at(-1), { stage: 'load', loaded: PACK.length, total: PACK.length });
});

test('loaded anew when its files have changed, and only then', async (t) => {
  const entries = fakeCaches(t);
  const files = [described('https://a.org/m/config.json', new Response('', { headers: { etag: '"é1"' } }))];
  await keep(KEY, files, recorded().engine);
  let etag = '"é1"';
  t.mock.method(globalThis, 'fetch', async (url, { method }) => {
    assert.deepEqual([url, method], ['https://a.org/m/config.json', 'HEAD']);
    if (!etag) throw new TypeError('no network');
    return new Response('', { headers: { etag } });
  });
  for (const [now, stored] of [['"é1"', true], ['"2"', false], ['', true]]) {
    etag = now;
    const { calls, engine } = recorded();
    assert.equal(await loadStored(KEY, engine), stored, now);
    assert.equal(calls.length > 0, stored);
    assert.equal(entries.size, 1); // the old one stays until there is a new one
  }
  await keep(KEY, [], recorded().engine);
  assert.equal(await loadStored(KEY, recorded().engine), true);
});

test('a damaged entry is removed', async (t) => {
  const entries = fakeCaches(t);
  await keep(KEY, [], recorded().engine);
  const { engine } = recorded({ fails: failsAtEnd(new VqaError('E_MODEL', 'the checksum is wrong')) });
  assert.equal(await loadStored(KEY, engine), false);
  assert.equal(entries.size, 0);
});

test('an entry that is not to blame stays', async (t) => {
  const entries = fakeCaches(t);
  await keep(KEY, [], recorded().engine);
  for (const error of [new VqaError('E_MEMORY', 'too little'), new VqaError('E_CRASH', 'stopped'), new TypeError('a mistake')]) {
    await assert.rejects(loadStored(KEY, recorded({ fails: failsAtEnd(error) }).engine), error);
  }
  entries.get(KEY).clone = () => new Response(new ReadableStream({ pull() { throw new Error('the disk'); } }));
  assert.equal(await loadStored(KEY, recorded().engine), false);
  assert.equal(entries.size, 1);
});

test('packs of older versions go when one is kept', async (t) => {
  const removed = [];
  fakeCaches(t, undefined, removed);
  await loadStored(KEY, recorded().engine);
  assert.deepEqual(removed, []);
  await keep(KEY, [], recorded().engine);
  assert.deepEqual(removed, Array.from({ length: VERSION - 1 }, (_, i) => `wasm-vqa packs ${i + 1}`));
});

test('no room, no cache, a broken one: the model is loaded all the same', async (t) => {
  fakeCaches(t, () => { throw new DOMException('full', 'QuotaExceededError'); });
  assert.equal(await keep(KEY, [], recorded().engine), false);
  globalThis.caches = { open: async () => { throw new DOMException('not here', 'SecurityError'); } };
  assert.equal(await keep(KEY, [], recorded().engine), false);
  assert.equal(await loadStored(KEY, recorded().engine), false);
});

test('a pack that is not read to its end is read from its beginning the next time', async (t) => {
  const entries = fakeCaches(t);
  const { engine } = recorded();
  const { put } = await caches.open(`wasm-vqa packs ${VERSION}`);
  const open = caches.open;
  caches.open = async () => ({ delete: async () => {}, async put(key, { body }) { await body.getReader().read(); throw new Error('full'); } });
  assert.equal(await keep(KEY, [], engine), false);
  caches.open = async () => ({ ...await open(`wasm-vqa packs ${VERSION}`), put });
  assert.equal(await keep(KEY, [], engine), true);
  assert.equal(Buffer.compare(Buffer.from(await entries.get(KEY).arrayBuffer()), PACK), 0);
});

test('aborted while it is kept', async (t) => {
  fakeCaches(t);
  const controller = new AbortController();
  const { engine } = recorded({ signal: controller.signal, report: () => controller.abort('enough') });
  await assert.rejects(keep(KEY, [], engine), (reason) => reason === 'enough');
});
