// The model's bytes, from wherever they are, piece by piece as they arrive.

import { VqaError } from './errors.js';
import { arrival, expectFile, fetchFile } from './fetch.js';

/** @typedef {string | URL | Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array> | Response} ModelSource */

/** Bytes that are in memory already are handed over in pieces of this size. */
const PIECE = 1 << 20;

/**
 * Refuse what is no model, before anything is fetched.
 * @param {unknown} model
 */
export function expectModel(model) {
  const kinds = [URL, Blob, ArrayBuffer, ReadableStream, Response];
  if (typeof model === 'string' || ArrayBuffer.isView(model) || kinds.some((kind) => model instanceof kind)) return;
  throw new VqaError('E_CALL', 'the model must be a URL, Blob, ArrayBuffer, typed array, ReadableStream or Response');
}

/**
 * Read a model.
 * @param {ModelSource} model
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<{ bytes: Uint8Array, loaded: number, total: number | undefined }>}
 *   `total` is undefined while nobody knows it
 */
export async function* readModel(model, signal) {
  const { stream, total } = await open(model, signal);
  if (stream.locked) throw new VqaError('E_CALL', 'the model stream is being read already');
  const reader = stream.getReader();
  let loaded = 0;
  try {
    while (true) {
      const { done, value } = await arrival(reader.read(), 'model', signal);
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new VqaError('E_CALL', 'the model stream gave something that is not a Uint8Array');
      loaded += value.length;
      yield { bytes: value, loaded, total: total && Math.max(total, loaded) };
    }
  } finally {
    reader.cancel().catch(() => {}); // ends a download that nobody wants any more
  }
}

/**
 * @param {ModelSource} model
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ stream: ReadableStream<Uint8Array>, total: number | undefined }>}
 */
async function open(model, signal) {
  if (typeof model === 'string' || model instanceof URL) return fromResponse(await fetchFile(model, 'model', signal));
  if (model instanceof Response) return fromResponse(expectFile(model, 'model'));
  if (model instanceof ReadableStream) return { stream: model, total: undefined };
  if (model instanceof Blob) return { stream: model.stream(), total: model.size };
  if (model instanceof ArrayBuffer) return fromBytes(new Uint8Array(model));
  return fromBytes(new Uint8Array(model.buffer, model.byteOffset, model.byteLength));
}

/** @param {Response} response */
function fromResponse(response) {
  if (!response.body) throw new VqaError('E_NETWORK', 'the response for the model has no body');
  const compressed = response.headers.has('content-encoding'); // then the length is not the model's
  const total = compressed ? undefined : Number(response.headers.get('content-length')) || undefined;
  return { stream: response.body, total };
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
  return { stream, total: bytes.length };
}
