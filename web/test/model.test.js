// Where a model's bytes come from: every source, progress, abort, and what goes wrong.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { reuse } from '../src/bytes.js';
import { createVqa } from '../src/index.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';
import { tinyRuntime } from './support.js';

const BYTES = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
const wasm = tinyRuntime();
let server, base, folder;

const pages = {
  '/pack.safetensors': (response) => response.writeHead(200, { 'Content-Length': BYTES.length }).end(BYTES),
  '/page.safetensors': (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>'),
  '/gated.safetensors': (response) => response.writeHead(401).end(),
  '/endless.safetensors': (response) => response.writeHead(200).write(BYTES),
  '/broken.safetensors': (response) => response.writeHead(200, { 'Content-Length': BYTES.length }).write(BYTES.subarray(0, 9), () => response.destroy()),
};

before(async () => {
  server = createServer(({ url }, response) => (pages[url] ? pages[url](response) : response.writeHead(404).end()));
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  base = `http://localhost:${server.address().port}`;
  folder = await mkdtemp(join(tmpdir(), 'vqa-'));
  await writeFile(join(folder, 'pack.safetensors'), BYTES);
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('every source gives the same bytes', async () => {
  const padded = new Uint8Array(BYTES.length + 20);
  padded.set(BYTES, 10);
  const sources = {
    url: `${base}/pack.safetensors`, URL: new URL(`${base}/pack.safetensors`), path: join(folder, 'pack.safetensors'), fileURL: pathToFileURL(join(folder, 'pack.safetensors')),
    blob: new Blob([BYTES]), buffer: BYTES.slice().buffer, view: padded.subarray(10, -10), stream: new Blob([BYTES]).stream(),
    response: await fetch(`${base}/pack.safetensors`),
  };
  for (const [name, source] of Object.entries(sources)) {
    const pieces = [];
    const seen = [];
    const spare = [];
    const { read } = await findModel(source).fetch();
    for await (const piece of read(new Meter((progress) => seen.push(progress)), spare)) {
      pieces.push(piece.slice());
      piece.fill(255); // it belongs to who asked for it, and so does its buffer
      reuse(piece, spare);
      assert.ok(spare.length <= 1, name);
    }
    assert.equal(seen.length, pieces.length, name);
    for (const { total } of seen) assert.equal(total, name === 'stream' ? undefined : BYTES.length, name);
    assert.equal(seen.at(-1).loaded, BYTES.length, name);
    assert.equal(Buffer.compare(Buffer.concat(pieces), BYTES), 0, name);
  }
});

test('what the caller has made stays the caller\'s', async () => {
  const mine = new Uint8Array(9);
  const stream = () => new ReadableStream({ start(c) { c.enqueue(mine); c.close(); } });
  for (const source of [stream(), new Response(stream()), mine, mine.buffer]) {
    const { read } = await findModel(source).fetch();
    for await (const piece of read(new Meter(() => {}), [])) assert.notEqual(piece.buffer, mine.buffer);
  }
});

test('progress goes download, verify, ready', async () => {
  const seen = [];
  (await createVqa({ model: new Uint8Array(10), wasm, onProgress: (progress) => seen.push(progress) })).close();
  assert.deepEqual(seen, ['download', 'verify', 'ready'].map((stage) => ({ stage, loaded: 10, total: 10 })));
});

test('what is not there is one sentence', async () => {
  const [moved, movedBytes] = [new ArrayBuffer(8), new Uint8Array(8)];
  structuredClone(null, { transfer: [moved, movedBytes.buffer] });
  const cases = [
    [`${base}/nothing.safetensors`, 'E_NETWORK', /\/nothing.safetensors can't be fetched: HTTP status 404/],
    [`${base}/page.safetensors`, 'E_NETWORK', /\/page.safetensors is not there: the server sent a web page/],
    [`${base}/broken.safetensors`, 'E_NETWORK', /could not be read to its end/],
    ['http://localhost:1/pack.safetensors', 'E_NETWORK', /localhost:1\/pack.safetensors can't be fetched/],
    ['/nowhere/pack', 'E_NETWORK', /\/nowhere\/pack can't be opened/],
    ['/nowhere/\0pack', 'E_NETWORK', /\/nowhere\/%00pack can't be opened/],
    ['file://elsewhere/pack', 'E_NETWORK', /file:\/\/elsewhere\/pack can't be opened/],
    ['file:///nowhere%2fpack', 'E_NETWORK', /nowhere%2fpack can't be opened/],
    [moved, 'E_CALL', /^the model can't be read: .*detached/],
    [movedBytes, 'E_CALL', /^the model can't be read: .*detached/],
    [`${base}/gated.safetensors`, 'E_NETWORK', /\/gated.safetensors is not given to everyone: HTTP status 401, as for what is gated/],
    [7, 'E_CALL', /must be a URL/],
    [undefined, 'E_CALL', /must be a URL/],
    [new ReadableStream({ start(c) { c.enqueue('text'); } }), 'E_CALL', /not a Uint8Array/],
  ];
  for (const [model, code, message] of cases) await assert.rejects(createVqa({ model, wasm }), { name: 'VqaError', code, message });
});

test('a picture or runtime that breaks off, or is a folder', async () => {
  const vqa = await createVqa({ model: new Uint8Array(1), wasm });
  for (const [address, what] of [[`${base}/broken.safetensors`, 'broken'], [folder, 'vqa-']]) {
    const refused = { name: 'VqaError', code: 'E_NETWORK', message: new RegExp(`${what}.* could not be read to its end`) };
    await assert.rejects(vqa.ask(address, 'why?'), refused);
    await assert.rejects(createVqa({ model: new Uint8Array(1), wasm: address }), refused);
  }
  const signal = AbortSignal.timeout(50);
  await assert.rejects(vqa.ask(`${base}/endless.safetensors`, 'why?', { signal }), { name: 'TimeoutError' });
});

test('a stream that is being read already', async () => {
  const model = new Blob([BYTES]).stream();
  model.getReader();
  await assert.rejects(createVqa({ model, wasm }), { code: 'E_CALL' });
});

test('a download is aborted with the reason of the signal', async () => {
  const controller = new AbortController();
  const creating = createVqa({ model: `${base}/endless.safetensors`, wasm, signal: controller.signal, onProgress: () => controller.abort() });
  await assert.rejects(creating, { name: 'AbortError' });
  await assert.rejects(createVqa({ model: `${base}/pack.safetensors`, wasm, signal: AbortSignal.abort('enough') }), (reason) => reason === 'enough');
});

test('a server that does not answer', { timeout: 5000 }, async () => {
  const controller = new AbortController();
  pages['/silent.safetensors'] = () => controller.abort();
  await assert.rejects(createVqa({ model: `${base}/silent.safetensors`, wasm, signal: controller.signal }), { name: 'AbortError' });
});

test('a stream that does not go on', { timeout: 5000 }, async () => {
  const controller = new AbortController();
  const pull = () => {
    controller.abort();
    return new Promise(() => {});
  };
  const model = new ReadableStream({ pull }, { highWaterMark: 0 });
  await assert.rejects(createVqa({ model, wasm, signal: controller.signal }), { name: 'AbortError' });
});

test('an aborted stream of the caller is cancelled', async () => {
  const controller = new AbortController();
  let cancelled = false;
  const model = new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(9)), cancel: () => { cancelled = true; } });
  await assert.rejects(createVqa({ model, wasm, signal: controller.signal, onProgress: () => controller.abort() }), { name: 'AbortError' });
  await new Promise(setImmediate); // soon after
  assert.ok(cancelled);
});
