import { VqaError } from './errors.js';
import { arrived } from './later.js';

/**
 * Where the engine runs: calls by name, in this thread or behind a worker.
 * @typedef {object} Port
 * @property {(module: WebAssembly.Module, options: import('./engine.js').EngineOptions) => Promise<Promise<void>[]>} open
 *   starts an engine, in the place of the one before; each of its helpers has come when its promise is fulfilled
 * @property {(name: string, args: any[], signal?: AbortSignal) => Promise<any>} call  the engine's method of that name; byte ranges
 *   are given away to it, with all of their buffers; one whose signal aborts is ended before it is done where threads share the
 *   engine's memory
 * @property {boolean} gone  for good: no engine can be started here any more
 * @property {() => void} close
 */

/**
 * An engine in this thread, which has no helpers. Its code comes only here: others have it in the worker.
 * @returns {Promise<Port>}
 */
export async function direct() {
  const { Engine } = await arrived('engine.js', import('./engine.js'));
  /** @type {any} */
  let engine;
  return {
    async open(module, options) {
      engine = await Engine.open(module, { ...options, threads: 1 });
      return [];
    },
    async call(name, args) {
      if (!engine) throw new VqaError('E_CLOSED', 'vqa is closed');
      return engine[name](...args);
    },
    gone: false,
    close() {
      engine = undefined;
    },
  };
}
