// The wasm boundary, with the smallest runtime there can be: what it does when the runtime misbehaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVqa } from '../src/index.js';
import { tinyRuntime } from './support.js';

const ANSWERS = [{ answer: '{}', score: 0 }]; // of the smallest runtime
const create = (results, options) => createVqa({ model: new Uint8Array(1), wasm: tinyRuntime(results), ...options });

test('a runtime that works', async () => {
  const vqa = await create();
  assert.deepEqual(vqa.info, { peakBytes: 65536, threads: 1, crossOriginIsolated: false, cached: false });
  assert.deepEqual((await vqa.ask(new Uint8Array(1), 'why?')).answers, ANSWERS);
});

test('a trap is reported, and the instance is not used again', async () => {
  const vqa = await create({ vqa_ask: 'trap' });
  const picture = await vqa.encode(new Uint8Array(1));
  await assert.rejects(picture.ask('why?'), { name: 'VqaError', code: 'E_CRASH', message: /unreachable.*createVqa\(\) anew/ });
  await assert.rejects(vqa.encode(new Uint8Array(1)), { code: 'E_CRASH' });
  assert.deepEqual((await (await create()).ask(new Uint8Array(1), 'why?')).answers, ANSWERS);
});

test('close while a call is under way', async () => {
  const outcomes = new Set();
  for (let moment = 0; moment < 20; moment++) {
    const vqa = await create();
    const underWay = vqa.ask(new Uint8Array(1), 'why?').then(({ score }) => score, ({ code }) => code);
    for (let i = 0; i < moment; i++) await null;
    vqa.close();
    outcomes.add(await underWay);
  }
  assert.deepEqual([...outcomes], ['E_CLOSED', 0]);
});

test('an imported function that is not known is named when it is called, not before', async () => {
  const vqa = await create({ vqa_ask: 'import' });
  await assert.rejects(vqa.ask(new Uint8Array(1), 'why?'), { code: 'E_CRASH', message: /env\.mystery/ });
});

test('no memory for the handle, no memory for the bytes', async () => {
  await assert.rejects(create({ vqa_new: 0 }), { code: 'E_MEMORY' });
  await assert.rejects(create({ malloc: 0 }), { code: 'E_MEMORY', message: /1 more bytes/ });
});

test('statuses become codes', async () => {
  const status = (value) => (64 + value) | 0x40; // i32.const takes seven signed bits
  const expected = { [-1]: 'E_MODEL', [-2]: 'E_PICTURE', [-3]: 'E_QUESTION', [-4]: 'E_CALL', [-5]: 'E_MEMORY', [-6]: 'E_STOPPED' };
  for (const [value, code] of Object.entries(expected)) {
    await assert.rejects(create({ vqa_load_end: status(Number(value)) }), { name: 'VqaError', code });
  }
});

test('the runtime is given as bytes, as a module and by address', async () => {
  const bytes = tinyRuntime();
  for (const wasm of [bytes, bytes.buffer, new WebAssembly.Module(bytes), `data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`]) {
    (await createVqa({ model: new Uint8Array(1), wasm })).close();
  }
});

test('a runtime that is none', async () => {
  await assert.rejects(create({}, { wasm: new Uint8Array(8) }), { code: 'E_WASM', message: /can't be compiled/ });
  await assert.rejects(create({}, { wasm: '/nowhere/vqa.wasm' }), { code: 'E_NETWORK', message: /\/nowhere\/vqa\.wasm/ });
  await assert.rejects(create({}, { wasm: 'data:text/html,missing' }), { code: 'E_NETWORK', message: /web page/ });
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await assert.rejects(create({}, { wasm: empty }), { code: 'E_WASM', message: /no function vqa_new/ });
});

test('a browser without SIMD is told so', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => false);
  await assert.rejects(create(), { code: 'E_SIMD', message: /Chrome 97, Firefox 114, Safari 16\.4 or later/ });
});

test('pixels that do not fill the picture are refused', async () => {
  const vqa = await create();
  await assert.rejects(vqa.encode({ data: new Uint8Array(12), width: 2, height: 2 }), { code: 'E_PICTURE', message: /12 bytes.*16/ });
  await assert.rejects(vqa.encode({ data: new Uint8Array(16), width: -2, height: -2 }), { name: 'VqaError' });
});
