// onnxruntime answers a question.

import { answerTimes, pixelsOf } from './protocol.js';

/** @typedef {import('./protocol.js').Question} Question */

/** @param {any} ort @param {any} session @param {Question} task @param {import('./protocol.js').BenchOptions} options */
export async function answer(ort, session, task, options) {
  const pixels = await pixelsOf(options.model);
  const inputs = {
    input_ids: new ort.Tensor('int64', BigInt64Array.from(task.ids, BigInt), [1, task.ids.length]),
    pixel_values: new ort.Tensor('float32', normalized(pixels, task), [1, 3, pixels.height, pixels.width]),
  };
  const times = await answerTimes(() => session.run(inputs), options);
  const { logits } = await session.run(inputs);
  return { ...times, answers: scored(logits.data, task) };
}

/** Pixels as the model takes them, [3, height, width]: not measured. @param {ImageData} pixels @param {Question} task */
function normalized({ data, width, height }, { mean, std }) {
  const size = width * height;
  return Float32Array.from({ length: 3 * size }, (_, i) => {
    const channel = Math.floor(i / size);
    return (data[(i % size) * 4 + channel] / 255 - mean[channel]) / std[channel];
  });
}

/** Logits as answers with scores. @param {Float32Array} logits @param {Question} task */
function scored(logits, { labels, independent }) {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
  return labels.map((answer, i) => ({ answer, score: independent ? 1 / (1 + Math.exp(-logits[i])) : Math.exp(logits[i] - most) / sum }));
}
