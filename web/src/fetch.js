// Files by address: http(s), data and blob URLs everywhere, paths and file: URLs in Node.

import { abortable, throwIfAborted } from './abort.js';
import { VqaError, reason } from './errors.js';

/**
 * Fetch a file; anything but its bytes is one clear sentence.
 * @param {string | URL} url
 * @param {string} what  names it in errors: 'model', 'runtime', 'picture'
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export async function fetchFile(url, what, signal) {
  const local = localFile(url);
  if (local) return openLocal(local, what);
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw new VqaError('E_NETWORK', `the ${what} ${url} can't be fetched: ${reason(error)}`);
  }
  return expectFile(response, what);
}

/**
 * All bytes of a file.
 * @param {string | URL} url
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url, what, signal) {
  const response = await fetchFile(url, what, signal);
  return arrival(response.arrayBuffer(), `${what} ${url}`, signal);
}

/**
 * Wait for bytes that are on their way; if they break off, that is one clear sentence.
 * @template T
 * @param {Promise<T>} bytes
 * @param {string} what
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function arrival(bytes, what, signal) {
  try {
    return await abortable(bytes, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw new VqaError('E_NETWORK', `the ${what} could not be read to its end: ${reason(error)}`);
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
  if (!response.ok) throw new VqaError('E_NETWORK', `${name} can't be fetched: HTTP status ${response.status}`);
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new VqaError('E_NETWORK', `${name} is not there: the server sent a web page instead`);
  }
  return response;
}

/**
 * Node's own modules, without an import that bundlers for the browser would trip over.
 * @param {string} name
 * @returns {any} undefined in browsers
 */
const nodeModule = (name) => /** @type {any} */ (globalThis).process?.getBuiltinModule?.(`node:${name}`);

/**
 * The file: URL that `url` means in Node, if it means one.
 * @param {string | URL} url
 * @returns {URL | undefined}
 */
function localFile(url) {
  const pathToFileURL = nodeModule('url')?.pathToFileURL;
  if (!pathToFileURL) return undefined;
  const absolute = url instanceof URL || URL.canParse(url) ? new URL(url) : pathToFileURL(url);
  return absolute.protocol === 'file:' ? absolute : undefined;
}

/**
 * @param {URL} url
 * @param {string} what
 * @returns {Promise<Response>}
 */
async function openLocal(url, what) {
  try {
    const blob = await nodeModule('fs').openAsBlob(url);
    return new Response(blob, { headers: { 'content-length': String(blob.size) } });
  } catch (error) {
    throw new VqaError('E_NETWORK', `the ${what} ${url} can't be opened: ${reason(error)}`);
  }
}
