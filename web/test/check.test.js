// What is refused before it reaches the engine, and what old browsers lack.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortable, throwIfAborted } from '../src/abort.js';
import { direct } from '../src/calls.js';
import { createVqa } from '../src/index.js';
import { readPicture } from '../src/picture.js';

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
  for (const integrity of ['', 'sha256-', 7, `sha512-${'a'.repeat(43)}=`]) {
    await assert.rejects(createVqa({ model, integrity }), { code: 'E_CALL', message: /^integrity is .*, expected "sha256-" and/ });
  }
  const integrity = `sha256-${'a'.repeat(43)}=`;
  await assert.rejects(createVqa({ model: 'https://a.org/m/', integrity }), { code: 'E_CALL', message: /the promise of one file, and the model is the folder m$/ });
});
