// onnxruntime-web's WebAssembly build, the smallest it has.

import { wasmBytes } from './memory.js';
import { answerTimes, bytesAt, taskOf } from './protocol.js';

/** @param {import('./protocol.js').BenchOptions} options @returns {Promise<import('./protocol.js').BenchResult>} */
window.bench = async (options) => {
  const { model, precision, threads = 1, inMemory = false } = options;
  const task = await taskOf(model);
  const address = `/models/${model}.${precision}.onnx`;
  const source = inMemory ? await bytesAt(address) : address;

  const start = performance.now();
  const ort = await import('/ort/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(source, { executionProviders: ['wasm'] });
  const load_ms = performance.now() - start;

  const { ids, pixels } = task;
  const inputs = {
    input_ids: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    pixel_values: new ort.Tensor('float32', normalized(task), [1, 3, pixels.height, pixels.width]),
  };
  const times = await answerTimes(() => session.run(inputs), options);
  const { logits } = await session.run(inputs);
  return { load_ms, ...times, wasm_bytes: wasmBytes(), answers: scored(logits.data, task) };
};

/** Pixels as the model takes them, [3, height, width]: not measured. @param {import('./protocol.js').Task & { pixels: ImageData }} task */
function normalized({ pixels: { data, width, height }, mean, std }) {
  const size = width * height;
  return Float32Array.from({ length: 3 * size }, (_, i) => {
    const channel = Math.floor(i / size);
    return (data[(i % size) * 4 + channel] / 255 - mean[channel]) / std[channel];
  });
}

/** Logits as answers with scores. @param {Float32Array} logits @param {import('./protocol.js').Task} task */
function scored(logits, { labels, independent }) {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
  return labels.map((answer, i) => ({ answer, score: independent ? 1 / (1 + Math.exp(-logits[i])) : Math.exp(logits[i] - most) / sum }));
}
