// A small model that hears, and sounds for it.

import { smallFolder } from './support.js';

const HIDDEN = 32; // of the fixture
const MELS = 8;
const POSITIONS = 250; // 10 s

/** The files of a folder: a fixture with text and picture encoder that gets a speech encoder with random weights. */
export function hearingFolder() {
  const folder = smallFolder('fusion/token_attention_mean');
  const config = { ...JSON.parse(folder['config.json']), model_type: 'multimodal', absent: { text: 'omit', speech: 'omit', image: 'error' },
    speech_config: { model_type: 'whisper', d_model: HIDDEN, encoder_layers: 1, encoder_attention_heads: 4, encoder_ffn_dim: HIDDEN,
      num_mel_bins: MELS, max_source_positions: POSITIONS, activation_function: 'gelu' } };
  const preprocessor = { ...JSON.parse(folder['preprocessor_config.json']),
    speech: { feature_extractor_type: 'WhisperFeatureExtractor', feature_size: MELS, hop_length: 320, n_fft: 400, sampling_rate: 16000 } };
  return {
    ...folder,
    'config.json': Buffer.from(JSON.stringify(config)),
    'preprocessor_config.json': Buffer.from(JSON.stringify(preprocessor)),
    'model.safetensors': withTensors(folder['model.safetensors'], ears()),
  };
}

/** The tensors of the speech encoder: their shapes. */
function ears() {
  const layer = 'layers.0.';
  const square = ['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((name) => [`${layer}self_attn.${name}.weight`, HIDDEN, HIDDEN]);
  const rows = ['conv1.bias', 'conv2.bias', 'layer_norm.weight', 'layer_norm.bias', ...['self_attn.q_proj.bias', 'self_attn.v_proj.bias', 'self_attn.out_proj.bias',
    'self_attn_layer_norm.weight', 'self_attn_layer_norm.bias', 'final_layer_norm.weight', 'final_layer_norm.bias', 'fc1.bias', 'fc2.bias'].map((name) => layer + name)];
  return [['conv1.weight', HIDDEN, MELS, 3], ['conv2.weight', HIDDEN, HIDDEN, 3], ['embed_positions.weight', POSITIONS, HIDDEN], ...square,
    [`${layer}fc1.weight`, HIDDEN, HIDDEN], [`${layer}fc2.weight`, HIDDEN, HIDDEN], ...rows.map((name) => [name, HIDDEN])];
}

/** A safetensors file with more tensors, of random floats that are the same every time. */
function withTensors(file, tensors) {
  const size = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + size));
  const parts = [file.subarray(8 + size)];
  let at = parts[0].length;
  let seed = 1;
  for (const [name, ...shape] of tensors) {
    const values = Float32Array.from({ length: shape.reduce((all, n) => all * n) }, () => (seed = seed * 48271 % 2147483647) / 2147483647 - 0.5);
    header[`speech_encoder.${name}`] = { dtype: 'F32', shape, data_offsets: [at, (at += values.byteLength)] };
    parts.push(Buffer.from(values.buffer));
  }
  const text = JSON.stringify(header);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([start, Buffer.from(text), ...parts]);
}

/** Samples of a tone that swells and fades, once a second. */
export const tone = (seconds, rate = 16_000) =>
  Float32Array.from({ length: seconds * rate }, (_, i) => 0.5 * Math.sin(Math.PI * i / rate) ** 2 * Math.sin(2 * Math.PI * 440 * i / rate));

/** A WAV file of 16 bits, with these samples in every channel. */
export function wav(samples, rate = 16_000, channels = 1) {
  const file = Buffer.alloc(44 + samples.length * 2 * channels);
  file.write('RIFF');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // whole numbers
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2 * channels, 28);
  file.writeUInt16LE(2 * channels, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(file.length - 44, 40);
  samples.forEach((sample, i) => {
    for (let channel = 0; channel < channels; channel++) file.writeInt16LE(Math.round(sample * 32768), 44 + (i * channels + channel) * 2);
  });
  return new Uint8Array(file);
}
