import { VqaError, reason } from './errors.js';
import { inTime } from './fetch.js';

/**
 * An engine in a worker, its helpers in others: if one of them stops, all end. Byte ranges are moved over.
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
    async call(name, args, signal) {
      const abort = () => stop && Atomics.store(stop, 0, 1);
      if (stop) Atomics.store(stop, 0, 0);
      signal?.addEventListener('abort', abort);
      try {
        return await engine.call(name, args);
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

/** @typedef {{ call(name: string, args: any[]): Promise<any>, gone: boolean, end(error: VqaError): void }} Connection */

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
  worker.onmessage = ({ data: { id, result, error, lock } }) => {
    if (lock) return void navigator.locks.request(lock, () => stopped('it ended')).catch(() => {});
    if (id === undefined) return fail(new VqaError(error.code, error.message));
    answered = true;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error) caller?.reject(new VqaError(error.code, error.message));
    else caller?.resolve(result);
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    stopped(event.message || 'its script could not be loaded');
  };
  worker.onmessageerror = () => stopped('a message was lost');

  /** @param {string} why */
  function stopped(why) {
    fail(answered ? new VqaError('E_CRASH', `the worker stopped (${why}): call createVqa() anew`) : new VqaError('E_WASM', `the worker failed: ${why}`));
  }

  /** @param {VqaError} error */
  function fail(error) {
    if (ended) return;
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
    async call(call, args) {
      if (ended) throw ended;
      const answer = new Promise((resolve, reject) => {
        const id = ++lastId;
        worker.postMessage({ id, call, args }, args.filter((arg) => arg instanceof Uint8Array).map((arg) => arg.buffer));
        waiting.set(id, { resolve, reject });
      });
      if (!answered) inTime(answer).catch(({ message }) => answered || stopped(message));
      return answer;
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
