// A model's bytes, from wherever they are: a pack, or a folder as Hugging Face publishes models.

import { beside, nameOf, readAddress } from './address.js';
import { bytesOf, pieces } from './bytes.js';
import { VqaError, reason } from './errors.js';
import { arrival, fetchFile, fetchIfThere, MISSING_HERE } from './fetch.js';
import { Files } from './files.js';
import { described } from './fresh.js';
import { readManifest, readParts } from './manifest.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('./bytes.js').ByteSource} ByteSource
 * @typedef {import('./meter.js').Meter} Meter
 * @typedef {import('./bytes.js').Spare} Spare
 * @typedef {string | URL | ByteSource | FileSystemFileHandle | FileList | readonly File[]} ModelSource
 *   an address (of a pack, a folder or a manifest), the bytes of a pack, or files: those of a folder, one pack, or a manifest and its parts
 * @typedef {{ url?: URL, files?: import('./fresh.js').Made[] }} Origin
 *   files: those that decide what the model answers, if they have an address; complete when the model is loaded
 * @typedef {{ size: number | undefined, read(meter: Meter, spare: Spare): AsyncGenerator<Uint8Array<ArrayBuffer>> }} Opened  size: undefined while nobody knows it
 * @typedef {Origin & { fetch(signal?: AbortSignal): Promise<Opened> }} Pack
 * @typedef {Origin & { name: string, size?: number, open(file: string, signal?: AbortSignal): Promise<Bytes | null> }} Folder
 *   size: of all files, if it is known; open: null if there is no such file
 */

/** What people write about a model: a new wording is no other model. */
const CARD = 'README.md';

/**
 * Tell what a model is, before anything is fetched.
 * @param {ModelSource} model
 * @returns {Pack | Folder}
 */
export function findModel(model) {
  if (typeof model === 'string' || model instanceof URL) return atAddress(readAddress(model));
  if (isFiles(model)) return inFiles(new Files(model));
  if (isHandle(model)) return packOf(() => fromHandle(model));
  const kinds = [Blob, ArrayBuffer, ReadableStream, Response];
  if (ArrayBuffer.isView(model) || kinds.some((kind) => model instanceof kind)) {
    return packOf(async () => bytesOf(/** @type {ByteSource} */ (model)));
  }
  throw new VqaError('E_CALL', 'the model must be a URL, Blob, ArrayBuffer, typed array, ReadableStream, Response, FileSystemFileHandle or files');
}

/**
 * @param {unknown} model
 * @returns {model is FileSystemFileHandle}
 */
const isHandle = (model) => 'FileSystemFileHandle' in globalThis && model instanceof FileSystemFileHandle;

/** @param {FileSystemFileHandle} handle */
async function fromHandle(handle) {
  try {
    return bytesOf(await handle.getFile());
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
 * @returns {Pack | Folder}
 */
function atAddress({ url, kind }) {
  if (kind === 'folder') return folderAt(url);
  /** @type {import('./fresh.js').Made[]} */
  const files = [];
  /** @param {string} what @param {AbortSignal} [signal] */
  const fetchIt = async (what, signal) => {
    const response = await fetchFile(url, what, signal);
    files.push(described(url, response));
    return response;
  };
  const model = kind === 'pack' ? packOf(async (signal) => bytesOf(await fetchIt('model', signal)))
    : inParts(async (signal) => arrival((await fetchIt('manifest', signal)).arrayBuffer(), `manifest ${url}`, signal),
      async (file, signal) => bytesOf(await fetchFile(beside(file, url), 'part', signal)));
  return { ...model, url, files };
}

/**
 * @param {URL} url
 * @returns {Folder}
 */
function folderAt(url) {
  let given = false; // whether the folder has given a file, and so is not closed
  /** @type {import('./fresh.js').Made[]} */
  const files = [];
  return {
    url,
    files,
    name: nameOf(url),
    async open(file, signal) {
      const address = beside(file, url);
      const response = await fetchIfThere(address, 'model', signal, given ? MISSING_HERE : undefined);
      if (!response) return null;
      given = true;
      if (file !== CARD) files.push(described(address, response));
      return bytesOf(response);
    },
  };
}

/**
 * @param {Files} files
 * @returns {Pack | Folder}
 */
function inFiles(files) {
  const folder = files.beside('config.json');
  if (folder) return inFolder(folder);
  const manifest = files.only('.json');
  if (manifest) {
    return inParts((signal) => arrival(manifest.arrayBuffer(), `manifest ${manifest.name}`, signal), async (name) => {
      const part = files.beside(manifest.name)?.find(name);
      if (!part) throw new VqaError('E_MODEL', `the part ${name} of ${manifest.name} is not among the files`);
      return bytesOf(part);
    });
  }
  const pack = files.only() ?? files.only('.safetensors');
  if (pack) return packOf(async () => bytesOf(pack));
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
    async open(name) {
      const file = files.find(name);
      return file ? bytesOf(file) : null;
    },
  };
}

/**
 * @param {(signal?: AbortSignal) => Promise<Bytes>} open
 * @returns {Pack}
 */
function packOf(open) {
  return {
    async fetch(signal) {
      const bytes = await open(signal);
      // Before it is read. From then on it refuses this, and pieces() does it.
      signal?.addEventListener('abort', () => bytes.stream.cancel().catch(() => {}));
      return {
        size: bytes.size,
        read(meter, spare) {
          meter.expect(bytes.size);
          return meter.count(pieces(bytes, 'model', spare, signal));
        },
      };
    },
  };
}

/**
 * @param {(signal?: AbortSignal) => Promise<ArrayBuffer>} read
 * @param {(file: string, signal?: AbortSignal) => Promise<Bytes>} open
 * @returns {Pack}
 */
function inParts(read, open) {
  return {
    async fetch(signal) {
      const manifest = readManifest(await read(signal));
      return {
        size: manifest.size,
        read(meter, spare) {
          meter.expect(manifest.size);
          return readParts(manifest, (file) => open(file, signal), (size) => meter.arrived(size), spare, signal);
        },
      };
    },
  };
}
