// A model on its way into the engine.

import { failFast, throwIfAborted } from './abort.js';
import { beside } from './address.js';
import { pieces, reuse } from './bytes.js';
import { VqaError } from './errors.js';
import { changed } from './fresh.js';
import { findModel } from './model.js';
import { packPieces } from './pack.js';
import { findStored, madeOf, removeStored, store } from './store.js';

/**
 * @typedef {object} Engine  where to, and how
 * @property {import('./pack.js').Call} call
 * @property {(piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>} take  the next bytes, which are given away, and come back
 * @property {import('./start.js').Starter} starter
 * @property {import('./meter.js').Meter} meter
 * @property {AbortSignal} [signal]
 */
/** @typedef {Engine & { spare: import('./bytes.js').Spare, fail(reason: unknown): void }} Taking  fail: ends the loading while the next piece is waited for */

/** Pieces that may be on their way at once: while one is taken in, the next are fetched. */
const AHEAD = 8;

/**
 * Load a model into a fresh engine.
 * @param {import('./model.js').Pack | import('./model.js').Folder} model
 * @param {Engine} to
 */
export async function load(model, to) {
  const { call, starter, meter } = to;
  await failFast(async (signal, fail) => {
    const taking = { ...to, signal, fail, spare: [] };
    if ('open' in model) {
      await starter.open(model.size);
      await loadFolder(model, taking);
    } else {
      const { size, read } = await model.fetch(signal);
      await starter.open(size);
      await takeAll(read(meter, taking.spare), taking);
    }
  }, to.signal);
  meter.load();
  await call('loadEnd');
}

/**
 * The engine says which file it wants next, until it has all.
 * @param {import('./model.js').Folder} folder
 * @param {Taking} to
 */
async function loadFolder(folder, to) {
  const { call, meter, signal, spare } = to;
  let file = await call('openFolder', folder.name);
  while (file) {
    const bytes = await folder.open(file, signal);
    if (bytes) {
      if (isWeights(file)) meter.expect(bytes.size);
      await takeAll(meter.count(pieces(bytes, `model's ${file}`, spare, signal)), to);
    }
    try {
      file = await call('endFile', bytes !== null);
    } catch (error) {
      if (bytes || !folder.url || !(error instanceof VqaError) || error.code !== 'E_MODEL') throw error;
      throw new VqaError('E_MODEL', `${error.message}: nothing is at ${beside(file, folder.url)}`);
    }
  }
}

/**
 * @param {AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces
 * @param {Taking} to
 */
async function takeAll(pieces, { take, fail, spare }) {
  /** @type {Promise<void>[]} */
  const taken = [];
  for await (const piece of pieces) {
    const taking = take(piece).then((used) => reuse(used, spare));
    taking.catch(fail);
    taken.push(taking);
    if (taken.length > AHEAD) await taken.shift();
  }
  await Promise.all(taken);
}

/** Beside the weights, the other files are next to nothing. @param {string} file */
const isWeights = (file) => /\.(safetensors|bin)$/.test(file);

/**
 * Load a model that was kept under this key, unless the files it was made of have changed. A damaged one is removed;
 * what would fail with any bytes, such as too little memory, is thrown.
 * @param {string} key
 * @param {Engine} to
 * @returns {Promise<boolean>} false if there is none that can be used
 */
export async function loadStored(key, to) {
  const response = await findStored(key);
  if (!response || await changed(madeOf(response), to.signal)) return false;
  try {
    await load(findModel(response), to);
    return true;
  } catch (error) {
    throwIfAborted(to.signal);
    const code = error instanceof VqaError && error.code;
    if (code === 'E_MODEL') await removeStored(key);
    else if (code !== 'E_NETWORK') throw error; // that code: the browser could not read its entry to the end
    to.meter.restart();
    return false;
  }
}

/**
 * Keep the model that was loaded.
 * @param {string} key
 * @param {import('./fresh.js').Made[]} files  that it was made of
 * @param {Engine} from
 * @returns {Promise<boolean>} whether there was room
 */
export async function keep(key, files, { call, meter, signal }) {
  const size = await call('packSize');
  const kept = await store(key, size, packPieces(call, size, (loaded) => meter.store(loaded, size), signal), files);
  throwIfAborted(signal);
  return kept;
}
