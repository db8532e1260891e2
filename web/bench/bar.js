// What this engine has to reach beside onnxruntime-web, and whether it does.

import { CLASSES } from './models.js';

/**
 * @typedef {object} Result  of one model, precision, number of threads and engine; times in milliseconds
 * @property {string} model
 * @property {string} precision
 * @property {number} threads
 * @property {string} engine
 * @property {string} [build]  which of the engine's runtimes
 * @property {number} load_ms  from nothing until a question can be asked, the model fetched from the same machine
 * @property {number} ready_ms  the same with the model's bytes in memory
 * @property {number} first_ms  the first answer
 * @property {number} median_ms
 * @property {number} min_ms
 * @property {number} [ratio]  of the median to that of this engine in the same row of CLASSES
 * @property {number} [second_ms]  further questions about the same picture
 * @property {number} [hear_ms]  of a sound, to its spectrogram: not part of the other times
 * @property {number[][]} all_ms  by rounds
 * @property {number} wasm_bytes  WebAssembly's memory at its peak
 * @property {number} model_bytes
 * @property {number} runtime_bytes
 * @property {number} runtime_gzip_bytes
 * @property {number} score_difference  from this engine's float32 on the command line, see scores.js
 * @property {number} [other_cores]  busy with other programs meanwhile
 * @property {string} browser
 * @property {string} cpu
 *
 * @typedef {{ row: string, target: number, measured: number, most?: boolean }} BarRow
 *   measured: NaN where something was not measured; most: the target must not be exceeded, otherwise it must be reached
 */

/**
 * The rows of the bar.
 * @param {Result[]} results
 * @returns {BarRow[]}
 */
export function bar(results) {
  /** @param {string} model @param {string} kind  of CLASSES @param {string} engine @param {number} threads */
  const of = (model, kind, engine, threads) => {
    const precisions = CLASSES[kind].filter((side) => side.engine === engine).map(({ precision }) => precision);
    return results.filter((r) => r.model === model && r.engine === engine && r.threads === threads && precisions.includes(r.precision));
  };
  const ours = (/** @type {string} */ model, /** @type {string} */ kind, threads = 1) => of(model, kind, 'wasm-vqa', threads)[0];
  /** @param {string} model @param {string[]} kinds  all are needed @param {number} threads @param {(result: Result) => number} [value] */
  const ratio = (model, kinds, threads, value = (result) => result.median_ms) => {
    const fastest = (/** @type {string} */ engine) => {
      const times = kinds.map((kind) => Math.min(...of(model, kind, engine, threads).map(value))); // Infinity: not measured
      return times.every(Number.isFinite) ? Math.min(...times) : NaN;
    };
    return fastest('onnxruntime-web') / fastest('wasm-vqa');
  };
  const both = ['vilt-b32', 'seed-bert-vit'];
  const all = [...both, 'shapes'];

  /** @param {string} what @param {string[]} models @param {string[]} kinds @param {number} target @returns {BarRow[]} */
  const faster = (what, models, kinds, target) => models.flatMap((model) => [1, 2].map((threads) => (
    { row: `${model}, ${threads}T: ${what}`, target, measured: ratio(model, kinds, threads) })));

  return [
    ...faster('q8 against the faster int8, times faster', both, ['q8'], 1.7),
    ...faster('q4 against q4, times faster', both, ['q4'], 3.5),
    ...faster('fastest quantized against fastest quantized, times faster', both, ['q8', 'q4'], 1.8),
    ...faster('q8 against the faster int8, times faster', ['shapes'], ['q8'], 2.5),
    ...faster('float32, times faster', all, ['f32'], 1.4),
    ...faster('encoder and 20 tokens, q8 against the faster int8, times faster', ['whisper-tiny'], ['q8'], 2),
    ...[1, 2].map((threads) => (
      { row: `whisper-tiny q8, ${threads}T: log-mel of 30 s, ms`, target: 60, measured: ours('whisper-tiny', 'q8', threads)?.hear_ms ?? NaN, most: true })),
    { row: 'vilt-b32 q8, 1T: bytes in memory to ready, times faster', target: 4, measured: ratio('vilt-b32', ['q8'], 1, (r) => r.ready_ms) },
    { row: 'vilt-b32 q8, 1T: nothing to the first answer, times faster', target: 2.5, measured: ratio('vilt-b32', ['q8'], 1, (r) => r.load_ms + r.first_ms) },
    ...[1, 2].map((threads) => {
      const { median_ms = NaN, second_ms = NaN } = ours('seed-bert-vit', 'q8', threads) ?? {};
      return { row: `seed-bert-vit q8, ${threads}T: second question on a picture, times faster than the first`, target: 8, measured: median_ms / second_ms };
    }),
    ...[1, 2].map((threads) => {
      const sizes = all.flatMap((model) => Object.keys(CLASSES).map((kind) => ours(model, kind, threads)?.runtime_gzip_bytes)).filter(Number.isFinite);
      return { row: `runtime, ${threads}T: kB with gzip`, target: 100, measured: sizes.length ? Math.max(...sizes) / 1000 : NaN, most: true };
    }),
    ...[1, 2].map((threads) => {
      const { wasm_bytes = NaN, model_bytes = NaN } = ours('vilt-b32', 'q8', threads) ?? {};
      return { row: `vilt-b32 q8, ${threads}T: WebAssembly memory, times the pack`, target: 1.2, measured: wasm_bytes / model_bytes, most: true };
    }),
    ...all.flatMap((model) => Object.keys(CLASSES).map((kind) => (
      { row: `${model} ${kind}: 2 threads against 1, times faster`, target: 1.8, measured: speedup(ours(model, kind, 1), ours(model, kind, 2)) }))),
  ];
}

/** @param {Result | undefined} one @param {Result | undefined} two */
const speedup = (one, two) => (one && two ? one.median_ms / two.median_ms : NaN);

/** Whether a row is met; undefined if it was not measured. @param {BarRow} row */
export function met({ target, measured, most = false }) {
  if (Number.isNaN(measured)) return undefined;
  return most ? measured <= target : measured >= target;
}
