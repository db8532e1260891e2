// The runtime's code: fetched, compiled, and given the few functions it imports.

import { VqaError, reason } from './errors.js';
import { fetchBytes } from './fetch.js';

/** The smallest module with a SIMD instruction: one function that returns v128.const 0. */
const SIMD_MODULE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version
  1, 5, 1, 0x60, 0, 1, 0x7b, // type: () -> v128
  3, 2, 1, 0, // one function of that type
  10, 22, 1, 20, 0, 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b, // v128.const 0; end
]);

/** What WASI functions return when there is nothing behind them: ENOSYS. */
const NOT_THERE = () => 52;

/** @type {Record<string, Function>} */
const KNOWN_IMPORTS = {
  emscripten_notify_memory_growth() {},
  environ_get: NOT_THERE,
  environ_sizes_get: NOT_THERE,
  fd_close: NOT_THERE,
  fd_read: NOT_THERE,
  fd_seek: NOT_THERE,
  fd_write: NOT_THERE,
};

/**
 * Compile the runtime.
 * @param {string | URL | BufferSource | WebAssembly.Module} wasm
 * @param {AbortSignal} [signal]
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(wasm, signal) {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(SIMD_MODULE)) {
    throw new VqaError('E_SIMD', 'this browser lacks WebAssembly SIMD: use Chrome 97, Firefox 114, Safari 16.4 or later');
  }
  if (wasm instanceof WebAssembly.Module) return wasm;
  const fromUrl = typeof wasm === 'string' || wasm instanceof URL;
  const bytes = fromUrl ? await fetchBytes(wasm, 'runtime', signal) : wasm;
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new VqaError('E_WASM', `the runtime${fromUrl ? ` ${wasm}` : ''} can't be compiled: ${reason(error)}`);
  }
}

/**
 * Start the runtime.
 * @param {WebAssembly.Module} module
 * @returns {Promise<any>} the functions of vqa.h, malloc, free and the memory
 */
export async function instantiate(module) {
  let exports;
  try {
    ({ exports } = await WebAssembly.instantiate(module, importsFor(module)));
  } catch (error) {
    const code = error instanceof RangeError ? 'E_MEMORY' : 'E_WASM';
    throw new VqaError(code, `the runtime can't be started: ${reason(error)}`);
  }
  if (!exports.vqa_new) throw new VqaError('E_WASM', 'the runtime is not vqa.wasm: it has no function vqa_new');
  return exports;
}

/**
 * The functions a module imports. One that is not known throws its name when it is called.
 * @param {WebAssembly.Module} module
 * @returns {WebAssembly.Imports}
 */
function importsFor(module) {
  /** @type {Record<string, Record<string, any>>} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = KNOWN_IMPORTS[name] ?? (() => { throw new Error(`it called ${from}.${name}`); });
  }
  return imports;
}
