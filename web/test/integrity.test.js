// SHA-256 of pieces of every length, against Node's own.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hex } from '../src/integrity.js';
import { Sha256 } from '../src/sha256.js';

test('the hash of bytes of every length, however they are cut', () => {
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
    const hash = new Sha256();
    for (let at = 0, size = 1; at < length; at += size, size = (size * 5 + 3) % 130 + 1) hash.update(bytes.subarray(at, at + size));
    assert.equal(hex(hash.digest()), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
  }
});
