// What is refused before it reaches the engine, and what old browsers lack.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortable, throwIfAborted } from '../src/abort.js';
import { direct } from '../src/calls.js';
import { toldSize } from '../src/header.js';
import { Vqa, createVqa } from '../src/index.js';
import { readPicture } from '../src/picture.js';
import { readAsked } from '../src/question.js';
import { RED_CIRCLE_AVIF, gif } from './support.js';

test('no model, no call', async () => {
  for (const options of [undefined, {}, { model: 7 }]) {
    await assert.rejects(createVqa(options), { code: 'E_CALL', message: /^the model must be a URL/ });
  }
});

test('a picture too large to draw is refused before it is drawn', async (t) => {
  globalThis.ImageBitmap = class { constructor(width, height) { Object.assign(this, { width, height }); } };
  t.after(() => delete globalThis.ImageBitmap);
  const refused = (width, height, message) =>
    assert.rejects(readPicture(new ImageBitmap(width, height)), { code: 'E_PICTURE', message });
  await refused(20000, 20000, 'the picture is 20000 x 20000 = 400000000 pixels, at most 50000000 are taken');
  await refused(32769, 1, 'the picture is 32769 x 1 pixels, sides of at most 32768 are taken');
  await refused(32768, 1525, /^the picture's pixels can't be read/); // within the limits, and Node has no canvas
});

test('width and height are whole numbers', async () => {
  for (const width of [1.5, '1', undefined, null, Symbol('w'), 1n, {}]) {
    await assert.rejects(readPicture({ data: new Uint8Array(4), width, height: 1 }), { code: 'E_CALL', message: /^width is / });
  }
});

/** Bytes that went elsewhere. */
function detached() {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

test('a picture that can\'t be read is one sentence', async () => {
  const pixels = (data) => ({ data, width: 1, height: 1 });
  const pictures = [detached(), detached().buffer, pixels(detached()), pixels({ length: 1e11 }), pixels(new BigUint64Array(4)),
    { get data() { throw new Error('not mine'); }, width: 1, height: 1 }];
  for (const picture of pictures) await assert.rejects(readPicture(picture), { name: 'VqaError', code: 'E_PICTURE', message: /^the picture can't be read: / });
});

test('what is read of a picture is nobody else\'s', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  for (const picture of [bytes, bytes.buffer, new DataView(bytes.buffer)]) {
    const { args: [own] } = await readPicture(picture);
    assert.deepEqual(own, bytes);
    assert.notEqual(own.buffer, bytes.buffer);
  }
});

test('a picture that tells that it is too large is not decoded', async (t) => {
  let decoded = 0;
  globalThis.createImageBitmap = async () => { decoded++; throw new Error('no decoder'); };
  t.after(() => delete globalThis.createImageBitmap);
  const little = (value, size) => Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
  const bmp = (...size) => [...Buffer.from('BM'), ...Array(12).fill(0), ...size, ...Array(20).fill(0)];
  const webp = (kind, ...rest) => [...Buffer.from(`RIFF....WEBP${kind}....`), ...rest];
  const frame = gif(1, 1, [[0, 0, 0], [1, 1, 1]], () => 0);
  const at = frame.indexOf(0x2c);
  const extended = (width, height) => [...frame.slice(0, at), 0x21, 0xf9, 2, 7, 7, 1, 7, 0, 0x2c, 0, 0, 0, 0, ...little(width, 2), ...little(height, 2), ...frame.slice(at + 9)];
  const big = (value) => little(value, 4).reverse();
  const ispe = (width, height) => [0, 0, 0, 20, ...Buffer.from('ispe'), 0, 0, 0, 0, ...big(width), ...big(height)];
  const heif = (brand, ...sizes) => [0, 0, 0, 12, ...Buffer.from(`ftyp${brand}`), 0, 0, 0, 200, ...Buffer.from('meta'), ...sizes.flatMap((size) => ispe(...size))];
  const files = (width, height) => [
    heif('avif', [width, height]), heif('heic', [512, 512], [width, height], [160, 120]),
    [...Buffer.from('GIF89a'), ...little(width, 2), ...little(height, 2), 0, 0, 0], extended(width, height),
    bmp(...little(12, 4), ...little(width, 2), ...little(height, 2)), bmp(...little(40, 4), ...little(width, 4), ...little(2 ** 32 - height, 4)),
    webp('VP8X', 0, 0, 0, 0, ...little(width - 1, 3), ...little(height - 1, 3)), webp('VP8L', 0x2f, ...little(width - 1 + (height - 1) * 2 ** 14, 4)),
    webp('VP8 ', 0, 0, 0, 0x9d, 1, 0x2a, ...little(width, 2), ...little(height, 2)),
  ];
  for (const file of files(16000, 15000)) {
    await assert.rejects(readPicture(Uint8Array.from(file)), { code: 'E_PICTURE', message: 'the picture is 16000 x 15000 = 240000000 pixels, at most 50000000 are taken' });
  }
  assert.equal(decoded, 0);
  const small = files(300, 200);
  for (const file of [...small, Buffer.from('GIF89a')]) await assert.rejects(readPicture(Uint8Array.from(file)), { message: /can't be decoded here; use JPEG or PNG$/ });
  assert.equal(decoded, small.length + 1);
  assert.deepEqual(toldSize(RED_CIRCLE_AVIF, 'AVIF'), [96, 96]);
});

test('options are what they can be', async () => {
  const refused = [[null, 'options is null, expected an object'], [7, 'options is 7, expected an object'],
    [{ signal: {} }, 'signal is of type object, expected an AbortSignal'], [{ onProgress: null }, 'onProgress is null, expected a function']];
  for (const [options, message] of refused) {
    assert.throws(() => readAsked('why?', options), { code: 'E_CALL', message });
    await assert.rejects(createVqa(options), { code: 'E_CALL', message });
  }
  const vqa = new Vqa({ close() {} }, { transcribes: true });
  for (const call of [() => vqa.encode(new Uint8Array(1), null), () => vqa.transcribe(new Uint8Array(1), null), () => vqa.pack(null)]) {
    await assert.rejects(call(), { code: 'E_CALL', message: 'options is null, expected an object' });
  }
});

test('arrays have no holes', () => {
  assert.throws(() => readAsked([, 'why?']), { code: 'E_QUESTION', message: 'the question is undefined, expected a string' });
  assert.throws(() => readAsked('why?', { choices: ['so', , 'not so'] }), { code: 'E_CALL', message: 'choice 2 is undefined, expected a string' });
});

test('an engine that is gone says so', async () => {
  const port = await direct();
  port.close();
  await assert.rejects(port.call('closePicture', [1]), { name: 'VqaError', code: 'E_CLOSED' });
});

test('signals that tell no reason and have no throwIfAborted()', async () => {
  const aborted = (reason) => Object.defineProperties(AbortSignal.abort(), { reason: { value: reason }, throwIfAborted: { value: undefined } });
  assert.throws(() => throwIfAborted(aborted(undefined)), { name: 'AbortError' });
  assert.throws(() => throwIfAborted(aborted('enough')), (reason) => reason === 'enough');
  await assert.rejects(abortable(Promise.resolve(), aborted(undefined)), { name: 'AbortError' });
  throwIfAborted(new AbortController().signal);
  throwIfAborted(undefined);
});

test('precision and cache are what they can be', async () => {
  const model = new Uint8Array(1);
  await assert.rejects(createVqa({ model, precision: 'int8' }), { code: 'E_CALL', message: 'precision is "int8", expected "f32" or "q8" or "q4"' });
  await assert.rejects(createVqa({ model, cache: 'yes' }), { code: 'E_CALL', message: 'cache is "yes", expected "opfs" or "cache" or false' });
  for (const integrity of ['', 'sha256-', 7, 1n, [`sha256-${'a'.repeat(43)}=`], `sha512-${'a'.repeat(43)}=`]) {
    await assert.rejects(createVqa({ model, integrity }), { code: 'E_CALL', message: /^integrity is .*, expected "sha256-" and/ });
  }
  const integrity = `sha256-${'a'.repeat(43)}=`;
  await assert.rejects(createVqa({ model: 'https://a.org/m/', integrity }), { code: 'E_CALL', message: /the promise of one file, and the model is the folder m$/ });
});
