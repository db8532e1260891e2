// The files beside this one. The single-file build takes assets-inline.js instead.

/**
 * The builds of the runtime, the best first: threads bring more than relaxed SIMD instructions do. Full ones have sound,
 * convolutional and recurrent encoders too.
 * @type {import('./builds.js').Build[]}
 */
export const BUILDS = [
  { wasm: new URL('./vqa-relaxed-threads.wasm', import.meta.url), relaxed: true, threads: true },
  { wasm: new URL('./vqa-threads.wasm', import.meta.url), relaxed: false, threads: true },
  { wasm: new URL('./vqa-relaxed.wasm', import.meta.url), relaxed: true, threads: false },
  { wasm: new URL('./vqa.wasm', import.meta.url), relaxed: false, threads: false },
  { wasm: new URL('./vqa-full-relaxed-threads.wasm', import.meta.url), relaxed: true, threads: true, full: true },
  { wasm: new URL('./vqa-full-threads.wasm', import.meta.url), relaxed: false, threads: true, full: true },
  { wasm: new URL('./vqa-full-relaxed.wasm', import.meta.url), relaxed: true, threads: false, full: true },
  { wasm: new URL('./vqa-full.wasm', import.meta.url), relaxed: false, threads: false, full: true },
];

/** The worker. */
export const startWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
