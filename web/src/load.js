// A model on its way into the engine.

import { failFast, throwIfAborted } from './abort.js';
import { beside } from './address.js';
import { reuse } from './bytes.js';
import { Stale, fromStore } from './download.js';
import { VqaError } from './errors.js';
import { changed } from './fresh.js';
import { packOf } from './model.js';
import { packPieces } from './pack.js';

/**
 * @typedef {object} Engine  where to, and how
 * @property {import('./pack.js').Call} call
 * @property {(piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>} take  the next bytes, which are given away, and come back
 * @property {import('./start.js').Starter} starter
 * @property {import('./meter.js').Meter} meter
 * @property {AbortSignal} [signal]
 * @property {import('./store.js').Store} [store]  what is kept of the model
 */
/** @typedef {Engine & { spare: import('./bytes.js').Spare, fail(reason: unknown): void }} Taking  fail: ends the loading while the next piece is waited for */

/** Pieces that may be on their way at once: while one is taken in, the next are fetched. */
const AHEAD = 8;

/**
 * Load a model into a fresh engine.
 * @param {import('./model.js').Pack | import('./model.js').Folder} model
 * @param {Engine} to
 * @param {boolean} [again]  a pack from an address is fetched past all caches
 */
export async function load(model, to, again) {
  const { call, starter, meter, store } = to;
  await failFast(async (signal, fail) => {
    const taking = { ...to, signal, fail, spare: [] };
    if ('open' in model) {
      await starter.open(model.size);
      await loadFolder(model, taking);
    } else {
      const { size, read } = await model.fetch(signal, store, again);
      await starter.open(size);
      await takeAll(read(meter, taking.spare), taking);
    }
  }, to.signal);
  meter.all('open' in model ? 'quantize' : 'verify');
  await call('loadEnd');
}

/**
 * The engine says which file it wants next, until it has all.
 * @param {import('./model.js').Folder} folder
 * @param {Taking} to
 */
async function loadFolder(folder, to) {
  const { call, meter, signal, spare, store } = to;
  let file = await call('openFolder', folder.name);
  while (file) {
    const bytes = await folder.open(file, signal, store);
    if (bytes) {
      if (isLast(file)) meter.expect(bytes.size);
      await takeAll(meter.count(bytes.pieces(spare)), to);
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
async function takeAll(pieces, { take, fail, spare, signal }) {
  /** @type {Promise<void>[]} */
  const taken = [];
  for await (const piece of pieces) {
    throwIfAborted(signal); // it may have been waited for while the loading ended, and another engine takes its place
    const taking = take(piece).then((used) => reuse(used, spare));
    taking.catch(fail);
    taken.push(taking);
    if (taken.length > AHEAD) await taken.shift();
  }
  await Promise.all(taken);
}

/** The weights, or the last of their shards, end the folder; the small files beside them are next to nothing. @param {string} file */
const isLast = (file) => /\.(safetensors|bin)$/.test(file) && !/-(\d+)-of-(?!\1\.)/.test(file);

/** Under this name a store has what a folder has become. */
const QUANTIZED = 'quantized';

/** What damaged bytes may lead to. */
const OF_BYTES = ['E_MODEL', 'E_INTEGRITY'];

/**
 * Load a model, with what is kept of it, and keep what was not. What is damaged or out of date is removed and fetched anew,
 * once. A pack is also when nothing was kept here: browsers keep what they fetch, damaged on the way or not.
 * @param {import('./model.js').Pack | import('./model.js').Folder} model
 * @param {Engine} to
 * @returns {Promise<boolean>} whether it is kept now
 */
export async function loadAndKeep(model, to) {
  const { store, meter, signal, starter } = to;
  if ('once' in model && model.once) starter.full(); // what it takes is known too late
  for (let again = false; ;) {
    try {
      const quantized = 'open' in model && await findQuantized(to);
      await load(quantized || model, to, again);
      if (!store) return false;
      if ('open' in model && !quantized) await keep([...model.files?.values() ?? []], store, to);
      await store.tidy();
      return store.whole;
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof VqaError && error.code === 'E_BUILD' && starter.full()) {
        meter.restart();
        continue;
      }
      const isStale = error instanceof Stale;
      if (!isStale && !(error instanceof VqaError && OF_BYTES.includes(error.code))) throw error;
      const curable = isStale || store?.used || ('fetch' in model && model.url);
      await store?.clear();
      if (again || !curable) throw error;
      again = true;
      meter.restart();
    }
  }
}

/**
 * What a folder has become before, unless its files have changed since.
 * @param {Engine} to
 * @returns {Promise<import('./model.js').Pack | undefined>}
 */
async function findQuantized({ store, signal }) {
  const entry = store?.find(QUANTIZED);
  if (!store || entry?.size === undefined || await changed(entry.made, signal)) return undefined;
  return packOf(async (signal) => fromStore(store, entry, 'model', signal));
}

/**
 * Keep what a folder has become, in the place of its files; nothing if that fails, or if nobody could tell when they change.
 * @param {import('./fresh.js').Made[]} files  that it was made of
 * @param {import('./store.js').Store} store
 * @param {Engine} from
 */
async function keep(files, store, { call, meter, signal }) {
  await store.clear(); // makes room
  if (!files.every(({ etag, modified }) => etag ?? modified)) return;
  try {
    const writer = store.writer(QUANTIZED, files);
    const size = await call('packSize');
    for await (const piece of packPieces(call, size, (loaded) => meter.store(loaded, size), signal)) await writer.add(piece);
    await writer.end();
  } catch {
    throwIfAborted(signal);
    await store.clear();
  }
}
