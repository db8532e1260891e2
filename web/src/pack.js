// The loaded model as a pack, read from the engine piece by piece.

import { abortable, throwIfAborted } from './abort.js';
import { PIECE } from './bytes.js';
import { VqaError } from './errors.js';

/** @typedef {(name: string, ...args: any[]) => Promise<any>} Call  calls the engine */

/**
 * After `packSize`, which starts the reading anew.
 * @param {Call} call
 * @param {number} size  of the pack
 * @param {(loaded: number) => void} onBytes
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* packPieces(call, size, onBytes, signal) {
  let loaded = 0;
  while (loaded < size) {
    throwIfAborted(signal);
    const piece = await abortable(call('packRead', PIECE), signal);
    if (!piece.length) throw new VqaError('E_CRASH', `the pack ended after ${loaded} of ${size} bytes`);
    loaded += piece.length;
    yield piece;
    onBytes(loaded);
  }
}

/**
 * The whole pack. Blobs need not lie in the page's memory.
 * @param {Call} call
 * @param {(progress: { loaded: number, total: number }) => void} onProgress
 * @param {AbortSignal} [signal]
 * @returns {Promise<Blob>}
 */
export async function packBlob(call, onProgress, signal) {
  const total = await call('packSize');
  const parts = [];
  for await (const piece of packPieces(call, total, (loaded) => onProgress({ loaded, total }), signal)) parts.push(new Blob([piece]));
  return new Blob(parts, { type: 'application/octet-stream' });
}
