// Models that were loaded before, in the browser's cache as packs. It is only ever a gain: whatever fails here costs
// the cache, never the model.

/** The header that tells what an entry was made of. */
const MADE_OF = 'X-Wasm-Vqa-Made-Of';

/**
 * Raise this when the same files make another pack: quantization, the pack's format, or what is kept with it has changed.
 * Packs of older versions are not found then, and go when the next one is kept.
 */
export const VERSION = 3;

/** @param {number} version */
const nameOf = (version) => `wasm-vqa packs ${version}`;

/**
 * What a model is kept under.
 * @param {URL | undefined} url
 * @param {string} [precision]
 * @returns {string | undefined} undefined for what can't be kept: it has no address, or there is no cache
 */
export function storeKey(url, precision = 'as stored') {
  if (!url || !/^https?:$/.test(url.protocol) || !('caches' in globalThis)) return undefined;
  const key = new URL(url);
  key.searchParams.set('wasm-vqa', precision);
  key.hash = '';
  return key.href;
}

/**
 * @param {string} key
 * @returns {Promise<Response | undefined>}
 */
export async function findStored(key) {
  return attempt(async (cache) => cache.match(key));
}

/**
 * The files that an entry was made of.
 * @param {Response} entry
 * @returns {import('./fresh.js').Made[]}
 */
export const madeOf = ({ headers }) => JSON.parse(headers.get(MADE_OF) ?? '[]');

/** @param {string} key */
export async function removeStored(key) {
  await attempt((cache) => cache.delete(key));
}

/**
 * @param {string} key
 * @param {number} size
 * @param {AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces  of the pack
 * @param {import('./fresh.js').Made[]} files  that it was made of
 * @returns {Promise<boolean>} whether it is kept now
 */
export async function store(key, size, pieces, files) {
  const stream = new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size), [MADE_OF]: JSON.stringify(files) };
  const stored = await attempt(async (cache) => {
    for (let older = 1; older < VERSION; older++) await caches.delete(nameOf(older));
    await cache.delete(key); // makes room
    await cache.put(key, new Response(stream, { headers }));
    return true;
  });
  return stored ?? false;
}

/**
 * @template T
 * @param {(cache: Cache) => Promise<T>} work
 * @returns {Promise<T | undefined>} undefined when the browser refuses: no room, a private window
 */
async function attempt(work) {
  try {
    return await work(await caches.open(nameOf(VERSION)));
  } catch {
    return undefined;
  }
}
