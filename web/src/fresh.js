// Whether files are still the same, as far as their hosts tell.

import { abortable } from './abort.js';
import { isForeign, isPage } from './fetch.js';

/**
 * A file, as its host described it when it was fetched.
 * @typedef {object} Made
 * @property {string} url
 * @property {string | null} etag
 * @property {string | null} modified
 * @property {boolean} settled  modified so long ago that it can't be once more at the same second
 * @property {string | null} size
 * @property {boolean} foreign  another host gave it
 */

/** Clocks differ. In milliseconds. */
const SETTLED = 60_000;

/** Longer than this nobody waits to learn that nothing has changed. In milliseconds. */
const PATIENCE = 5000;

/**
 * @param {URL | string} url  as asked for, before it was redirected
 * @param {Response} response
 * @returns {Made}
 */
export function described(url, { headers, url: from }) {
  const [etag, modified, size] = ['etag', 'last-modified', 'content-length'].map((name) => headers.get(name));
  return { url: String(url), etag, modified, settled: Date.parse(modified ?? '') < Date.now() - SETTLED, size, foreign: isForeign(from || url) };
}

/**
 * What tells one version of a file from another so surely that the bytes of two answers may be joined, if the host tells it.
 * @param {Made} made
 */
export const validator = ({ etag, modified, settled }) => (etag && !etag.startsWith(WEAK) ? etag : settled && modified);

/** How an ETag begins that other bytes may share, such as the same file compressed. */
const WEAK = 'W/';

/**
 * Ask the hosts again. No network, no answer in time, or nothing to compare: then nothing is known to have changed.
 * @param {Made[]} files
 * @param {AbortSignal} [signal]
 * @param {number} [patience]
 * @returns {Promise<boolean>}
 */
export async function changed(files, signal, patience = PATIENCE) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patience);
  try {
    const now = await abortable(Promise.all(files.map(({ url }) => ask(url, controller.signal))), signal);
    return files.some((file, i) => differ(file, now[i]));
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Made | undefined>}
 */
async function ask(url, signal) {
  try {
    const response = await fetch(url, { method: 'HEAD', cache: 'no-cache', signal });
    return response.ok && !isPage(response) ? described(url, response) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Only what was told both times can differ.
 * @param {Made} before
 * @param {Made} [now]
 */
function differ(before, now) {
  if (!now) return false;
  const [a, b] = [before.etag, now.etag].map((etag) => etag?.replace(WEAK, '')); // weak or not as the file came compressed or not
  if (a && b) return a !== b;
  return [[before.modified, now.modified], [before.size, now.size]].some(([a, b]) => a && b && a !== b);
}
