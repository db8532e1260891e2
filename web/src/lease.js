// Models that several parts of a page use at once: each is loaded once, and closed when nobody uses it any more.

import { VqaError, createVqa } from './index.js';

/** @import { Progress, Vqa, VqaOptions } from './index.js' */

/**
 * @typedef {Omit<VqaOptions, 'onProgress' | 'signal'>} LeaseOptions  what says which model it is, and how it runs
 * @typedef {(progress: Progress) => void} Listener
 */

/** A model that is loading or loaded. */
class Shared {
  /** @type {Set<Listener>} of its users, one each */
  users = new Set();
  /** @type {Progress | undefined} the last */
  progress;
  #loading = new AbortController();

  /** @param {LeaseOptions} options */
  constructor(options) {
    this.options = options;
    this.vqa = createVqa({
      ...options,
      signal: this.#loading.signal,
      onProgress: (progress) => {
        this.progress = progress;
        for (const user of this.users) user(progress);
      },
    });
    this.vqa.catch(() => this.retire()); // the users have the error, the next ones load anew
  }

  /** Give it to no further user. */
  retire() {
    models.delete(this);
  }

  /** @param {Listener} user */
  join(user) {
    this.users.add(user);
    if (this.progress) user(this.progress);
  }

  /**
   * Close the model unless somebody joins in this very turn, as what is moved within the page does.
   * @param {Listener} user
   */
  leave(user) {
    this.users.delete(user);
    queueMicrotask(() => {
      if (this.users.size) return;
      this.retire();
      this.#loading.abort();
      this.vqa.then((vqa) => vqa.close(), () => {});
    });
  }
}

/** @type {Set<Shared>} */
const models = new Set();

/**
 * The model that these options name.
 * @param {LeaseOptions} options
 */
function shared(options) {
  const names = /** @type {(keyof LeaseOptions)[]} */ (Object.keys(options));
  for (const model of models) {
    if (names.length === Object.keys(model.options).length && names.every((name) => model.options[name] === options[name])) return model;
  }
  const model = new Shared(options);
  models.add(model);
  return model;
}

/** One user's right to a model. */
export class Lease {
  #options;
  #onProgress;
  #closed = false;
  /** @type {Shared | undefined} */ #model;

  /**
   * Nothing is loaded before vqa() is called.
   * @param {LeaseOptions} options  models with the same ones are the same
   * @param {Listener} onProgress  gets the last progress at once if somebody else loads the model
   */
  constructor(options, onProgress) {
    this.#options = options;
    this.#onProgress = onProgress;
  }

  /**
   * The model, which is loaded where it is not; after a failure that is tried anew. It is not the caller's to close.
   * @returns {Promise<Vqa>}
   */
  async vqa() {
    if (this.#closed) throw new VqaError('E_CLOSED', 'the lease of the model is closed');
    if (!this.#model) {
      this.#model = shared(this.#options);
      this.#model.join(this.#onProgress);
    }
    const model = this.#model;
    try {
      return await model.vqa;
    } catch (error) {
      if (this.#model === model) this.#leave();
      throw error;
    }
  }

  /**
   * Tell what a call of the model failed with: a runtime that crashed is used by nobody again.
   * @param {unknown} error
   * @returns {boolean} whether the model is given up: vqa() loads it anew
   */
  failed(error) {
    if (!(error instanceof VqaError) || error.code !== 'E_CRASH') return false;
    this.#model?.retire();
    this.#leave();
    return true;
  }

  /** Give the right back; the last one to do so closes the model. */
  close() {
    this.#closed = true;
    this.#leave();
  }

  #leave() {
    this.#model?.leave(this.#onProgress);
    this.#model = undefined;
  }
}
