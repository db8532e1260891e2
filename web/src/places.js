// Where a browser keeps bytes for a page: folders of files, each of which is written whole or not at all.

/**
 * One folder.
 * @typedef {object} Place
 * @property {(file: string) => Promise<Blob | undefined>} read
 * @property {(file: string, bytes: Blob) => Promise<unknown>} write
 * @property {(file: string) => Promise<unknown>} remove
 * @property {() => Promise<string[]>} files
 */

/** The folders of this version. Raise it when the same files make another pack: quantization, the pack's format, or what is kept with it has changed. */
export const VERSION = 5;

/** The folders of every version, with its number: the first ones were caches for all models, since then each model has its own. */
const FOLDER = /^wasm-vqa (?:packs (\d+)|(\d+) [\da-f]{64})$/;

/** The first that works counts. @type {Record<'opfs' | 'cache', ((folder: string) => Promise<Place>)[]>} */
const PLACES = { opfs: [inOpfs, inCache], cache: [inCache] };

/**
 * @param {'opfs' | 'cache'} kind
 * @param {string} name  of the folder: a SHA-256 in hexadecimal digits
 * @returns {Promise<Place | undefined>} undefined where the browser keeps nothing: a private window, plain http, Node
 */
export async function openPlace(kind, name) {
  for (const open of PLACES[kind]) {
    const place = await open(`wasm-vqa ${VERSION} ${name}`).catch(() => undefined);
    if (place) return place;
  }
}

/** Remove what older versions have kept, wherever that is. */
export async function removeOlder() {
  await attempt(async () => {
    for (const name of (await caches.keys()).filter(isOlder)) await attempt(() => caches.delete(name));
  });
  await attempt(async () => {
    const root = await navigator.storage.getDirectory();
    for (const name of (await namesIn(root)).filter(isOlder)) await attempt(() => root.removeEntry(name, { recursive: true }));
  });
}

/** @param {string} name */
function isOlder(name) {
  const [, packs, number = packs] = FOLDER.exec(name) ?? [];
  return Number(number) < VERSION;
}

/** What fails is done another time. @param {() => Promise<unknown>} work */
const attempt = (work) => work().catch(() => {});

/**
 * In the origin private file system.
 * @param {string} name
 * @returns {Promise<Place>}
 */
async function inOpfs(name) {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  if (!('createWritable' in FileSystemFileHandle.prototype)) throw new Error('Safari before 26 writes there in workers only');
  return {
    read: async (file) => (await folder.getFileHandle(file)).getFile(),
    async write(file, bytes) {
      const stream = await (await folder.getFileHandle(file, { create: true })).createWritable();
      await stream.write(bytes);
      await stream.close(); // until here the file is as it was
    },
    remove: (file) => folder.removeEntry(file),
    files: () => namesIn(folder),
  };
}

/**
 * In the Cache API.
 * @param {string} name
 * @returns {Promise<Place>}
 */
async function inCache(name) {
  const cache = await caches.open(name);
  return {
    read: async (file) => (await cache.match(`/${file}`))?.blob(),
    write: (file, bytes) => cache.put(`/${file}`, new Response(bytes)),
    remove: (file) => cache.delete(`/${file}`),
    files: async () => (await cache.keys()).map(({ url }) => new URL(url).pathname.slice(1)),
  };
}

/** @param {any} folder  a FileSystemDirectoryHandle @returns {Promise<string[]>} */
async function namesIn(folder) {
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}
