// The runtime and the worker inside one file: the build puts their bytes here. Threads would double its size.

import relaxed from 'inline:vqa-full-relaxed.wasm';
import simd from 'inline:vqa-full.wasm';
import workerCode from 'inline:worker.js';

/**
 * The builds of the runtime, the best first.
 * @type {import('./builds.js').Build[]}
 */
export const BUILDS = [
  { wasm: relaxed, relaxed: true, threads: false },
  { wasm: simd, relaxed: false, threads: false },
];

/** The worker, from a Blob URL: a Content-Security-Policy must allow `worker-src blob:`. */
export function startWorker() {
  const url = URL.createObjectURL(new Blob([workerCode], { type: 'text/javascript' }));
  try {
    return new Worker(url, { type: 'module' });
  } finally {
    URL.revokeObjectURL(url);
  }
}
