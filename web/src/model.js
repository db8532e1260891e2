// A model's bytes, from wherever they are: a pack, or a folder as Hugging Face publishes models.

import { beside, nameOf, readAddress } from './address.js';
import { bytesOf, joined, pieces } from './bytes.js';
import { download } from './download.js';
import { VqaError, reason } from './errors.js';
import { MISSING_HERE } from './fetch.js';
import { Files } from './files.js';
import { expectPieces, twice } from './integrity.js';
import { arrived } from './later.js';

/** @import { ByteSource } from './bytes.js' */

/**
 * @typedef {import('./download.js').Opened} Opened
 * @typedef {import('./meter.js').Meter} Meter
 * @typedef {import('./bytes.js').Spare} Spare
 * @typedef {import('./store.js').Store} Store
 * @typedef {string | URL | ByteSource | FileSystemFileHandle | FileList | readonly File[]} ModelSource
 *   an address (of a pack, a folder or a manifest), the bytes of a pack, or files: those of a folder, one pack, or a manifest and its parts
 * @typedef {{ size: number | undefined, read(meter: Meter, spare: Spare): AsyncGenerator<Uint8Array<ArrayBuffer>> }} Fetched  size: undefined while nobody knows it
 * @typedef {object} Pack
 * @property {URL} [url]
 * @property {boolean} [once]  its bytes can be read once only
 * @property {(signal?: AbortSignal, store?: Store, again?: boolean) => Promise<Fetched>} fetch  again: past all caches
 * @typedef {object} Folder
 * @property {URL} [url]
 * @property {Map<string, import('./fresh.js').Made>} [files]  those that decide what the model answers, if they have an address; complete when it is loaded
 * @property {string} name
 * @property {number} [size]  of all files, if it is known
 * @property {(file: string, signal?: AbortSignal, store?: Store) => Promise<Opened | null>} open  null if there is no such file
 */

/** What people write about a model: a new wording is no other model. */
const CARD = 'README.md';

/**
 * Tell what a model is, before anything is fetched.
 * @param {ModelSource} model
 * @param {string} [integrity]  of the pack or manifest
 * @returns {Pack | Folder}
 */
export function findModel(model, integrity) {
  const found = find(model, integrity);
  if (integrity && 'open' in found) throw new VqaError('E_CALL', `integrity is the promise of one file, and the model is the folder ${found.name}`);
  return found;
}

/**
 * @param {ModelSource} model
 * @param {string} [integrity]
 * @returns {Pack | Folder}
 */
function find(model, integrity) {
  if (typeof model === 'string' || model instanceof URL) return atAddress(readAddress(model), integrity);
  if (isFiles(model)) return inFiles(new Files(model), integrity);
  if (isHandle(model)) return packOf(async (signal) => given(await fileOf(model), 'model', signal), integrity);
  const once = [ReadableStream, Response].some((kind) => model instanceof kind);
  if (once || ArrayBuffer.isView(model) || model instanceof Blob || model instanceof ArrayBuffer) {
    return { ...packOf(async (signal) => given(/** @type {ByteSource} */ (model), 'model', signal), integrity), once };
  }
  throw new VqaError('E_CALL', 'the model must be a URL, Blob, ArrayBuffer, typed array, ReadableStream, Response, FileSystemFileHandle or files');
}

/**
 * @param {unknown} model
 * @returns {model is FileSystemFileHandle}
 */
const isHandle = (model) => 'FileSystemFileHandle' in globalThis && model instanceof FileSystemFileHandle;

/** @param {FileSystemFileHandle} handle */
async function fileOf(handle) {
  try {
    return await handle.getFile();
  } catch (error) {
    throw new VqaError('E_NETWORK', `the model ${handle.name} can't be opened: ${reason(error)}`);
  }
}

/**
 * @param {unknown} model
 * @returns {model is FileList | readonly File[]}
 */
function isFiles(model) {
  if ('FileList' in globalThis && model instanceof FileList) return true;
  return Array.isArray(model) && model.every((file) => file instanceof File);
}

/**
 * @param {import('./address.js').Address} address
 * @param {string} [integrity]
 * @returns {Pack | Folder}
 */
function atAddress({ url, kind }, integrity) {
  if (kind === 'folder') return folderAt(url);
  const promised = integrity !== undefined;
  /** @param {URL} address @param {string} what @param {import('./download.js').Way} way */
  const get = async (address, what, way) => /** @type {Opened} */ (await download(address, what, way));
  const model = kind === 'pack' ? packOf((signal, store, again) => get(url, 'model', { store, name: 'pack', promised, again, signal }), integrity)
    : inParts((again, signal, store) => get(url, 'manifest', { store, name: 'manifest', sealed: true, promised, again, signal }),
      ({ file, sha256 }, again, signal, store) => get(beside(file, url), 'part', { store, name: `${file} ${sha256}`, promised: true, again, signal }), integrity);
  return { ...model, url };
}

/**
 * @param {URL} url
 * @returns {Folder}
 */
function folderAt(url) {
  let given = false; // whether the folder has given a file, and so is not closed
  /** @type {Map<string, import('./fresh.js').Made>} */
  const files = new Map();
  return {
    url,
    files,
    name: nameOf(url),
    async open(name, signal, store) {
      const file = await download(beside(name, url), `model's ${name}`, { store, name, sealed: true, missing: given ? MISSING_HERE : [404], signal });
      if (!file) return null;
      given = true;
      if (name !== CARD) files.set(name, file.made[0]);
      return file;
    },
  };
}

/**
 * @param {Files} files
 * @param {string} [integrity]
 * @returns {Pack | Folder}
 */
function inFiles(files, integrity) {
  const folder = files.beside('config.json');
  if (folder) return inFolder(folder);
  const manifest = files.single('.json');
  if (manifest) {
    return inParts(async (again, signal) => given(manifest, `manifest ${manifest.name}`, signal), async ({ file }, again, signal) => {
      const part = files.beside(manifest.name)?.find(file);
      if (!part) throw new VqaError('E_MODEL', `the part ${file} of ${manifest.name} is not among the files`);
      return given(part, `part ${file}`, signal);
    }, integrity);
  }
  const pack = files.single() ?? files.single('.safetensors');
  if (pack) return packOf(async (signal) => given(pack, 'model', signal), integrity);
  throw new VqaError('E_CALL', 'the files are no model: expected a folder with config.json, one .safetensors file, or a manifest (.json) and its parts');
}

/**
 * @param {Files} files
 * @returns {Folder}
 */
function inFolder(files) {
  files.find('config.json'); // two of them are refused before anything is loaded
  return {
    name: files.folder ?? 'model',
    size: files.size,
    async open(name, signal) {
      const file = files.find(name);
      return file ? given(file, `model's ${name}`, signal) : null;
    },
  };
}

/**
 * What the caller has given.
 * @param {ByteSource} source
 * @param {string} what  names it in errors
 * @param {AbortSignal} [signal]
 * @returns {Opened}
 */
function given(source, what, signal) {
  const bytes = bytesOf(source, what);
  // Before it is read. From then on it refuses this, and pieces() does it.
  signal?.addEventListener('abort', () => bytes.stream.cancel().catch(() => {}));
  return { size: bytes.size, pieces: (spare) => pieces(bytes, what, spare, signal) };
}

/**
 * @param {(signal?: AbortSignal, store?: Store, again?: boolean) => Promise<Opened>} open
 * @param {string} [integrity]
 * @returns {Pack}
 */
export function packOf(open, integrity) {
  return {
    async fetch(signal, store, again) {
      const { size, pieces } = await open(signal, store, again);
      return {
        size,
        read(meter, spare) {
          meter.expect(size);
          return meter.count(expectPieces('model', pieces(spare), integrity));
        },
      };
    },
  };
}

/**
 * @param {(again: boolean, signal?: AbortSignal, store?: Store) => Promise<Opened>} open
 * @param {(part: import('./manifest.js').Part, again: boolean, signal?: AbortSignal, store?: Store) => Promise<Opened>} openPart
 * @param {string} [integrity]  of the manifest
 * @returns {Pack}
 */
function inParts(open, openPart, integrity) {
  return {
    async fetch(signal, store, fresh = false) {
      const { expectManifestSize, readManifest, readParts } = await arrived('manifest.js', import('./manifest.js'));
      const manifest = await twice(async (again) => {
        const { pieces } = await open(again || fresh, signal, store);
        /** @type {Spare} */
        const spare = [];
        return readManifest(await joined(expectPieces('manifest', pieces(spare), integrity), spare, expectManifestSize));
      });
      return {
        size: manifest.size,
        read(meter, spare) {
          meter.expect(manifest.size);
          return readParts(manifest, (part, again) => openPart(part, again, signal, store), meter, spare, signal);
        },
      };
    },
  };
}
