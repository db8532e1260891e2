import { abortable } from './abort.js';
import { defaultWasm, startWorker } from './assets.js';
import { direct } from './calls.js';
import { VqaError } from './errors.js';
import { expectModel, readModel } from './model.js';
import { remote } from './remote.js';
import { Picture, Vqa } from './vqa.js';
import { compile } from './wasm.js';

export { Picture, Vqa, VqaError };

/**
 * @typedef {import('./engine.js').Answer} Answer
 * @typedef {import('./errors.js').VqaErrorCode} VqaErrorCode
 * @typedef {import('./model.js').ModelSource} ModelSource
 * @typedef {import('./picture.js').PictureSource} PictureSource
 * @typedef {import('./vqa.js').AskOptions} AskOptions
 * @typedef {import('./vqa.js').CallOptions} CallOptions
 */

/**
 * How far createVqa() is: bytes of the model so far; `total` is undefined while nobody knows it.
 * @typedef {{ stage: 'download' | 'load' | 'ready', loaded: number, total: number | undefined }} Progress
 */

/**
 * @typedef {object} VqaOptions
 * @property {ModelSource} model  a pack: its address (in Node also a path) or its bytes
 * @property {string | URL | BufferSource | WebAssembly.Module} [wasm]  the runtime, if not the file beside this one
 * @property {boolean} [worker]  run in a worker, so that the page stays responsive; default: where workers exist
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal]  ends the download; createVqa() then rejects with the signal's reason
 */

/**
 * Load a model.
 *
 *     const vqa = await createVqa({ model: 'weights/shapes.q8.safetensors' });
 *     const [best] = await vqa.ask(file, 'what color is the circle?'); // { answer: 'red', score: 0.98 }
 *     vqa.close();
 *
 * @param {VqaOptions} options
 * @returns {Promise<Vqa>}
 */
export async function createVqa(options) {
  const { model, wasm = defaultWasm(), worker = 'Worker' in globalThis, onProgress = () => {}, signal } = { ...options };
  expectModel(model);
  const port = worker ? remote(startWorker) : direct();
  /** @type {(name: string, ...args: any[]) => Promise<any>} */
  const call = (name, ...args) => abortable(port.call(name, args), signal);
  try {
    await call('open', await compile(wasm, signal));
    let loaded = 0;
    for await (const piece of readModel(model, signal)) {
      await call('load', piece.bytes);
      loaded = piece.loaded;
      onProgress({ stage: 'download', loaded, total: piece.total });
    }
    onProgress({ stage: 'load', loaded, total: loaded });
    await call('loadEnd');
    const vqa = new Vqa(port, await call('info'));
    onProgress({ stage: 'ready', loaded, total: loaded });
    return vqa;
  } catch (error) {
    port.close();
    throw error;
  }
}
