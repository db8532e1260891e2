// The wasm boundary, with the smallest runtime there can be: what it does when the runtime misbehaves. And the real one, short of memory.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Engine } from '../src/engine.js';
import { createVqa } from '../src/index.js';
import { compile } from '../src/wasm.js';
import { PACK, RED_CIRCLE, RUNTIME, missing, png, tinyRuntime } from './support.js';

const ANSWERS = [{ answer: '{}', score: 0 }]; // of the smallest runtime
const create = (results, options) => createVqa({ model: new Uint8Array(1), wasm: tinyRuntime(results), ...options });

test('a runtime with an address is compiled once', { skip: missing(RUNTIME) }, async () => {
  const url = new URL(`file://${RUNTIME}`);
  assert.ok(await compile(url) === await compile(url));
});

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

test('a module that imports from __proto__ changes no object but its own', async () => {
  const text = (s) => [s.length, ...Buffer.from(s)];
  for (const [from, name] of [['__proto__', 'polluted'], ['env', '__proto__'], ['env', 'toString']]) {
    const imports = [1, ...text(from), ...text(name), 0, 0];
    const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, imports.length, ...imports]);
    await assert.rejects(create({}, { wasm }), { code: 'E_WASM', message: /no function vqa_new/ });
  }
  assert.equal({}.polluted, undefined);
});

test('memories of every size: the answer, or a sentence with the numbers', { skip: missing(RUNTIME, PACK) }, async () => {
  const PAGE = 65536;
  const module = new WebAssembly.Module(readFileSync(RUNTIME));
  const pack = new Uint8Array(readFileSync(PACK));
  const large = png(700, 700, (x) => [x & 255, 0, 0]);
  function ask(engine, file) {
    const { picture } = engine.encode(false, file);
    try {
      return engine.ask(picture, 0, false, 'what color is the circle?', 3).answers;
    } finally {
      engine.closePicture(picture);
    }
  }

  /** The answers, or the step at which the memory did not suffice. */
  async function attempt(memoryLimit) {
    const engine = await Engine.open(module, { memoryLimit });
    const step = (name, work) => {
      try {
        return work();
      } catch ({ name: kind, code, message }) {
        assert.deepEqual([kind, code], ['VqaError', 'E_MEMORY'], message);
        const [, has, most] = /^[^\n]*\d[^\n]*: the runtime has (\d+) bytes and may have up to (\d+)$/.exec(message) ?? [];
        assert.ok(Number(has) <= memoryLimit && Number(most) === memoryLimit, `${memoryLimit / PAGE} pages: ${message}`);
        return name;
      }
    };
    const loaded = step('load', () => {
      for (let at = 0; at < pack.length; at += PAGE) engine.load(pack.slice(at, at + PAGE));
    }) ?? step('loadEnd', () => engine.loadEnd());
    if (loaded) return { loaded };
    const small = step('ask', () => ask(engine, RED_CIRCLE));
    const drawn = step('encode', () => ask(engine, large));
    assert.deepEqual(step('ask', () => ask(engine, RED_CIRCLE)), small, 'after a picture that was too large'); // the engine goes on
    return { small, drawn };
  }

  const expected = await attempt(1000 * PAGE);
  assert.equal(expected.small[0].answer, 'red');
  const ends = [];
  for (let pages = 17; pages < 400; pages += 3) {
    const { loaded, small, drawn } = await attempt(pages * PAGE);
    if (!loaded && typeof small !== 'string') assert.deepEqual(small, expected.small);
    if (!loaded && typeof drawn !== 'string') assert.deepEqual(drawn, expected.drawn);
    ends.push(loaded ?? (typeof drawn === 'string' ? drawn : 'answers'));
  }
  assert.deepEqual(ends.filter((end, i) => end !== ends[i - 1]), ['load', 'loadEnd', 'encode', 'answers']); // more memory never takes a step back
});
