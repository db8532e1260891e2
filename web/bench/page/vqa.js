// This package, as it is published.

import { wasmBytes } from './memory.js';
import { answerTimes, bytesAt, taskOf } from './protocol.js';
import { median } from './statistics.js';

/** @param {import('./protocol.js').BenchOptions} options @returns {Promise<import('./protocol.js').BenchResult>} */
window.bench = async (options) => {
  const { model, precision, threads = 1, inMemory = false, worker = true } = options;
  const { question, pixels } = await taskOf(model);
  const address = `/models/${model}.${precision}.safetensors`;
  const source = inMemory ? await bytesAt(address) : address;

  const start = performance.now();
  const { createVqa } = await import('/dist/index.js');
  const vqa = await createVqa({ model: source, threads, worker, cache: false });
  const load_ms = performance.now() - start;
  const { threads: got = 1, build, peakBytes } = vqa.info;
  if (got !== threads) throw new Error(`the engine runs on ${got} thread${got > 1 ? 's' : ''} and not on ${threads}`);

  const times = await answerTimes(() => vqa.ask(pixels, question), options);
  const picture = await vqa.encode(pixels);
  const { all_ms: second } = await answerTimes(() => picture.ask(question), { ...options, warmup: 0 });
  const { answers } = await picture.ask(question, { topK: 100 });
  return { load_ms, ...times, second_ms: median(second), wasm_bytes: Math.max(peakBytes, wasmBytes()), build, answers };
};
