// The runtime on its way: the best build that works.

import { abortable, throwIfAborted } from './abort.js';
import { VqaError } from './errors.js';
import { compile, memoryLimit } from './wasm.js';

/** What another build may do better. @type {string[]} */
const CURABLE = ['E_NETWORK', 'E_WASM', 'E_MEMORY'];

/** Compiles builds and starts engines on them. */
export class Starter {
  #port;
  #builds;
  #full;
  #options;
  #signal;
  /** @type {Promise<WebAssembly.Module>} */ #module;
  /** @type {Promise<PromiseSettledResult<void>[]>} */ #helpers = Promise.resolve([]);
  /** @type {string | undefined} */ #trouble;

  /**
   * @param {import('./calls.js').Port} port
   * @param {Record<'small' | 'full', import('./builds.js').Wasm[]>} builds  the best first; small ones unless there are none
   * @param {{ precision?: string, threads: number }} options
   * @param {AbortSignal} [signal]
   */
  constructor(port, builds, options, signal) {
    this.#port = port;
    this.#builds = [...builds.small];
    this.#full = [...builds.full];
    this.#options = options;
    this.#signal = signal;
    this.#module = this.#compile();
  }

  /**
   * Start a fresh engine. Its helpers may come while it is at work.
   * @param {number} [size]  of the model, if it is known
   */
  async open(size) {
    // A pack may have come compressed, and its host need not say so.
    const sizeLimit = size && Math.min(4 * size, 2 ** 32 - 1);
    const options = { ...this.#options, memoryLimit: memoryLimit(size, this.#options.precision), sizeLimit };
    for (;;) {
      try {
        const opened = this.#module.then((module) => this.#port.open(module, options));
        this.#helpers = Promise.allSettled(await abortable(opened, this.#signal));
        return;
      } catch (error) {
        throwIfAborted(this.#signal);
        const curable = error instanceof VqaError && CURABLE.includes(error.code) && !this.#port.gone;
        if (!curable || this.#builds.length < 2) throw error;
        this.#trouble ??= error.message;
        this.#builds.shift();
        this.#module = this.#compile();
      }
    }
  }

  /** The model takes a full build: start that from now on. @returns {boolean} whether there is one */
  full() {
    if (!this.#full.length) return false;
    [this.#builds, this.#full] = [this.#full, []];
    this.#module = this.#compile();
    return true;
  }

  /**
   * Wait until every helper has come, or won't.
   * @returns {Promise<{ threads: number, trouble: string | undefined }>} how many work, the calling one among them, and why it
   *   is not the best build on all threads
   */
  async ready() {
    const helpers = await abortable(this.#helpers, this.#signal);
    const absent = helpers.find(({ status }) => status === 'rejected');
    const trouble = this.#trouble ?? /** @type {any} */ (absent)?.reason.message;
    return { threads: 1 + helpers.filter(({ status }) => status === 'fulfilled').length, trouble };
  }

  #compile() {
    const module = compile(this.#builds[0], this.#signal);
    module.catch(() => {}); // whoever waits for it is told
    return module;
  }
}
