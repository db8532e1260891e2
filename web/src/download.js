// A file at an address, on its way: what is kept of it, then the rest from the network, which may break off and go on.

import { abortable, throwIfAborted } from './abort.js';
import { bytesOf, pieces, reuse } from './bytes.js';
import { VqaError, reason } from './errors.js';
import { fetchIfThere, fetchFile } from './fetch.js';
import { changed, described, validator } from './fresh.js';

/** @typedef {import('./bytes.js').Spare} Spare */
/**
 * @typedef {object} Opened  bytes that are read once
 * @property {number | undefined} size  undefined while nobody knows it
 * @property {(spare: Spare) => AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces  as pieces() of bytes.js gives them
 */
/** @typedef {Opened & { made: import('./fresh.js').Made[] }} Download  made: what its bytes are made of */
/**
 * @typedef {object} Way
 * @property {boolean} [sealed]  nothing in its bytes tells whether they are right: what is kept of them gets what does
 * @property {import('./store.js').Store} [store]  where it is kept
 * @property {string} name  that it has there
 * @property {boolean} [promised]  its bytes are checked by who asked for them, so the host need not be asked whether they are the same
 * @property {boolean} [again]  what is kept here or by the browser won't do
 * @property {number[]} [missing]  statuses that say that there is no such file
 * @property {AbortSignal} [signal]
 */

/** So long nothing is tried after a break, then another break, and so on; bytes that come begin it anew. In milliseconds. */
const PAUSES = [0, 1000, 3000, 9000];

/** The bytes so far can't be used: the file has changed since, or what was kept is damaged. */
export class Stale extends VqaError {
  /** @param {string} message */
  constructor(message) {
    super('E_NETWORK', message);
  }
}

/**
 * @param {URL} url
 * @param {string} what  names it in errors
 * @param {Way} way
 * @returns {Promise<Download | null>} null if there is no such file
 */
export async function download(url, what, way) {
  const { store, name, sealed, promised, again, missing, signal } = way;
  if (again) await store?.remove(name);
  const entry = store?.find(name);
  const kept = store && entry ? entry.size ?? await sizeOf(store.segments(entry)) : 0;
  const isWhole = kept && (kept === entry?.size || kept === Number(entry?.made[0].size));
  if (store && entry && isWhole && (promised || !await changed(entry.made, signal))) {
    if (entry.size === undefined) await store.writer(name, entry.made, sealed, kept).end(); // it was left before that was noted
    return fromStore(store, { ...entry, size: kept }, what, signal);
  }
  // To go on is only a gain: where it is refused, the file is asked for as ever.
  const rest = kept && entry && !isWhole ? await requestRest(url, what, kept, entry.made[0], signal).catch(() => throwIfAborted(signal)) : null;
  // The browser's own cache may spoil a file (Chromium's does, when a host answers 416), and nothing would tell if it is sealed here.
  /** @type {RequestInit} */
  const init = { cache: sealed ? 'no-store' : again ? 'reload' : 'default' };
  const response = rest ?? (missing ? await fetchIfThere(url, what, signal, missing, init) : await fetchFile(url, what, signal, init));
  if (!response) return null;
  const from = rest?.status === 206 ? kept : 0;
  if (!from && response.status === 206) throw new VqaError('E_NETWORK', `the ${what} ${url} came in part, and all of it was asked for: HTTP status 206`);
  const made = described(url, response);
  if (from && entry) made.size = entry.made[0].size;
  const { size } = bytesOf(response, what);
  return {
    made: [made],
    size: size && from + size,
    pieces: (spare) => arriving(url, what, made, { response, from }, way, spare),
  };
}

/**
 * What is kept of a file that is whole.
 * @param {import('./store.js').Store} store
 * @param {import('./store.js').Entry} entry
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @returns {Download}
 */
export function fromStore(store, entry, what, signal) {
  const { size = 0, made } = entry;
  return { size, made, pieces: (spare) => keptPieces(store, entry, size, what, spare, signal) };
}

/**
 * @param {URL} url
 * @param {string} what
 * @param {import('./fresh.js').Made} made
 * @param {{ response: Response, from: number }} begin  from: so many bytes are kept, and the response has the others
 * @param {Way} way
 * @param {Spare} spare
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
async function* arriving(url, what, made, begin, { store, name, sealed, promised, signal }, spare) {
  const entry = store?.find(name);
  let at = begin.from;
  if (at && store && entry) yield* keptPieces(store, entry, at, what, spare, signal);
  const writer = validator(made) || promised ? store?.writer(name, [made], sealed, at) : undefined; // else nobody could tell when it changes
  let broken = 0;
  /** @type {Response | null} */
  let response = begin.response;
  for (;;) {
    try {
      if (!response) {
        await pause(PAUSES[broken++], signal);
        response = await requestRest(url, what, at, made, signal);
        if (!response) throw new Stale(`the ${what} ${url} changed while it came`);
      }
      let skip = response.status === 206 ? 0 : at; // who does not know ranges sends all of it
      for await (const piece of pieces(bytesOf(response, what), what, spare, signal)) {
        const fresh = piece.subarray(skip);
        skip -= piece.length - fresh.length;
        if (!fresh.length) {
          reuse(piece, spare);
          continue;
        }
        broken = 0;
        at += fresh.length;
        await writer?.add(fresh);
        yield fresh;
      }
      if (at < Number(made.size)) throw new VqaError('E_NETWORK', `the ${what} ${url} ended after ${at} of ${made.size} bytes`);
      await writer?.end();
      return;
    } catch (error) {
      throwIfAborted(signal);
      const isBreak = error instanceof VqaError && error.code === 'E_NETWORK' && !(error instanceof Stale);
      if (!isBreak || !validator(made) || broken === PAUSES.length) throw error;
      response = null;
    }
  }
}

/**
 * @param {import('./store.js').Store} store
 * @param {import('./store.js').Entry} entry
 * @param {number} size  that it must have
 * @param {string} what
 * @param {Spare} spare
 * @param {AbortSignal} [signal]
 */
async function* keptPieces(store, entry, size, what, spare, signal) {
  let at = 0;
  store.used = true;
  try {
    for await (const segment of store.segments(entry)) {
      for await (const piece of pieces(bytesOf(segment, what), what, spare, signal)) {
        at += piece.length;
        yield piece;
      }
      if (at >= size) break; // more may be there by now
    }
  } catch (error) {
    throwIfAborted(signal);
    throw new Stale(`what is kept of the ${what} can't be read: ${reason(error)}`);
  }
  if (at !== size) throw new Stale(`${at} bytes of the ${what} are kept, expected ${size}`);
}

/**
 * Ask for the rest of a file, if it is still the same.
 * @param {URL} url
 * @param {string} what
 * @param {number} at  where the rest begins
 * @param {import('./fresh.js').Made} made
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response | null>} the rest (206) or all of it (200); null if it is another file now
 */
async function requestRest(url, what, at, made, signal) {
  const same = validator(made);
  if (!same) return null;
  /** @type {Record<string, string>} */
  const headers = { Range: `bytes=${at}-` };
  if (!made.foreign) headers['If-Range'] = same; // other hosts would be asked whether they allow it, and may not
  const response = await fetchIfThere(url, what, signal, [416], { headers, cache: 'no-store' });
  if (!response) return null;
  const range = response.headers.get('content-range') ?? `bytes ${at}-`; // other hosts need not show it
  if (validator(described(url, response)) === same && (response.status !== 206 || range.startsWith(`bytes ${at}-`))) return response;
  response.body?.cancel().catch(() => {});
  return null;
}

/** @param {AsyncGenerator<Blob>} blobs */
async function sizeOf(blobs) {
  let sum = 0;
  for await (const { size } of blobs) sum += size;
  return sum;
}

/** @param {number} milliseconds @param {AbortSignal} [signal] */
async function pause(milliseconds, signal) {
  let timer;
  try {
    await abortable(new Promise((done) => { timer = setTimeout(done, milliseconds); }), signal);
  } finally {
    clearTimeout(timer);
  }
}
