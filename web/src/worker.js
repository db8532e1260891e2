// The worker: { id, call, args } comes in, { id, result } or { id, error } goes back. It runs an engine, or helps one that
// runs in another worker, until that ends; { error } tells that it can't go on, and { lock } what is free when it has ended.

import { Engine } from './engine.js';
import { VqaError, reason } from './errors.js';
import { startHelper } from './wasm.js';

/** @type {any} */
let engine;

// Who holds it is alive: the page waits for it. Where locks are refused, the page does without.
const lock = `wasm-vqa worker ${Math.random()}`;
const told = new Promise((done) => {
  const hold = () => {
    self.postMessage({ lock });
    done(undefined);
    return new Promise(() => {});
  };
  Promise.resolve(navigator.locks?.request(lock, hold)).catch(() => {}).then(done);
});

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

self.onmessageerror = () => {
  throw new Error('a message was lost'); // which the page gets as an error of this worker
};

self.onmessage = async ({ data: { id, call, args } }) => {
  try {
    await told; // or the page would wait for ever if it ended before
    const result = await (calls[call] ?? engine[call].bind(engine))(...args);
    const moved = result instanceof Uint8Array ? [result.buffer] : []; // bytes are handed over, not copied
    self.postMessage({ id, result }, { transfer: moved });
  } catch (error) {
    const code = error instanceof VqaError ? error.code : 'E_CRASH';
    self.postMessage({ id, error: { code, message: reason(error) } });
  }
};
