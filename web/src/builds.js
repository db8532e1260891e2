// Which build of the runtime this browser can run, and on how many threads.

import { VqaError } from './errors.js';
import { expect } from './check.js';

/** @typedef {string | URL | BufferSource | WebAssembly.Module} Wasm */
/** @typedef {{ wasm: Wasm, relaxed: boolean, threads: boolean, full?: boolean }} Build */

/** A small module: one function with this code, that leaves a v128. @param {number[]} code */
const moduleOf = (...code) => new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version
  1, 5, 1, 0x60, 0, 1, 0x7b, // type: () -> v128
  3, 2, 1, 0, // one function of that type
  10, code.length + 4, 1, code.length + 2, 0, ...code, 0x0b, // its code; end
]);

const ZERO = [0xfd, 12, ...Array(16).fill(0)]; // v128.const 0
const SIMD_MODULE = moduleOf(...ZERO);
const RELAXED_MODULE = moduleOf(...ZERO, ...ZERO, 0xfd, 0x92, 0x02); // i16x8.relaxed_dot_i8x16_i7x16_s

/** Limits of parallel.h, and of what 'auto' takes: a page leaves the rest of a large machine to others. */
const MAX_THREADS = 64;
const MAX_AUTO = 8;

/** Refuse a browser, or a Node, that can't run any build. */
export function expectSupport() {
  const { versions, getBuiltinModule } = /** @type {any} */ (globalThis).process ?? {};
  if (versions?.node && !getBuiltinModule) {
    throw new VqaError('E_WASM', `this is Node ${versions.node}: use Node 20.16, 22.3 or later`);
  }
  if (typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_MODULE)) return;
  throw new VqaError('E_SIMD', 'this browser lacks WebAssembly SIMD: use Chrome 97, Firefox 114, Safari 16.4 or later');
}

/**
 * How many threads to run on.
 * @param {unknown} wanted  'auto' or a number
 * @param {boolean} worker  whether the engine runs in a worker: others must not wait
 * @returns {{ threads: number, refused?: string }} refused: why there are fewer than a number that was wanted
 */
export function countThreads(wanted, worker) {
  const fits = wanted === 'auto' || Number.isInteger(wanted) && Number(wanted) >= 1 && Number(wanted) <= MAX_THREADS;
  expect(fits, wanted, 'threads', `"auto" or a whole number from 1 to ${MAX_THREADS}`);
  const reason = !worker ? 'the engine runs without a worker'
    : !globalThis.crossOriginIsolated ? 'the page is not cross-origin isolated'
    : !globalThis.SharedArrayBuffer ? 'the browser does not share memory' : undefined;
  if (wanted === 'auto') return { threads: reason ? 1 : Math.min(globalThis.navigator?.hardwareConcurrency || 1, MAX_AUTO) };
  if (reason && wanted !== 1) return { threads: 1, refused: `${wanted} threads are wanted, but ${reason}` };
  return { threads: Number(wanted) };
}

/**
 * Those of the builds that can run here, the best first.
 * @param {Build[]} builds
 * @param {number} threads
 * @returns {Record<'small' | 'full', Wasm[]>}
 */
export function fittingBuilds(builds, threads) {
  const relaxed = WebAssembly.validate(RELAXED_MODULE);
  const fitting = builds.filter((build) => (relaxed || !build.relaxed) && (threads > 1 || !build.threads));
  const those = (/** @type {boolean} */ full) => fitting.filter((build) => !build.full !== full).map(({ wasm }) => wasm);
  return { small: those(false), full: those(true) };
}
