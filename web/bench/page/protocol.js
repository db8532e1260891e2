// What both pages do the same: window.bench(options) loads a model and asks it one question about one picture again and again, or has it
// write down one sound.

import { median } from './statistics.js';

/**
 * @typedef {object} BenchOptions
 * @property {string} model  e.g. 'vilt-b32'
 * @property {string} precision  one that the page's engine has
 * @property {number} [threads]  1 without
 * @property {number} [runs]  measured answers, 10 without
 * @property {number} [warmup]  answers between the first and those, 2 without
 * @property {boolean} [inMemory]  whether the model's bytes are there before the clock starts
 * @property {boolean} [worker]  false: in the page's own thread, where its memory is seen
 *
 * @typedef {object} BenchResult  all times in milliseconds
 * @property {number} load_ms  from nothing, the engine's own script included, until the first question can be asked
 * @property {number} first_ms  the first answer
 * @property {number} median_ms
 * @property {number[]} all_ms
 * @property {number} wasm_bytes  WebAssembly's memory at the end, which is its peak
 * @property {number} [second_ms]  median of further questions about a picture that was looked at
 * @property {number} [hear_ms]  median of what a sound takes until it is a spectrogram: not part of the other times
 * @property {string} [build]  which of its runtimes the engine took
 * @property {{ answer: string, score: number }[]} [answers]  the best, to be compared
 * @property {number[]} [tokens]  what was written, to be compared
 *
 * @typedef {Question | Transcript} Task  as tasks.js writes it
 *
 * @typedef {object} Question
 * @property {string} question
 * @property {number[]} ids  its tokens
 * @property {number[]} mean
 * @property {number[]} std
 * @property {boolean} independent  whether each answer has a probability of its own
 * @property {string[]} labels
 * @property {{ answer: string, score: number }[]} answers  the best, as the command line gives them with float32
 *
 * @typedef {object} Transcript
 * @property {Record<string, any>} config  the model's
 * @property {number[]} tokens  as the command line writes them with float32
 */

/** @param {string} url @returns {Promise<Response>} */
async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} can't be fetched (${response.status})`);
  return response;
}

/** The bytes of a file. @param {string} url */
export const bytesAt = async (url) => new Uint8Array(await (await fetched(url)).arrayBuffer());

/** @param {string} model @returns {Promise<Task>} */
export const taskOf = async (model) => (await fetched(`/models/${model}.json`)).json();

/** The pixels of a model's picture. @param {string} model */
export async function pixelsOf(model) {
  const bitmap = await createImageBitmap(await (await fetched(`/models/${model}.png`)).blob());
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d'));
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** Something that is measured, and the milliseconds of it that don't count. @typedef {() => Promise<{ apart?: number }>} Work */

/** Milliseconds that something takes. @param {Work} work */
async function timed(work) {
  const start = performance.now();
  const { apart = 0 } = await work();
  return performance.now() - start - apart;
}

/**
 * Times of answers.
 * @param {Work} answer
 * @param {BenchOptions} options
 */
export async function answerTimes(answer, { runs = 10, warmup = 2 }) {
  const first_ms = await timed(answer);
  for (let i = 0; i < warmup; i++) await answer();
  const all_ms = [];
  for (let i = 0; i < runs; i++) all_ms.push(await timed(answer));
  return { first_ms, median_ms: median(all_ms), all_ms };
}
