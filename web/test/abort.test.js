// Signals of callers, who may keep one for all calls.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createVqa } from '../src/index.js';
import { PACK, RED_CIRCLE, RUNTIME, missing } from './support.js';

const address = (type, bytes) => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

test('nothing stays on the signal of a call that has ended', { skip: missing(RUNTIME, PACK) }, async () => {
  const { signal } = new AbortController();
  const left = () => getEventListeners(signal, 'abort').length;
  const vqa = await createVqa({ model: address('', readFileSync(PACK)), wasm: address('application/wasm', readFileSync(RUNTIME)), signal });
  assert.equal(left(), 0);
  await vqa.ask(address('image/png', RED_CIRCLE), 'what color is the circle?', { signal });
  const picture = await vqa.encode(address('image/png', RED_CIRCLE), { signal });
  await picture.ask('what color is the circle?', { signal });
  await vqa.pack({ signal });
  await assert.rejects(vqa.encode('data:text/html,missing', { signal }), { code: 'E_NETWORK' });
  await assert.rejects(createVqa({ model: new Uint8Array(1), wasm: 'data:text/html,missing', signal }), { code: 'E_NETWORK' });
  assert.equal(left(), 0);
});
