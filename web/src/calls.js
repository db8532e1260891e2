import { VqaError, reason } from './errors.js';

/**
 * Where the engine runs: calls by name, in this thread or behind a worker.
 * @typedef {object} Port
 * @property {(module: WebAssembly.Module, options: import('./engine.js').EngineOptions) => Promise<Promise<void>[]>} open
 *   starts an engine, in the place of the one before; each of its helpers has come when its promise is fulfilled
 * @property {(name: string, args: any[], given?: ArrayBufferLike[], signal?: AbortSignal) => Promise<any>} call  the engine's method of
 *   that name; buffers that are given away are not copied on their way to a worker; one whose signal aborts is ended before it is done
 *   where threads share the engine's memory
 * @property {boolean} gone  for good: no engine can be started here any more
 * @property {() => void} close
 */

/**
 * An engine in this thread, which has no helpers. Its code comes only here: others have it in the worker.
 * @returns {Promise<Port>}
 */
export async function direct() {
  const { Engine } = await import('./engine.js').catch((error) => {
    throw new VqaError('E_NETWORK', `engine.js can't be loaded: ${reason(error)}`);
  });
  /** @type {any} */
  let engine;
  return {
    async open(module, options) {
      engine = await Engine.open(module, { ...options, threads: 1 }).catch(rethrow);
      return [];
    },
    async call(name, args) {
      if (!engine) throw new VqaError('E_CLOSED', 'vqa is closed');
      try {
        return engine[name](...args);
      } catch (error) {
        return rethrow(error);
      }
    },
    gone: false,
    close() {
      engine = undefined;
    },
  };
}

/** An error of a file of its own, as one of this file. @param {any} error @returns {never} */
function rethrow(error) {
  throw error.name === 'VqaError' ? new VqaError(error.code, error.message) : error;
}
