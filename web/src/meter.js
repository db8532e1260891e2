/**
 * @typedef {{ stage: 'download' | 'verify' | 'quantize' | 'store' | 'ready', loaded: number, total: number | undefined }} Progress
 *   How far createVqa() is. Stages: 'download' while bytes of the model come in, from where it broke off the last time; then
 *   'quantize' where they are those of a folder, 'verify' where they are a pack: the engine checks them and makes the model ready;
 *   'store' while what a folder has become is kept for the next visit; 'ready'. `loaded` and `total` are bytes of that stage, of
 *   all files together; `total` is undefined while nobody knows it.
 */

/** Counts the model's bytes, and tells. */
export class Meter {
  #report;
  #loaded = 0;
  /** @type {number | undefined} */ #total;

  /** @param {(progress: Progress) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * So many bytes are to come beyond those that have arrived.
   * @param {number | undefined} size  undefined: nobody knows
   */
  expect(size) {
    this.#total = size && this.#loaded + size;
  }

  /** @param {number} size  negative for bytes that were in vain */
  arrived(size) {
    this.#loaded += size;
    this.#report({ stage: 'download', loaded: this.#loaded, total: this.#total && Math.max(this.#total, this.#loaded) });
  }

  /**
   * The same pieces, counted as they come.
   * @param {AsyncGenerator<Uint8Array<ArrayBuffer>>} pieces
   */
  async *count(pieces) {
    for await (const piece of pieces) {
      this.arrived(piece.length);
      yield piece;
    }
  }

  /** All bytes are there. @param {'verify' | 'quantize' | 'ready'} stage */
  all(stage) {
    this.#report({ stage, loaded: this.#loaded, total: this.#loaded });
  }

  /**
   * @param {number} loaded
   * @param {number} total
   */
  store(loaded, total) {
    this.#report({ stage: 'store', loaded, total });
  }

  /** The bytes so far were in vain: count anew. */
  restart() {
    this.#loaded = 0;
    this.#total = undefined;
  }
}
