// A manifest: a pack in parts, each with its size and hash.
//
//   { "format": "vqa-manifest 1", "name": "...", "licence": "...", "size": bytes of all parts,
//     "parts": [{ "file": name of a file beside the manifest, "size": bytes, "sha256": hex }, ...] }

import { abortable } from './abort.js';
import { copies, pieces, reuse } from './bytes.js';
import { VqaError, reason } from './errors.js';

/** @typedef {{ file: string, size: number, sha256: string }} Part */
/** @typedef {{ size: number, parts: Part[] }} Manifest */

const FORMAT = 'vqa-manifest 1';

/** A part is held until its hash is known, so it can't be of any size. */
const MAX_PART = 64 << 20;

/**
 * @param {ArrayBuffer} bytes  the manifest's file
 * @returns {Manifest}
 */
export function readManifest(bytes) {
  let manifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw refusal(`it is not JSON (${reason(error)})`);
  }
  if (manifest?.format !== FORMAT) throw refusal(`its format is ${JSON.stringify(manifest?.format)}, expected "${FORMAT}"`);
  if (!Array.isArray(manifest.parts) || !manifest.parts.length) throw refusal('it has no parts');
  manifest.parts.forEach(expectPart);
  const sum = manifest.parts.reduce((/** @type {number} */ sum, /** @type {Part} */ { size }) => sum + size, 0);
  if (manifest.size !== sum) throw refusal(`its size is ${JSON.stringify(manifest.size)}, its parts have ${sum} bytes`);
  return manifest;
}

/**
 * The bytes of a pack, part by part, each only when it is known to be right.
 * @param {Manifest} manifest
 * @param {(file: string) => Promise<import('./bytes.js').Bytes>} open
 * @param {(size: number) => void} arrived  told of bytes as they come
 * @param {import('./bytes.js').Spare} spare
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* readParts({ parts }, open, arrived, spare, signal) {
  for (const part of parts) {
    const { file, size, sha256 } = part;
    const bytes = new Uint8Array(size);
    let at = 0;
    for await (const piece of pieces(await open(file), `part ${file}`, spare, signal)) {
      if (at + piece.length > size) throw damaged(part, `it has more than ${size} bytes`);
      bytes.set(piece, at);
      at += piece.length;
      reuse(piece, spare);
      arrived(piece.length);
    }
    if (at < size) throw damaged(part, `it has ${at} bytes, expected ${size}`);
    const hash = await abortable(hashOf(bytes), signal);
    if (hash && hash !== sha256.toLowerCase()) throw damaged(part, `its SHA-256 is ${hash}, expected ${sha256.toLowerCase()}`);
    yield* copies(bytes, spare);
  }
}

/**
 * @param {any} part
 * @param {number} index
 */
function expectPart(part, index) {
  const name = `part ${index + 1}`;
  if (typeof part?.file !== 'string' || !/^[^/\\]+$/.test(part.file) || /^\.\.?$/.test(part.file)) {
    throw refusal(`${name} has the file ${JSON.stringify(part?.file)}, expected the name of a file beside it`);
  }
  const { file, size, sha256 } = part;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PART) {
    throw refusal(`${name}, ${file}, has the size ${JSON.stringify(size)}, expected 1 to ${MAX_PART}`);
  }
  if (!/^[0-9a-f]{64}$/i.test(sha256)) throw refusal(`${name}, ${file}, has no SHA-256 of 64 hexadecimal digits`);
}

/**
 * Pages that came over plain http can't compute it: then the pack's own checksum has to do.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string | undefined>}
 */
async function hashOf(bytes) {
  const hash = await globalThis.crypto?.subtle?.digest('SHA-256', bytes);
  return hash && Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} why */
const refusal = (why) => new VqaError('E_MODEL', `the manifest can't be used: ${why}`);

/** @param {Part} part @param {string} why */
const damaged = ({ file }, why) => new VqaError('E_MODEL', `the part ${file} is damaged: ${why}`);
