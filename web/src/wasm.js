// The runtime's code: fetched, compiled, and given its memory and the few functions it imports.

import { throwIfAborted } from './abort.js';
import { bytesOf, joined, pieces } from './bytes.js';
import { VqaError, reason } from './errors.js';
import { fetchFile } from './fetch.js';

const PAGE = 65536;
const FIRST_PAGES = 16; // what the runtime starts with
const GB = 2 ** 30;

/** What WASI functions return when there is nothing behind them: ENOSYS. */
const NOT_THERE = () => 52;

/**
 * A helper that the runtime wants: another instance of it, in a worker, that calls thread_run. See src/core/thread_wasm.c.
 * @typedef {{ memory: WebAssembly.Memory, thread: number, stack: number }} Helper
 */

/** What was compiled, once for a page: Chromium does not give it back. @type {WeakMap<URL, WebAssembly.Module>} */
const compiled = new WeakMap();

/**
 * Compile the runtime, while it arrives where that can be.
 * @param {import('./builds.js').Wasm} wasm
 * @param {AbortSignal} [signal]
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(wasm, signal) {
  if (wasm instanceof WebAssembly.Module) return wasm;
  const known = wasm instanceof URL && compiled.get(wasm);
  if (known) return known;
  const fromUrl = typeof wasm === 'string' || wasm instanceof URL;
  const name = `runtime${fromUrl ? ` ${wasm}` : ''}`;
  try {
    if (!fromUrl) return await WebAssembly.compile(wasm);
    const response = await fetchFile(wasm, 'runtime', signal);
    const streams = 'compileStreaming' in WebAssembly && response.headers.get('content-type') === 'application/wasm';
    const streaming = streams && WebAssembly.compileStreaming(response.clone()); // beside it, so that silence is told from slowness
    const bytes = joined(pieces(bytesOf(response, name), name, [], signal));
    const [whole, streamed] = await Promise.all([bytes, streaming]);
    const module = streamed || await WebAssembly.compile(whole);
    if (wasm instanceof URL) compiled.set(wasm, module);
    return module;
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof VqaError) throw error;
    const broken = error instanceof WebAssembly.CompileError || !fromUrl;
    throw broken ? new VqaError('E_WASM', `the ${name} can't be compiled: ${reason(error)}`)
      : new VqaError('E_NETWORK', `the ${name} could not be read to its end: ${reason(error)}`);
  }
}

/**
 * How large the memory may become for a model of `size` bytes: beyond its weights there are pictures being decoded, and half
 * floats that are kept as floats are twice as large. Where several threads share it, browsers reserve as many addresses, so it
 * is no larger than need be.
 * @param {number | undefined} size  undefined: nobody knows
 * @param {string} [precision]  how weights are kept that come as floats; as they come without
 * @returns {number} in bytes
 */
export function memoryLimit(size = 0, precision = 'f32') {
  const growth = precision === 'f32' ? 2.5 : 1.25;
  return Math.min(Math.max(GB, size * growth + GB / 2), 4 * GB);
}

/**
 * Start the runtime.
 * @param {WebAssembly.Module} module
 * @param {number} [limit]  of its memory, in bytes
 * @param {(helper: Helper) => void} [begin]  called with each helper that the runtime wants
 * @returns {Promise<any>} the functions of vqa.h, malloc, free, the memory and its limit
 */
export async function instantiate(module, limit = GB, begin = () => {}) {
  const imported = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
  const memory = imported ? makeMemory(module, limit) : undefined;
  const exports = await instanceOf(module, {
    memory,
    thread_begin: (/** @type {number} */ thread, /** @type {number} */ stack) => memory && begin({ memory, thread, stack }),
  });
  if (!exports.vqa_new) throw new VqaError('E_WASM', 'the runtime is not vqa.wasm: it has no function vqa_new');
  return { memory, limit, ...exports };
}

/**
 * Be a helper: what is returned runs until the runtime ends.
 * @param {WebAssembly.Module} module
 * @param {Helper} helper
 * @returns {Promise<() => void>}
 */
export async function startHelper(module, { memory, thread, stack }) {
  const exports = await instanceOf(module, { memory });
  exports._emscripten_stack_restore(stack);
  return () => exports.thread_run(thread);
}

/**
 * The memory that a module imports; one that has threads shares it.
 * @param {WebAssembly.Module} module
 * @param {number} limit
 * @returns {WebAssembly.Memory}
 */
function makeMemory(module, limit) {
  const shared = WebAssembly.Module.exports(module).some(({ name }) => name === 'thread_run');
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: Math.ceil(limit / PAGE), shared });
  } catch (error) {
    throw new VqaError('E_MEMORY', `the browser does not give the runtime a memory of up to ${limit} bytes: ${reason(error)}`);
  }
}

/**
 * An instance of a module that gets these imports, as far as it wants them.
 * @param {WebAssembly.Module} module
 * @param {Record<string, any>} env
 * @returns {Promise<any>} its exports
 */
async function instanceOf(module, env) {
  /** @type {any} */
  let exports;
  /** Nanoseconds, at `time`. @param {number} _clock @param {bigint} _precision @param {number} time */
  const clock_time_get = (_clock, _precision, time) => {
    const { buffer } = env.memory ?? exports.memory;
    new DataView(buffer).setBigUint64(time >>> 0, BigInt(Math.round(performance.now() * 1e6)), true);
    return 0;
  };
  /** @type {Record<string, any>} */
  const known = {
    emscripten_notify_memory_growth() {},
    environ_get: NOT_THERE,
    environ_sizes_get: NOT_THERE,
    fd_close: NOT_THERE,
    fd_read: NOT_THERE,
    fd_seek: NOT_THERE,
    fd_write: NOT_THERE,
    clock_time_get,
    ...env,
    __proto__: null, // a module may ask for any name
  };
  /** @type {any} */
  const imports = { __proto__: null };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= { __proto__: null };
    imports[from][name] = known[name] ?? (() => { throw new Error(`it called ${from}.${name}`); });
  }
  try {
    ({ exports } = await WebAssembly.instantiate(module, imports));
    return exports;
  } catch (error) {
    const code = error instanceof RangeError ? 'E_MEMORY' : 'E_WASM';
    throw new VqaError(code, `the runtime can't be started: ${reason(error)}`);
  }
}
