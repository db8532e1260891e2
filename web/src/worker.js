// The worker: { id, call, args } comes in, { id, result } or { id, error } goes back.

import { direct } from './calls.js';
import { reason } from './errors.js';

const port = direct();

self.onmessage = async ({ data: { id, call, args } }) => {
  try {
    const result = await port.call(call, args);
    const moved = result instanceof Uint8Array ? [result.buffer] : []; // bytes are handed over, not copied
    self.postMessage({ id, result }, { transfer: moved });
  } catch (error) {
    const { code = 'E_CRASH' } = /** @type {any} */ (error);
    self.postMessage({ id, error: { code, message: reason(error) } });
  }
};
