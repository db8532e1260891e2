// The files beside this one. The single-file build takes assets-inline.js instead.

/** The runtime. */
export const defaultWasm = () => new URL('./vqa.wasm', import.meta.url);

/** The worker. */
export const startWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
