// Bytes from wherever they are, piece by piece as they arrive.

import { VqaError } from './errors.js';
import { arrival, expectFile } from './fetch.js';

/** @typedef {Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array> | Response} ByteSource */
/**
 * Bytes on their way.
 * @typedef {object} Bytes
 * @property {ReadableStream<Uint8Array>} stream
 * @property {number | undefined} size  undefined while nobody knows it
 * @property {boolean} [lent]  what the stream gives stays somebody else's
 */

/** Bytes that are there already are handed over in pieces of this size. */
export const PIECE = 1 << 20;

/**
 * @param {ByteSource} source
 * @returns {Bytes}
 */
export function bytesOf(source) {
  if (source instanceof Response) return fromResponse(expectFile(source, 'model'));
  if (source instanceof ReadableStream) return { stream: source, size: undefined, lent: true };
  if (source instanceof Blob) return { stream: source.stream(), size: source.size };
  if (source instanceof ArrayBuffer) return fromBytes(new Uint8Array(source));
  return fromBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
}

/**
 * Piece by piece; each belongs to who asked for it, with all of its buffer.
 * @param {Bytes} bytes
 * @param {string} what  names them in errors
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* pieces({ stream, lent }, what, signal) {
  if (stream.locked) throw new VqaError('E_CALL', `the ${what} stream is being read already`);
  const reader = stream.getReader();
  try {
    while (true) {
      const { done, value } = await arrival(reader.read(), what, signal);
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new VqaError('E_CALL', `the ${what} stream gave something that is not a Uint8Array`);
      yield lent || value.length < value.buffer.byteLength ? value.slice() : /** @type {Uint8Array<ArrayBuffer>} */ (value);
    }
  } finally {
    reader.cancel().catch(() => {}); // ends a download that nobody wants any more
  }
}

/** @param {Response} response */
function fromResponse(response) {
  if (!response.body) throw new VqaError('E_NETWORK', 'the response for the model has no body');
  const compressed = response.headers.has('content-encoding'); // then the length is not the model's
  const size = compressed ? undefined : Number(response.headers.get('content-length')) || undefined;
  const lent = !response.url; // it was not fetched: a stream of the caller's may be in it
  return { stream: response.body, size, lent };
}

/** @param {Uint8Array} bytes */
function fromBytes(bytes) {
  let at = 0;
  /** @type {ReadableStream<Uint8Array>} */
  const stream = new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += PIECE)));
      else controller.close();
    },
  });
  return { stream, size: bytes.length };
}
