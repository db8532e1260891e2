// What is kept of a model between visits: its files, in segments, and an index that tells which are whole. It is only ever a
// gain: whatever fails here costs what is kept, never the model.
//
// The index gives each file an id of its own. A segment is named after it and where it begins in the file, so no segment is
// ever taken for one of other bytes, whoever else writes at the same time; and each is written whole or not at all. The index
// lies behind its SHA-256, and so do segments of files that have no checksum of their own.

import { abortable, throwIfAborted } from './abort.js';
import { hashOf, hex } from './integrity.js';
import { openPlace, removeOlder } from './places.js';

/** @typedef {'opfs' | 'cache' | false} CacheKind */
/** @typedef {import('./fresh.js').Made} Made */
/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {Made[]} made  what it was made of
 * @property {boolean} [sealed]  each segment lies behind its SHA-256, as nothing in the file tells whether it is right
 * @property {number} [size]  in bytes; there when the file is whole
 */

/** A segment is written when so many bytes have come. */
const SEGMENT = 1 << 20;

const INDEX = 'index';

/** The bytes of a SHA-256. */
const SEAL = 32;

/** The files of one model. */
export class Store {
  #place;
  #index;
  /** The files that this load asks for. @type {Set<string>} */ #asked = new Set();
  /** Of each file that comes. @type {(() => void)[]} */ #flushes = [];
  /** What is written, one after the other. @type {Promise<void>} */ #writing = Promise.resolve();
  #closed = false;
  #failed = false;

  /** Whether any bytes came from here. */
  used = false;

  /**
   * @param {'opfs' | 'cache'} kind
   * @param {string} key  of the model
   * @returns {Promise<Store | undefined>} undefined if nothing can be kept
   */
  static async open(kind, key) {
    const place = await openPlace(kind, hex(await hashOf(new TextEncoder().encode(key))));
    return place && new Store(place, await readIndex(place));
  }

  /**
   * @param {import('./places.js').Place} place
   * @param {Map<string, Entry>} index
   */
  constructor(place, index) {
    this.#place = place;
    this.#index = index;
  }

  /** Whether the model is kept: everything that this load asked for. */
  get whole() {
    return !this.#failed && this.#index.size > 0 && [...this.#asked].every((file) => this.#index.get(file)?.size !== undefined);
  }

  /**
   * @param {string} file
   * @returns {Entry | undefined}
   */
  find(file) {
    this.#asked.add(file);
    return this.#index.get(file);
  }

  /**
   * The segments of a file, from its beginning up to the first that is missing or damaged.
   * @param {Entry} entry
   * @returns {AsyncGenerator<Blob>}
   */
  async *segments({ id, sealed }) {
    let at = 0;
    for (;;) {
      const name = `${id}.${at}`;
      const segment = await (sealed ? unsealed(this.#place, name) : this.#place.read(name)).catch(() => undefined);
      if (!segment?.size) return;
      yield segment;
      at += segment.size;
    }
  }

  /**
   * Keep what comes of a file.
   * @param {string} file
   * @param {Made[]} made
   * @param {boolean} [sealed]
   * @param {number} [at]  so many bytes of it are kept already
   */
  writer(file, made, sealed, at = 0) {
    const entry = (at && this.#index.get(file)) || { id: String(Math.random()), made, sealed };
    /** @type {Blob[]} */
    let pending = [];
    let size = 0;
    let written = Promise.resolve();
    const isGone = () => this.#index.get(file) !== entry; // removed while it came
    this.#asked.add(file);
    this.#index.set(file, entry);
    const flush = () => {
      if (!size) return;
      const [segment, name] = [new Blob(pending), `${entry.id}.${at}`];
      const first = at === 0;
      at += size;
      pending = [];
      size = 0;
      written = this.#queue(async () => {
        if (isGone()) return;
        await this.#write(name, segment, entry.sealed);
        if (first) await this.#save();
      });
    };
    this.#flushes.push(flush);
    return {
      /** @param {Uint8Array<ArrayBuffer>} piece  is copied */
      add: async (piece) => {
        if (this.#failed) return;
        pending.push(new Blob([piece]));
        size += piece.length;
        const before = written;
        if (size >= SEGMENT) flush();
        await before;
      },
      /** That was all of it. */
      end: () => {
        flush();
        return this.#queue(async () => {
          if (isGone()) return;
          this.#index.set(file, { ...entry, size: at });
          await this.#save();
        });
      },
    };
  }

  /** @param {string} file */
  async remove(file) {
    if (this.#index.delete(file)) await this.#queue(() => this.#sweep());
  }

  /** Remove everything. */
  async clear() {
    this.#index.clear();
    this.#asked.clear();
    this.used = false;
    await this.#queue(() => this.#sweep());
  }

  /** Remove what this load has not asked for, and what older versions have kept. */
  async tidy() {
    for (const file of this.#index.keys()) if (!this.#asked.has(file)) this.#index.delete(file);
    await this.#queue(() => this.#sweep());
    await removeOlder();
  }

  /** Write what has come, and nothing that comes later: from then on the files are those of another load. */
  async close() {
    for (const flush of this.#flushes) flush();
    this.#closed = true;
    await this.#writing;
  }

  /** @param {() => Promise<void>} work  that changes what is kept */
  #queue(work) {
    if (!this.#closed) this.#writing = this.#writing.then(work);
    return this.#writing;
  }

  /** @param {string} name @param {Blob} bytes @param {boolean} [sealed] */
  async #write(name, bytes, sealed) {
    if (this.#failed) return;
    try {
      await this.#place.write(name, sealed ? new Blob([await seal(bytes), bytes]) : bytes);
    } catch {
      this.#failed = true; // no room: what is there of the model gives its own back
      this.#index.clear();
      await this.#sweep();
    }
  }

  #save() {
    return this.#write(INDEX, new Blob([JSON.stringify([...this.#index])]), true);
  }

  /** Remove the segments that the index does not know. */
  async #sweep() {
    try {
      if (!this.#failed) await this.#save();
      const files = await this.#place.files();
      const ids = new Set(Array.from(this.#index.values(), ({ id }) => id)); // after the files: more may have come meanwhile
      for (const name of files) {
        if ((name !== INDEX || this.#failed) && !ids.has(name.slice(0, name.lastIndexOf('.')))) await this.#place.remove(name);
      }
    } catch {
      // it is swept again
    }
  }
}

/**
 * @param {import('./places.js').Place} place
 * @returns {Promise<Map<string, Entry>>}
 */
async function readIndex(place) {
  try {
    return new Map(JSON.parse(await /** @type {Blob} */ (await unsealed(place, INDEX)).text()));
  } catch {
    return new Map(); // there is none yet, or a damaged one
  }
}

/** @param {Blob} bytes */
const seal = async (bytes) => /** @type {Promise<Uint8Array<ArrayBuffer>>} */ (hashOf(new Uint8Array(await bytes.arrayBuffer())));

/**
 * What lies behind its SHA-256; undefined if it is damaged.
 * @param {import('./places.js').Place} place
 * @param {string} name
 */
async function unsealed(place, name) {
  const all = /** @type {Blob} */ (await place.read(name));
  const bytes = all.slice(SEAL);
  return hex(new Uint8Array(await all.slice(0, SEAL).arrayBuffer())) === hex(await seal(bytes)) ? bytes : undefined;
}

/**
 * What a model is kept under.
 * @param {URL | undefined} url
 * @param {string} [precision]  that it is brought to; undefined: the files are kept as they are
 * @returns {string | undefined} undefined for what can't be kept: it has no address
 */
export function storeKey(url, precision) {
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  return `${precision ?? ''} ${url.href.replace(/#.*/, '')}`;
}

/**
 * Work with what is kept of a model, after those who do so in other tabs, and until all is written that the work has left behind.
 * @template T
 * @param {CacheKind} kind
 * @param {string | undefined} key  of the model
 * @param {(store?: Store) => Promise<T>} work  gets none if nothing can be kept
 * @param {AbortSignal} [signal]  ends the waiting, at once
 * @returns {Promise<T>}
 */
export async function withStore(kind, key, work, signal) {
  const { locks } = globalThis.navigator ?? {};
  if (!kind || !key) return work();
  let begun = false;
  const begin = async () => {
    begun = true;
    const store = await Store.open(kind, key);
    try {
      return await work(store);
    } finally {
      await store?.close();
    }
  };
  try {
    return await (locks ? abortable(locks.request(`wasm-vqa ${key}`, { signal }, begin), signal) : begin());
  } catch (error) {
    throwIfAborted(signal);
    if (begun) throw error;
    return begin(); // locks are refused where a page has no origin: nothing can be kept there either
  }
}
