// Files and folders of this machine, in Node; browsers know none.

import { VqaError, reason } from './errors.js';

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
export function localUrl(url) {
  const pathToFileURL = nodeModule('url')?.pathToFileURL;
  if (!pathToFileURL) return undefined;
  const absolute = url instanceof URL || URL.canParse(url) ? new URL(url) : pathToFileURL(url);
  return absolute.protocol === 'file:' ? absolute : undefined;
}

/**
 * What lies there: 'file', 'folder' or nothing.
 * @param {URL} url
 * @returns {'file' | 'folder' | undefined}
 */
export function localKind(url) {
  try {
    return nodeModule('fs').statSync(url).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined; // openLocal() says why
  }
}

/**
 * @param {URL} url
 * @param {string} what  names it in errors
 * @returns {Promise<Response>}
 */
export async function openLocal(url, what) {
  try {
    const blob = await nodeModule('fs').openAsBlob(url);
    return new Response(blob, { headers: { 'content-length': String(blob.size) } });
  } catch (error) {
    throw new VqaError('E_NETWORK', `the ${what} ${url} can't be opened: ${reason(error)}`);
  }
}
