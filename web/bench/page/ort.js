// onnxruntime-web's WebAssembly build, the smallest it has.

import { wasmBytes } from './memory.js';
import { answer } from './ort-answer.js';
import { transcribe } from './ort-transcribe.js';
import { bytesAt, taskOf } from './protocol.js';

/** @param {import('./protocol.js').BenchOptions} options @returns {Promise<import('./protocol.js').BenchResult>} */
window.bench = async (options) => {
  const { model, precision, threads = 1, inMemory = false } = options;
  const task = await taskOf(model);
  const address = `/models/${model}.${precision}`;
  const addresses = 'tokens' in task ? [`${address}.encoder.onnx`, `${address}.decoder.onnx`] : [`${address}.onnx`];
  const sources = inMemory ? await Promise.all(addresses.map(bytesAt)) : addresses;

  const start = performance.now();
  const ort = await import('/ort/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.logLevel = 'error';
  const sessions = [];
  for (const source of sources) sessions.push(await ort.InferenceSession.create(source, { executionProviders: ['wasm'] }));
  const load_ms = performance.now() - start;

  const measured = 'tokens' in task ? await transcribe(ort, sessions, task, options) : await answer(ort, sessions[0], task, options);
  return { load_ms, ...measured, wasm_bytes: wasmBytes() };
};
