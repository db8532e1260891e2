// Files by address: http(s), data and blob URLs everywhere, paths and file: URLs in Node.

import { abortable, linked, throwIfAborted } from './abort.js';
import { VqaError, reason } from './errors.js';
import { localKind, localUrl, openLocal } from './local.js';

/** What relative addresses are relative to; undefined in Node. @returns {string | undefined} */
export const baseUrl = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/**
 * Fetch a file; anything but its bytes is one clear sentence.
 * @param {string | URL} url
 * @param {string} what  names it in errors: 'model', 'runtime', 'picture'
 * @param {AbortSignal} [signal]
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function fetchFile(url, what, signal, init) {
  const local = localUrl(url);
  return local ? openLocal(local, what) : expectFile(await request(url, what, signal, init), what);
}

/** What hosts answer for a file that a folder lacks: 403 comes from those that keep the listing of a folder to themselves. */
export const MISSING_HERE = [403, 404, 410];

/**
 * The same for a file that may be missing: null if it is.
 * @param {URL} url
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @param {number[]} [missing]  the statuses that say so
 * @param {RequestInit} [init]
 * @returns {Promise<Response | null>}
 */
export async function fetchIfThere(url, what, signal, missing = [404], init) {
  const local = localUrl(url);
  if (local) return localKind(local) ? openLocal(local, what) : null;
  const response = await request(url, what, signal, init);
  const status = isPage(response) ? 404 : response.status;
  if (!missing.includes(status)) return expectFile(response, what);
  response.body?.cancel().catch(() => {});
  return null;
}

/** A host that sends nothing for so long is given up. In milliseconds. */
const SILENCE = 30_000;

/**
 * Wait for bytes that are on their way; if they break off, or a host is silent for too long, that is one clear sentence.
 * @template T
 * @param {Promise<T>} bytes
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @param {boolean} [patient]  wait as long as it takes: nobody knows where they come from
 * @returns {Promise<T>}
 */
export async function arrival(bytes, what, signal, patient) {
  try {
    return await abortable(patient ? bytes : inTime(bytes), signal);
  } catch (error) {
    throwIfAborted(signal);
    throw new VqaError('E_NETWORK', `the ${what} could not be read to its end: ${reason(error)}`);
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function inTime(promise) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${SILENCE / 1000} seconds`)), SILENCE);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (silence)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Refuse error pages, and the web pages that servers send in place of a missing file.
 * @param {Response} response
 * @param {string} what
 * @returns {Response}
 */
export function expectFile(response, what) {
  const name = response.url ? `the ${what} ${response.url}` : `the ${what}`;
  if (response.status === 401 || response.status === 403) {
    throw new VqaError('E_NETWORK', `${name} is not given to everyone: HTTP status ${response.status}, ` +
      'as for what is gated, private or misspelt');
  }
  if (!response.ok) throw new VqaError('E_NETWORK', `${name} can't be fetched: HTTP status ${response.status}`);
  if (isPage(response)) throw new VqaError('E_NETWORK', `${name} is not there: the server sent a web page instead`);
  return response;
}

/** Whether it lies on another host than the page. @param {string | URL} url */
export const isForeign = (url) => 'location' in globalThis && new URL(url, baseUrl()).origin !== location.origin;

/** A web page where a file was asked for. @param {Response} response */
export const isPage = ({ ok, headers }) => ok && headers.get('content-type')?.startsWith('text/html');

/**
 * @param {string | URL} url
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
async function request(url, what, signal, init) {
  const controller = linked(signal);
  try {
    return await inTime(fetch(url, { ...init, signal: controller.signal }));
  } catch (error) {
    controller.abort();
    throwIfAborted(signal);
    const hint = isForeign(url) ? ' (its server is not reached, or does not let pages of other sites read it)' : '';
    throw new VqaError('E_NETWORK', `the ${what} ${url} can't be fetched: ${reason(error)}${hint}`);
  }
}
