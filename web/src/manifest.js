// A manifest: a pack in parts, each with its size and hash.
//
//   { "format": "vqa-manifest 1", "name": "...", "licence": "...", "size": bytes of all parts,
//     "parts": [{ "file": name of a file beside the manifest, "size": bytes, "sha256": hex }, ...] }

import { throwIfAborted } from './abort.js';
import { copies, reuse } from './bytes.js';
import { VqaError, reason } from './errors.js';
import { expectBytes, mismatch, twice } from './integrity.js';

/** @typedef {{ file: string, size: number, sha256: string }} Part */
/** @typedef {{ size: number, parts: Part[] }} Manifest */
/** @typedef {(part: Part, again: boolean) => Promise<import('./download.js').Opened>} OpenPart  again: past all caches */

const FORMAT = 'vqa-manifest 1';

/** Parts that are on their way, or held because one before them is not there yet. */
const AT_ONCE = 3;

/** A part is held until its hash is known, so it can't be of any size. */
const MAX_PART = 64 << 20;

/** A manifest names some 20,000 parts at most. */
const MAX_SIZE = 4 << 20;

/** @param {number} size  of the manifest's file, in bytes */
export function expectManifestSize(size) {
  if (size > MAX_SIZE) throw refusal(`it has more than ${MAX_SIZE} bytes`);
}

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
 * The bytes of a pack: its parts in order, several on their way at once, each given only when it is known to be right.
 * @param {Manifest} manifest
 * @param {OpenPart} open
 * @param {import('./meter.js').Meter} meter
 * @param {import('./bytes.js').Spare} spare
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* readParts({ parts }, open, meter, spare, signal) {
  const waiting = [...parts];
  /** @type {Promise<Uint8Array<ArrayBuffer>>[]} */
  const coming = [];
  while (waiting.length || coming.length) {
    while (coming.length < AT_ONCE && waiting.length) {
      const part = /** @type {Part} */ (waiting.shift());
      coming.push(twice((again) => readPart(part, open(part, again), meter, spare, signal)));
    }
    const [first] = coming;
    await Promise.race([first, Promise.all(coming)]); // the first that fails ends it
    coming.shift();
    yield* copies(await first, spare);
  }
}

/**
 * @param {Part} part
 * @param {Promise<import('./download.js').Opened>} opening
 * @param {import('./meter.js').Meter} meter
 * @param {import('./bytes.js').Spare} spare
 * @param {AbortSignal} [signal]
 */
async function readPart({ file, size, sha256 }, opening, meter, spare, signal) {
  const opened = await opening;
  const bytes = room(file, size);
  let at = 0;
  try {
    for await (const piece of opened.pieces(spare)) {
      if (at + piece.length > size) throw mismatch(`part ${file}`, `more than ${size} bytes`, `${size}`);
      bytes.set(piece, at);
      at += piece.length;
      reuse(piece, spare);
      meter.arrived(piece.length);
    }
    if (at < size) throw mismatch(`part ${file}`, `${at} bytes`, `${size}`);
    await expectBytes(`part ${file}`, bytes, sha256, signal);
  } catch (error) {
    throwIfAborted(signal);
    meter.arrived(-at);
    throw error;
  }
  return bytes;
}

/** @param {string} file @param {number} size */
function room(file, size) {
  try {
    return new Uint8Array(size);
  } catch {
    throw new VqaError('E_MEMORY', `there is no memory for the ${size} bytes of the part ${file}`);
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

/** @param {string} why */
const refusal = (why) => new VqaError('E_MODEL', `the manifest can't be used: ${why}`);
