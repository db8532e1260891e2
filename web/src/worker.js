// The worker: { id, call, args } comes in, { id, result } or { id, error } goes back. It runs an engine, or helps one that
// runs in another worker, until that ends; { error } tells that it can't go on.

import { Engine } from './engine.js';
import { reason } from './errors.js';
import { startHelper } from './wasm.js';

/** @type {any} */
let engine;

/** @type {Record<string, (...args: any[]) => Promise<any>>} */
const calls = {
  async open(module, options) {
    engine = await Engine.open(module, options);
    return { helpers: engine.helpers, stop: engine.stop };
  },
  async help(module, helper) {
    const run = await startHelper(module, helper);
    setTimeout(() => { // when the answer to this call is on its way
      try {
        run();
      } catch (error) {
        self.postMessage({ error: { code: 'E_CRASH', message: `a thread of the runtime stopped (${reason(error)}): call createVqa() anew` } });
      }
    });
  },
};

self.onmessage = async ({ data: { id, call, args } }) => {
  try {
    const result = await (calls[call] ?? engine[call].bind(engine))(...args);
    const moved = result instanceof Uint8Array ? [result.buffer] : []; // bytes are handed over, not copied
    self.postMessage({ id, result }, { transfer: moved });
  } catch (error) {
    const { code = 'E_CRASH' } = /** @type {any} */ (error);
    self.postMessage({ id, error: { code, message: reason(error) } });
  }
};
