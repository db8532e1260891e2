// Whether bytes are those that somebody promised. A promise is a SHA-256: 64 hexadecimal digits, or 'sha256-' and base64.

import { abortable } from './abort.js';
import { expect } from './check.js';
import { VqaError } from './errors.js';
import { arrived } from './later.js';

/**
 * Refuse an `integrity` that can't be one.
 * @param {unknown} integrity
 */
export function expectIntegrity(integrity) {
  const fits = integrity === undefined || typeof integrity === 'string' && /^sha256-[\w+/]{43}=$/.test(integrity);
  expect(fits, integrity, 'integrity', '"sha256-" and the 44 characters of a SHA-256 in base64');
}

/**
 * Refuse bytes that are not those that were promised.
 * @param {string} name  of the file
 * @param {Uint8Array<ArrayBuffer>} bytes  all of it
 * @param {string} expected
 * @param {AbortSignal} [signal]
 */
export async function expectBytes(name, bytes, expected, signal) {
  const hash = await abortable(hashOf(bytes), signal);
  expectHash(name, hash, expected);
}

/**
 * The same pieces; the end of those that are not what was promised is an error.
 * @param {string} name  of the file
 * @param {AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces
 * @param {string | undefined} expected  undefined: nothing was promised
 */
export async function* expectPieces(name, pieces, expected) {
  if (!expected) return yield* pieces;
  const hash = await newHash();
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  expectHash(name, hash.digest(), expected);
}

/**
 * What fails its check is fetched once more, past all caches.
 * @template T
 * @param {(again: boolean) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function twice(work) {
  try {
    return await work(false);
  } catch (error) {
    if (error instanceof VqaError && error.code === 'E_INTEGRITY') return work(true);
    throw error;
  }
}

/**
 * @param {string} name
 * @param {string} found
 * @param {string} expected
 */
export const mismatch = (name, found, expected) =>
  new VqaError('E_INTEGRITY', `the ${name} is not what was promised: found ${found}, expected ${expected}`);

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Uint8Array>} their SHA-256 */
export async function hashOf(bytes) {
  const { subtle } = globalThis.crypto ?? {}; // pages that came over plain http have none
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', bytes));
  const hash = await newHash();
  hash.update(bytes);
  return hash.digest();
}

/** sha256.js is a file of its own: few pages need it. */
async function newHash() {
  const { Sha256 } = await arrived('sha256.js', import('./sha256.js'));
  return new Sha256();
}

/**
 * @param {string} name
 * @param {Uint8Array} hash
 * @param {string} expected
 */
function expectHash(name, hash, expected) {
  const isHex = !expected.startsWith('sha256-');
  const found = isHex ? hex(hash) : `sha256-${btoa(String.fromCharCode(...hash))}`;
  const wanted = isHex ? expected.toLowerCase() : expected;
  if (found !== wanted) throw mismatch(name, `the SHA-256 ${found}`, wanted);
}
