import { failFast } from './abort.js';
import { BUILDS, startWorker } from './assets.js';
import { countThreads, expectSupport, fittingBuilds } from './builds.js';
import { direct } from './calls.js';
import { expectOneOf, expectOptions } from './check.js';
import { VqaError } from './errors.js';
import { expectIntegrity } from './integrity.js';
import { loadAndKeep } from './load.js';
import { Meter } from './meter.js';
import { findModel } from './model.js';
import { PRECISIONS } from './precisions.js';
import { remote } from './remote.js';
import { Starter } from './start.js';
import { storeKey, withStore } from './store.js';
import { Picture, Vqa } from './vqa.js';

export { Picture, Vqa, VqaError };

/**
 * @typedef {import('./engine.js').Answer} Answer
 * @typedef {import('./errors.js').EngineErrorCode} EngineErrorCode
 * @typedef {import('./errors.js').VqaErrorCode} VqaErrorCode
 * @typedef {import('./meter.js').Progress} Progress
 * @typedef {import('./bytes.js').ByteSource} ByteSource
 * @typedef {import('./model.js').ModelSource} ModelSource
 * @typedef {import('./picture.js').DecodedBy} DecodedBy
 * @typedef {import('./picture.js').PictureSource} PictureSource
 * @typedef {import('./picture.js').Pixels} Pixels
 * @typedef {import('./question.js').QuestionOptions} QuestionOptions
 * @typedef {import('./sound.js').Samples} Samples
 * @typedef {import('./sound.js').SpeechSource} SpeechSource
 * @typedef {import('./vqa.js').AskOptions} AskOptions
 * @typedef {import('./vqa.js').CallOptions} CallOptions
 * @typedef {import('./vqa.js').PackOptions} PackOptions
 * @typedef {import('./vqa.js').EncodeOptions} EncodeOptions
 * @typedef {import('./engine.js').Heatmap} Heatmap
 * @typedef {import('./vqa.js').Result} Result
 * @typedef {import('./vqa.js').Question} Question
 * @typedef {import('./vqa.js').Segment} Segment
 * @typedef {import('./vqa.js').SpokenQuestion} SpokenQuestion
 * @typedef {import('./vqa.js').Timings} Timings
 * @typedef {import('./vqa.js').TranscribeOptions} TranscribeOptions
 * @typedef {import('./vqa.js').Transcript} Transcript
 */

/**
 * @typedef {object} VqaOptions  options of createVqa()
 * @property {ModelSource} model  the address of a pack, a folder or a manifest (in Node also a path), the bytes of a pack, or files
 * @property {'f32' | 'q8' | 'q4'} [precision]  how weights are kept that come as floats; default: 'q8' for folders, else as they come
 * @property {'opfs' | 'cache' | false} [cache]  where the browser keeps a model that has an address, until its files change: the
 *   origin private file system, which is the default, the Cache API, which is taken where that does not work, or nowhere
 * @property {string} [integrity]  'sha256-' and the SHA-256 in base64 that the pack or the manifest must have
 * @property {'auto' | number} [threads]  to run on, 1..64; 'auto', which is the default: as many as the machine has, at most 8; one
 *   where the page is not cross-origin isolated, without a worker and in Node
 * @property {string | URL | BufferSource | WebAssembly.Module} [wasm]  the runtime, if not the best of the files beside this one
 * @property {boolean} [worker]  run in a worker, so that the page stays responsive; default: where workers exist
 * @property {(progress: Progress) => void} [onProgress]  is told how far loading is
 * @property {AbortSignal} [signal]  ends the download; createVqa() then rejects with the signal's reason
 */

/**
 * Load a model.
 *
 *     const vqa = await createVqa({ model: 'weights/shapes.q8.safetensors' });
 *     const { answer, score, sure } = await vqa.ask(file, 'what color is the circle?'); // 'red', 0.98, true
 *     vqa.close();
 *
 * @param {VqaOptions} options
 * @returns {Promise<Vqa>}
 */
export async function createVqa(options) {
  expectSupport();
  const {
    model, precision, cache = 'opfs', integrity, threads = 'auto', wasm, worker = 'Worker' in globalThis, onProgress = () => {},
  } = expectOptions(options);
  expectOneOf(precision, 'precision', [undefined, ...Object.keys(PRECISIONS)]);
  expectOneOf(cache, 'cache', ['opfs', 'cache', false]);
  const counted = countThreads(threads, worker);
  expectIntegrity(integrity);
  const source = findModel(model, integrity);
  const isFolder = 'open' in source;
  const kept = precision ?? (isFolder ? 'q8' : undefined);
  const port = worker ? remote(startWorker) : await direct();
  try {
    return await failFast(async (signal) => {
      const builds = wasm === undefined ? fittingBuilds(BUILDS, counted.threads) : { small: [wasm], full: [] };
      const starter = new Starter(port, builds, { precision: kept, threads: counted.threads }, signal);
      const meter = new Meter(onProgress);
      const engine = {
        /** @type {import('./pack.js').Call} */
        call: (name, ...args) => port.call(name, args),
        /** @param {Uint8Array<ArrayBuffer>} piece @returns {Promise<Uint8Array<ArrayBuffer>>} the same, where it may be used again */
        take: (piece) => port.call('load', [piece]),
        starter,
        meter,
        signal,
      };
      const key = storeKey(source.url, isFolder ? kept : undefined);
      const cached = await withStore(cache, key, (store) => loadAndKeep(source, { ...engine, store }), signal);
      const { threads: working, trouble = counted.refused } = await starter.ready();
      const { crossOriginIsolated = false } = globalThis;
      const vqa = new Vqa(port, { ...await engine.call('info'), threads: working, crossOriginIsolated, cached });
      if (trouble) console.warn(`wasm-vqa runs slower than it could (${vqa.info.build}, threads: ${working}): ${trouble}`);
      meter.all('ready');
      return vqa;
    }, options.signal);
  } catch (error) {
    port.close();
    throw error;
  }
}
