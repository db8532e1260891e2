import { Engine } from './engine.js';
import { VqaError } from './errors.js';

/**
 * Where the engine runs: calls by name, in this thread or behind a worker.
 * @typedef {{ call(name: string, args: any[]): Promise<any>, close(): void }} Port
 */

/**
 * An engine in this thread. `open` starts it; every other call is the method of that name.
 * @returns {Port}
 */
export function direct() {
  /** @type {any} */
  let engine;
  return {
    async call(name, args) {
      if (name === 'open') {
        engine = await Engine.open(args[0], args[1]);
      } else {
        if (!engine) throw new VqaError('E_CLOSED', 'vqa is closed');
        return engine[name](...args);
      }
    },
    close() {
      engine = undefined;
    },
  };
}
