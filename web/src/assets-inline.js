// The runtime and the worker inside one file: the build puts their bytes here.

import runtime from 'inline:vqa.wasm';
import workerCode from 'inline:worker.js';

/** The runtime. */
export const defaultWasm = () => runtime;

/** The worker, from a Blob URL: a Content-Security-Policy must allow `worker-src blob:`. */
export function startWorker() {
  const url = URL.createObjectURL(new Blob([workerCode], { type: 'text/javascript' }));
  try {
    return new Worker(url, { type: 'module' });
  } finally {
    URL.revokeObjectURL(url);
  }
}
