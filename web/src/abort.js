/**
 * The same promise, but rejecting with the signal's reason as soon as it is aborted.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function abortable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Work that ends with its first failure, or when the signal is aborted: then the work's own signal is, too.
 * @template T
 * @param {(signal: AbortSignal, fail: (reason: unknown) => void) => Promise<T>} work  fail: tells of a failure that the work
 *   itself does not wait for
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function failFast(work, signal) {
  throwIfAborted(signal);
  const controller = new AbortController();
  try {
    return await abortable(new Promise((resolve, reject) => work(controller.signal, reject).then(resolve, reject)), signal);
  } catch (error) {
    controller.abort(error);
    throw error;
  }
}

/**
 * What aborts with a signal, and by itself.
 * @param {AbortSignal} [signal]
 */
export function linked(signal) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal && reasonOf(signal));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return controller;
}

/**
 * Throw the signal's reason if it is aborted: signal.throwIfAborted(), which Chrome has from 100 on only.
 * @param {AbortSignal} [signal]
 */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw reasonOf(signal);
}

/**
 * Why a signal was aborted. Chrome tells it from 98 on.
 * @param {AbortSignal} signal
 */
function reasonOf({ reason }) {
  return reason === undefined ? new DOMException('The call was aborted', 'AbortError') : reason;
}
