// This package, as it is published.

import { wasmBytes } from './memory.js';
import { answerTimes, bytesAt, pixelsOf, taskOf } from './protocol.js';
import { median } from './statistics.js';

/** @typedef {import('./protocol.js').BenchOptions} BenchOptions */

/** @param {BenchOptions} options @returns {Promise<import('./protocol.js').BenchResult>} */
window.bench = async (options) => {
  const { model, precision, threads = 1, inMemory = false, worker = true } = options;
  const task = await taskOf(model);
  const address = `/models/${model}.${precision}.safetensors`;
  const source = inMemory ? await bytesAt(address) : address;
  const given = 'tokens' in task ? await bytesAt(`/models/${model}.wav`) : await pixelsOf(model);

  const start = performance.now();
  const { createVqa } = await import('/dist/index.js');
  const vqa = await createVqa({ model: source, threads, worker, cache: false });
  const load_ms = performance.now() - start;
  const { threads: got = 1, build } = vqa.info;
  if (got !== threads) throw new Error(`the engine runs on ${got} thread${got > 1 ? 's' : ''} and not on ${threads}`);

  const measured = 'tokens' in task ? await transcribed(vqa, given, options) : await answered(vqa, given, task.question, options);
  return { load_ms, ...measured, wasm_bytes: Math.max(vqa.info.peakBytes, wasmBytes()), build };
};

/** @param {import('../../src/vqa.js').Vqa} vqa @param {ImageData} pixels @param {string} question @param {BenchOptions} options */
async function answered(vqa, pixels, question, options) {
  const times = await answerTimes(() => vqa.ask(pixels, question), options);
  const picture = await vqa.encode(pixels);
  const { all_ms: second } = await answerTimes(() => picture.ask(question), { ...options, warmup: 0 });
  const { answers } = await picture.ask(question, { topK: 100 });
  return { ...times, second_ms: median(second), answers };
}

/**
 * The encoder and as many steps of the decoder as the model's config says; the spectrogram, which onnxruntime is given, is measured apart.
 * @param {import('../../src/vqa.js').Vqa} vqa
 * @param {Uint8Array} wav
 * @param {BenchOptions} options
 */
async function transcribed(vqa, wav, options) {
  /** @type {number[]} */
  const hear = [];
  const times = await answerTimes(async () => {
    const { timings } = await vqa.transcribe(wav);
    hear.push(timings.hear);
    return { apart: timings.hear };
  }, options);
  const { segments } = await vqa.transcribe(wav);
  return { ...times, hear_ms: median(hear), tokens: segments.flatMap((/** @type {any} */ { tokens }) => tokens) };
}
