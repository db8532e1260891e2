// A model's bytes, from wherever they are: a pack, or a folder as Hugging Face publishes models.

import { beside, nameOf, readAddress } from './address.js';
import { bytesOf, pieces } from './bytes.js';
import { VqaError } from './errors.js';
import { arrival, fetchBytes, fetchFile, fetchIfThere, MISSING_HERE } from './fetch.js';
import { Files } from './files.js';
import { readManifest, readParts } from './manifest.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('./bytes.js').ByteSource} ByteSource
 * @typedef {import('./meter.js').Meter} Meter
 * @typedef {string | URL | ByteSource | Iterable<File>} ModelSource
 *   an address (of a pack, a folder or a manifest), the bytes of a pack, or files: those of a folder, one pack, or a manifest and its parts
 * @typedef {{ url?: URL, read(meter: Meter, signal?: AbortSignal): AsyncGenerator<Uint8Array> }} Pack
 * @typedef {{ url?: URL, name: string, open(file: string, signal?: AbortSignal): Promise<Bytes | null> }} Folder
 *   open: null if there is no such file
 */

/**
 * Tell what a model is, before anything is fetched.
 * @param {ModelSource} model
 * @returns {Pack | Folder}
 */
export function findModel(model) {
  if (typeof model === 'string' || model instanceof URL) return atAddress(readAddress(model));
  if (isFiles(model)) return inFiles(new Files(model));
  const kinds = [Blob, ArrayBuffer, ReadableStream, Response];
  if (ArrayBuffer.isView(model) || kinds.some((kind) => model instanceof kind)) {
    return packOf(async () => bytesOf(/** @type {ByteSource} */ (model)));
  }
  throw new VqaError('E_CALL', 'the model must be a URL, Blob, ArrayBuffer, typed array, ReadableStream, Response or files');
}

/**
 * @param {unknown} model
 * @returns {model is Iterable<File>}
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
  if (kind === 'manifest') {
    return inParts((signal) => fetchBytes(url, 'manifest', signal),
      async (file, signal) => bytesOf(await fetchFile(beside(file, url), 'part', signal)), url);
  }
  return packOf(async (signal) => bytesOf(await fetchFile(url, 'model', signal)), url);
}

/**
 * @param {URL} url
 * @returns {Folder}
 */
function folderAt(url) {
  let given = false; // whether the folder has given a file, and so is not closed
  return {
    url,
    name: nameOf(url),
    async open(file, signal) {
      const response = await fetchIfThere(beside(file, url), 'model', signal, given ? MISSING_HERE : undefined);
      given ||= response !== null;
      return response && bytesOf(response);
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
    async open(name) {
      const file = files.find(name);
      return file ? bytesOf(file) : null;
    },
  };
}

/**
 * @param {(signal?: AbortSignal) => Promise<Bytes>} open
 * @param {URL} [url]
 * @returns {Pack}
 */
function packOf(open, url) {
  return {
    url,
    async *read(meter, signal) {
      const bytes = await open(signal);
      meter.expect(bytes.size);
      for await (const piece of pieces(bytes, 'model', signal)) {
        meter.arrived(piece.length);
        yield piece;
      }
    },
  };
}

/**
 * @param {(signal?: AbortSignal) => Promise<ArrayBuffer>} read
 * @param {(file: string, signal?: AbortSignal) => Promise<Bytes>} open
 * @param {URL} [url]
 * @returns {Pack}
 */
function inParts(read, open, url) {
  return {
    url,
    async *read(meter, signal) {
      const manifest = readManifest(await read(signal));
      meter.expect(manifest.size);
      yield* readParts(manifest, (file) => open(file, signal), (size) => meter.arrived(size), signal);
    },
  };
}
