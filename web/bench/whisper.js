// Whisper's graphs, as src/models/whisper.c computes it and as Hugging Face's optimum exports it: an encoder, and a decoder that takes one
// token with the keys and values of those before. The keys and values of the sound are made once: here by the encoder's graph, so that one
// decoder serves all tokens.

import { Graph } from './graph.js';
import { gelu, linear, norm } from './layers.js';
import { FLOAT, INT64 } from './onnx.js';
import { convolved, gathered } from './precisions.js';

/** @typedef {import('./packs.js').Pack} Pack */

/** The graphs of a model, each a file. @type {Record<string, (weights: Pack, precision: string) => Uint8Array[]>} */
export const WHISPER_GRAPHS = { encoder, decoder };

const EPSILON = 1e-5;

/** @param {Graph} graph @param {'encoder' | 'decoder'} side */
function sizes({ weights: { config } }, side) {
  const heads = config[`${side}_attention_heads`];
  return { layers: config[`${side}_layers`], heads, depth: config.d_model / heads, hidden: config.d_model };
}

/** @typedef {ReturnType<typeof sizes>} Sizes */

/** Rows of a projection head by head, [1, heads, rows, depth]. @param {Graph} graph @param {string} x @param {string} name @param {Sizes} sizes */
function heads(graph, x, name, { heads, depth }) {
  const rows = linear(graph, x, name, !name.endsWith('k_proj'));
  return graph.node('Transpose', [graph.reshape(rows, [0, 0, heads, depth])], { perm: [0, 2, 1, 3] });
}

/** What queries find, and its projection. @param {Graph} graph @param {string} x @param {string} keys @param {string} values @param {string} name @param {Sizes} sizes */
function attention(graph, x, keys, values, name, sizes) {
  const query = graph.node('Mul', [heads(graph, x, `${name}.q_proj`, sizes), graph.scalar(sizes.depth ** -0.5)]);
  const scores = graph.node('MatMul', [query, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })]);
  const mixed = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: 3 }), values]);
  return linear(graph, graph.reshape(graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), [0, 0, sizes.hidden]), `${name}.out_proj`);
}

/** @param {Graph} graph @param {string} x @param {string} layer */
function feedForward(graph, x, layer) {
  const normed = norm(graph, x, `${layer}.final_layer_norm`, EPSILON);
  return graph.node('Add', [linear(graph, gelu(graph, linear(graph, normed, `${layer}.fc1`)), `${layer}.fc2`), x]);
}

/** input_features [1, mels, frames] to cross_key_i and cross_value_i. @param {Pack} weights @param {string} precision */
function encoder(weights, precision) {
  const graph = new Graph(weights, precision);
  const shape = sizes(graph, 'encoder'), { heads: count, depth } = shape;
  const { num_mel_bins: mels, max_source_positions: rows } = weights.config;
  let x = 'input_features';
  for (const [name, stride] of /** @type {[string, number][]} */ ([['model.encoder.conv1', 1], ['model.encoder.conv2', 2]])) {
    const [weight, bias] = [`${name}.weight`, `${name}.bias`];
    x = gelu(graph, convolved(graph, x, weight, weights.floats(weight), weights.shape(weight), weights.floats(bias), { strides: [stride], pads: [1, 1] }));
  }
  x = graph.node('Add', [graph.node('Transpose', [x], { perm: [0, 2, 1] }), graph.weight('model.encoder.embed_positions.weight')]);
  for (let i = 0; i < shape.layers; i++) {
    const layer = `model.encoder.layers.${i}`;
    const normed = norm(graph, x, `${layer}.self_attn_layer_norm`, EPSILON);
    const [keys, values] = ['k_proj', 'v_proj'].map((part) => heads(graph, normed, `${layer}.self_attn.${part}`, shape));
    x = feedForward(graph, graph.node('Add', [attention(graph, normed, keys, values, `${layer}.self_attn`, shape), x]), layer);
  }
  x = norm(graph, x, 'model.encoder.layer_norm', EPSILON);
  const outputs = Array.from({ length: weights.config.decoder_layers }, (_, i) => ['key', 'value'].map((part) => ({
    name: `cross_${part}_${i}`, type: FLOAT, shape: [1, count, rows, depth],
    result: heads(graph, x, `model.decoder.layers.${i}.encoder_attn.${part[0]}_proj`, shape),
  })));
  return graph.model([{ name: 'input_features', type: FLOAT, shape: [1, mels, 2 * rows] }], outputs.flat());
}

/**
 * input_ids [1, 1] at position [1], with past_key_i and past_value_i of the tokens before and cross_key_i and cross_value_i of the sound, to
 * logits [1, 1, vocabulary], and present_key_i and present_value_i: those of the past and of the token. The table of the words is the output
 * layer, too.
 * @param {Pack} weights
 * @param {string} precision
 */
function decoder(weights, precision) {
  const graph = new Graph(weights, precision);
  const shape = sizes(graph, 'decoder'), { heads: count, depth } = shape;
  const { vocab_size: words, max_source_positions: rows } = weights.config;
  const table = (/** @type {string} */ ids, /** @type {string} */ name) => gathered(graph, ids, name, weights.floats(name), weights.shape(name));
  const embedding = 'model.decoder.embed_tokens.weight';
  let x = graph.node('Add', [table('input_ids', embedding), table('position', 'model.decoder.embed_positions.weight')]);
  /** @type {import('./onnx.js').Value[]} */
  const inputs = [{ name: 'input_ids', type: INT64, shape: [1, 1] }, { name: 'position', type: INT64, shape: [1] }];
  const present = [];
  const value = (/** @type {string} */ name, /** @type {number | string} */ length) => ({ name, type: FLOAT, shape: [1, count, length, depth] });
  const input = (/** @type {string} */ name, /** @type {number | string} */ length) => {
    inputs.push(value(name, length));
    return name;
  };
  for (let i = 0; i < shape.layers; i++) {
    const layer = `model.decoder.layers.${i}`;
    const normed = norm(graph, x, `${layer}.self_attn_layer_norm`, EPSILON);
    const [keys, values] = ['key', 'value'].map((part) => {
      const own = heads(graph, normed, `${layer}.self_attn.${part[0]}_proj`, shape);
      const result = graph.node('Concat', [input(`past_${part}_${i}`, 'past'), own], { axis: 2 });
      present.push({ ...value(`present_${part}_${i}`, 'present'), result });
      return result;
    });
    x = graph.node('Add', [attention(graph, normed, keys, values, `${layer}.self_attn`, shape), x]);
    const asking = norm(graph, x, `${layer}.encoder_attn_layer_norm`, EPSILON);
    const [heard, said] = ['key', 'value'].map((part) => input(`cross_${part}_${i}`, rows));
    x = feedForward(graph, graph.node('Add', [attention(graph, asking, heard, said, `${layer}.encoder_attn`, shape), x]), layer);
  }
  x = norm(graph, x, 'model.decoder.layer_norm', EPSILON);
  const result = graph.precision.product(graph, x, 'output_layer', weights.floats(embedding), weights.shape(embedding));
  return graph.model(inputs, [{ name: 'logits', type: FLOAT, shape: [1, 1, words], result }, ...present]);
}
