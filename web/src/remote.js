import { VqaError, reason } from './errors.js';

/**
 * An engine in a worker, its helpers in others: if one of them stops, all end. Byte ranges are moved over, those that are not
 * given away as copies.
 * @param {() => Worker} start
 * @returns {import('./calls.js').Port}
 */
export function remote(start) {
  const engine = connect(start, end);
  /** @type {Connection[]} */
  let helpers = [];
  /** A 1 there ends the call under way. @type {Int32Array | undefined} */
  let stop;

  /** @param {VqaError} error */
  function end(error) {
    for (const worker of [engine, ...helpers]) worker.end(error);
    helpers = [];
    stop = undefined; // with it the engine's memory goes
  }

  return {
    async open(module, options) {
      for (const helper of helpers) helper.end(closed());
      helpers = [];
      /** @type {{ helpers: import('./wasm.js').Helper[], stop: number }} */
      const { helpers: wanted, stop: at } = await engine.call('open', [module, options]);
      stop = wanted.length ? new Int32Array(wanted[0].memory.buffer, at, 1) : undefined;
      return wanted.map(async (job) => {
        let came = false;
        const helper = connect(start, (error) => came && end(error));
        helpers.push(helper);
        await helper.call('help', [module, job]);
        came = true;
      });
    },
    async call(name, args, given, signal) {
      const abort = () => stop && Atomics.store(stop, 0, 1);
      if (stop) Atomics.store(stop, 0, 0);
      signal?.addEventListener('abort', abort);
      try {
        return await engine.call(name, args, given);
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    get gone() {
      return engine.gone;
    },
    close: () => end(closed()),
  };
}

const closed = () => new VqaError('E_CLOSED', 'vqa is closed');

/** @typedef {{ call: import('./calls.js').Port['call'], gone: boolean, end(error: VqaError): void }} Connection */

/**
 * A worker that answers calls until it ends, or fails.
 * @param {() => Worker} start
 * @param {(error: VqaError) => void} failed
 * @returns {Connection}
 */
function connect(start, failed) {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: VqaError) => void }>} */
  const waiting = new Map();
  /** @type {VqaError | undefined} */
  let ended;
  let lastId = 0;
  let answered = false;

  const worker = startOrThrow(start);
  worker.onmessage = ({ data: { id, result, error } }) => {
    if (id === undefined) return fail(new VqaError(error.code, error.message));
    answered = true;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error) caller?.reject(new VqaError(error.code, error.message));
    else caller?.resolve(result);
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    fail(answered ? new VqaError('E_CRASH', `the worker stopped (${event.message}): call createVqa() anew`)
      : new VqaError('E_WASM', `the worker failed: ${event.message || 'its script could not be loaded'}`));
  };

  /** @param {VqaError} error */
  function fail(error) {
    end(error);
    failed(error);
  }

  /** @param {VqaError} error */
  function end(error) {
    ended ??= error;
    worker.terminate();
    for (const caller of waiting.values()) caller.reject(ended);
    waiting.clear();
  }

  return {
    call(call, args, given = []) {
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        const own = args.map((arg) => (arg instanceof Uint8Array && !given.includes(arg.buffer) ? arg.slice() : arg));
        worker.postMessage({ id, call, args: own }, own.filter((arg) => arg instanceof Uint8Array).map((arg) => arg.buffer));
        waiting.set(id, { resolve, reject });
      });
    },
    get gone() {
      return ended !== undefined;
    },
    end,
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
