// onnxruntime writes down a sound: the encoder once, then the decoder token by token, with the cache handed back to it, as
// Transformers.js does.

import { answerTimes, bytesAt } from './protocol.js';

/** @param {any} ort @param {any[]} sessions  see ../whisper.js @param {import('./protocol.js').Transcript} task @param {import('./protocol.js').BenchOptions} options */
export async function transcribe(ort, [encoder, decoder], { config, tokens }, options) {
  const { num_mel_bins: mels, max_source_positions: rows, decoder_layers: layers, decoder_attention_heads: heads, d_model: hidden } = config;
  const spectrogram = new Float32Array((await bytesAt(`/models/${options.model}.spectrogram`)).buffer);
  const inputs = { input_features: new ort.Tensor('float32', spectrogram, [1, mels, 2 * rows]) };
  const empty = new ort.Tensor('float32', new Float32Array(), [1, heads, 0, hidden / heads]);
  const integer = (/** @type {number} */ value, /** @type {number[]} */ shape) => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), shape);
  const names = Array.from({ length: layers }, (_, i) => [`key_${i}`, `value_${i}`]).flat();

  /** Greedy, as many tokens as are expected. */
  const write = async () => {
    const cross = await encoder.run(inputs);
    let past = Object.fromEntries(names.map((name) => [`past_${name}`, empty]));
    let token = config.decoder_start_token_id;
    const written = [];
    for (let position = 0; position < tokens.length; position++) {
      const { logits, ...present } = await decoder.run({ input_ids: integer(token, [1, 1]), position: integer(position, [1]), ...cross, ...past });
      past = Object.fromEntries(names.map((name) => [`past_${name}`, present[`present_${name}`]]));
      for (const banned of config.suppress_tokens) logits.data[banned] = -Infinity;
      token = largest(logits.data);
      written.push(token);
    }
    return written;
  };
  const times = await answerTimes(async () => (await write(), {}), options);
  return { ...times, tokens: await write() };
}

/** Where it is. @param {Float32Array} values */
function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
