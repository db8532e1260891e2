// Bytes from wherever they are, piece by piece as they arrive.

import { VqaError, reason } from './errors.js';
import { arrival, expectFile } from './fetch.js';

/** @typedef {Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array> | Response} ByteSource  the bytes of a pack */
/**
 * Bytes on their way.
 * @typedef {object} Bytes
 * @property {ReadableStream<Uint8Array>} stream
 * @property {number | undefined} size  undefined while nobody knows it
 * @property {boolean} [lent]  what the stream gives stays somebody else's
 */
/**
 * Buffers of PIECE bytes that were used, to be used again: the system takes longer to give fresh memory than it takes to fill it.
 * @typedef {ArrayBuffer[]} Spare
 */

/** Bytes are handed over in pieces of this size, or less. */
export const PIECE = 1 << 20;

/**
 * @param {ByteSource} source
 * @param {string} what  names it in errors
 * @returns {Bytes}
 */
export function bytesOf(source, what) {
  if (source instanceof Response) return fromResponse(expectFile(source, what), what);
  if (source instanceof ReadableStream) return { stream: source, size: undefined, lent: true };
  if (source instanceof Blob) return { stream: source.stream(), size: source.size };
  try {
    return fromBytes(source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  } catch (error) {
    throw new VqaError('E_CALL', `the ${what} can't be read: ${reason(error)}`); // it was moved elsewhere
  }
}

/**
 * Piece by piece; each belongs to who asked for it, with all of its buffer, which may be given to `spare` afterwards.
 * @param {Bytes} bytes
 * @param {string} what  names them in errors
 * @param {Spare} spare
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* pieces({ stream, lent }, what, spare, signal) {
  if (stream.locked) throw new VqaError('E_CALL', `the ${what} stream is being read already`);
  const { reader, fills, read } = open(stream, spare);
  try {
    while (true) {
      const { done, value } = await arrival(read(), what, signal, lent);
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new VqaError('E_CALL', `the ${what} stream gave something that is not a Uint8Array`);
      const whole = !lent && value.length === value.buffer.byteLength;
      if (fills || whole) yield /** @type {Uint8Array<ArrayBuffer>} */ (value);
      else yield* copies(value, spare);
    }
  } finally {
    reader.cancel().catch(() => {}); // ends a download that nobody wants any more
  }
}

/**
 * All pieces as one.
 * @param {AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces
 * @param {Spare} [spare]  that they were read with
 * @param {(size: number) => void} [expect]  throws if so many bytes are too many
 * @returns {Promise<ArrayBuffer>}
 */
export async function joined(pieces, spare = [], expect) {
  const all = [];
  let size = 0;
  for await (const piece of pieces) {
    expect?.(size += piece.length);
    all.push(piece.slice()); // its buffer may be much larger
    reuse(piece, spare);
  }
  return new Blob(all).arrayBuffer();
}

/**
 * These bytes, piece by piece, as pieces() gives them.
 * @param {Uint8Array} bytes
 * @param {Spare} spare
 * @returns {Generator<Uint8Array<ArrayBuffer>>}
 */
export function* copies(bytes, spare) {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const part = bytes.subarray(at, at + PIECE);
    const piece = new Uint8Array(buffer(spare), 0, part.length);
    piece.set(part);
    yield piece;
  }
}

/**
 * Keep the buffer of a piece that was used. Those that streams made have other sizes.
 * @param {Uint8Array<ArrayBuffer>} piece
 * @param {Spare} spare
 */
export function reuse({ buffer }, spare) {
  if (buffer.byteLength === PIECE) spare.push(buffer);
}

/** @param {Spare} spare */
const buffer = (spare) => spare.pop() ?? new ArrayBuffer(PIECE);

/**
 * Begin to read. Streams of files and of the network fill our buffers, except in browsers that are older than that; those of
 * others mostly bring their own.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {Spare} spare
 */
function open(stream, spare) {
  try {
    const reader = stream.getReader({ mode: 'byob' });
    return { reader, fills: true, read: () => reader.read(new Uint8Array(buffer(spare))) };
  } catch {
    const reader = stream.getReader();
    return { reader, fills: false, read: () => reader.read() };
  }
}

/** @param {Response} response @param {string} what */
function fromResponse(response, what) {
  if (!response.body) throw new VqaError('E_NETWORK', `the response for the ${what} has no body`);
  const compressed = response.headers.has('content-encoding'); // then the length is not the file's
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
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += PIECE)));
      else controller.close();
    },
  });
  return { stream, size: bytes.length, lent: true };
}
