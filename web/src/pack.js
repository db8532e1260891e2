// The loaded model as a pack, read from the engine piece by piece.

import { abortable, throwIfAborted } from './abort.js';
import { PIECE } from './bytes.js';

/** @typedef {(name: string, ...args: any[]) => Promise<any>} Call  calls the engine */

/**
 * @param {Call} call
 * @param {(loaded: number) => void} onBytes
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* packPieces(call, onBytes, signal) {
  let loaded = 0;
  let ended = false;
  try {
    while (true) {
      throwIfAborted(signal);
      const piece = await abortable(call('packRead', PIECE), signal);
      ended = !piece.length;
      if (ended) return;
      loaded += piece.length;
      yield piece;
      onBytes(loaded);
    }
  } finally {
    if (!ended) await rewind(call).catch(() => {});
  }
}

/** A pack that was not read to its end is, so that the next reading starts at its beginning. @param {Call} call */
async function rewind(call) {
  while ((await call('packRead', PIECE)).length);
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
  for await (const piece of packPieces(call, (loaded) => onProgress({ loaded, total }), signal)) parts.push(new Blob([piece]));
  return new Blob(parts, { type: 'application/octet-stream' });
}
