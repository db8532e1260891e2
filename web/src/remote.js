import { VqaError, reason } from './errors.js';

/**
 * An engine in a worker. Byte ranges are copied and moved over, so the caller keeps theirs.
 * @param {() => Worker} start
 * @returns {import('./calls.js').Port}
 */
export function remote(start) {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: VqaError) => void }>} */
  const waiting = new Map();
  /** @type {VqaError | undefined} */
  let ended;
  let lastId = 0;

  const worker = startOrThrow(start);
  worker.onmessage = ({ data: { id, result, error } }) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error) caller?.reject(new VqaError(error.code, error.message));
    else caller?.resolve(result);
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    end(new VqaError('E_WASM', `the worker failed: ${event.message || 'its script could not be loaded'}`));
  };

  /** @param {VqaError} error */
  function end(error) {
    ended ??= error;
    worker.terminate();
    for (const caller of waiting.values()) caller.reject(ended);
    waiting.clear();
  }

  return {
    call(call, args) {
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        const own = args.map((arg) => (arg instanceof Uint8Array ? arg.slice() : arg));
        worker.postMessage({ id, call, args: own }, own.filter((arg) => arg instanceof Uint8Array).map((arg) => arg.buffer));
        waiting.set(id, { resolve, reject });
      });
    },
    close: () => end(new VqaError('E_CLOSED', 'vqa is closed')),
  };
}

/** @param {() => Worker} start */
function startOrThrow(start) {
  try {
    return start();
  } catch (error) {
    throw new VqaError('E_WASM', `the worker can't be started: ${reason(error)}`);
  }
}
