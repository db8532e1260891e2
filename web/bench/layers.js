// Layers as they are exported from PyTorch: rows are [1, tokens, hidden]. onnxruntime fuses what it can.

import { convolved, gathered } from './precisions.js';

/** @typedef {import('./graph.js').Graph} Graph */

/** What the parts of a transformer's layer are called, as in src/nn/transformer.c. */
const VIT_NAMES = {
  query: 'attention.attention.query', key: 'attention.attention.key', value: 'attention.attention.value',
  output: 'attention.output.dense', up: 'intermediate.dense', down: 'output.dense',
  first: 'layernorm_before', second: 'layernorm_after',
};
const BERT_NAMES = {
  ...VIT_NAMES, query: 'attention.self.query', key: 'attention.self.key', value: 'attention.self.value',
  first: 'attention.output.LayerNorm', second: 'output.LayerNorm',
};

/** @param {Graph} graph @param {string} x @param {string} name @param {boolean} [bias]  whether it has one */
export function linear(graph, x, name, bias = true) {
  const matrix = `${name}.weight`;
  const product = graph.precision.product(graph, x, matrix, graph.weights.floats(matrix), graph.weights.shape(matrix));
  return bias ? graph.node('Add', [product, graph.weight(`${name}.bias`)]) : product;
}

/** @param {Graph} graph @param {string} x  [..., hidden], with `axis` dimensions in front @param {string} name @param {number} epsilon */
export function norm(graph, x, name, epsilon, axis = 2) {
  return graph.node('LayerNormalization', [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)], { axis, epsilon });
}

/** @param {Graph} graph @param {string} x */
export function gelu(graph, x) {
  const erf = graph.node('Erf', [graph.node('Div', [x, graph.scalar(Math.SQRT2)])]);
  return graph.node('Mul', [graph.node('Mul', [x, graph.node('Add', [erf, graph.scalar(1)])]), graph.scalar(0.5)]);
}

/** @typedef {{ hidden: number, heads: number, layers: number, epsilon: number }} Shape */

/** @param {Record<string, any>} config  an encoder's @returns {Shape} */
export const shapeOf = (config) => ({
  hidden: config.hidden_size, heads: config.num_attention_heads, layers: config.num_hidden_layers, epsilon: config.layer_norm_eps,
});

/** @param {Graph} graph @param {string} x @param {string} prefix @param {typeof VIT_NAMES} names @param {Shape} shape */
function attention(graph, x, prefix, names, { hidden, heads }) {
  const split = (/** @type {string} */ name, /** @type {number[]} */ perm) =>
    graph.node('Transpose', [graph.reshape(linear(graph, x, prefix + name), [0, 0, heads, hidden / heads])], { perm });
  const query = split(names.query, [0, 2, 1, 3]), key = split(names.key, [0, 2, 3, 1]), value = split(names.value, [0, 2, 1, 3]);
  const scores = graph.node('Div', [graph.node('MatMul', [query, key]), graph.scalar(Math.sqrt(hidden / heads))]);
  const mixed = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: 3 }), value]);
  return linear(graph, graph.reshape(graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), [0, 0, hidden]), prefix + names.output);
}

/** @param {Graph} graph @param {string} x @param {string} prefix @param {typeof VIT_NAMES} names */
const feedForward = (graph, x, prefix, names) => linear(graph, gelu(graph, linear(graph, x, prefix + names.up)), prefix + names.down);

/** ViT's layers: norms before. @param {Graph} graph @param {string} x @param {string} prefix @param {Shape} shape */
export function preNormTransformer(graph, x, prefix, shape) {
  for (let i = 0; i < shape.layers; i++) {
    const layer = `${prefix}${i}.`;
    x = graph.node('Add', [attention(graph, norm(graph, x, layer + VIT_NAMES.first, shape.epsilon), layer, VIT_NAMES, shape), x]);
    x = graph.node('Add', [feedForward(graph, norm(graph, x, layer + VIT_NAMES.second, shape.epsilon), layer, VIT_NAMES), x]);
  }
  return x;
}

/** BERT's layers: norms behind. @param {Graph} graph @param {string} x @param {string} prefix @param {Shape} shape */
export function postNormTransformer(graph, x, prefix, shape) {
  for (let i = 0; i < shape.layers; i++) {
    const layer = `${prefix}${i}.`;
    x = norm(graph, graph.node('Add', [attention(graph, x, layer, BERT_NAMES, shape), x]), layer + BERT_NAMES.first, shape.epsilon);
    x = norm(graph, graph.node('Add', [feedForward(graph, x, layer, BERT_NAMES), x]), layer + BERT_NAMES.second, shape.epsilon);
  }
  return x;
}

/** Words, positions and the first token type. @param {Graph} graph @param {string} ids  [1, tokens] @param {number} tokens @param {string} prefix @param {Shape} shape */
export function textEmbeddings(graph, ids, tokens, prefix, { hidden, epsilon }) {
  const { weights } = graph;
  const words = `${prefix}word_embeddings.weight`;
  const rows = (/** @type {string} */ name, /** @type {number} */ count) =>
    graph.constant(name, weights.floats(`${prefix}${name}_embeddings.weight`).slice(0, count * hidden), [1, count, hidden]);
  const x = graph.node('Add', [gathered(graph, ids, words, weights.floats(words), weights.shape(words)), rows('token_type', 1)]);
  return norm(graph, graph.node('Add', [x, rows('position', tokens)]), `${prefix}LayerNorm`, epsilon);
}

/** [CLS] and the patches of a picture, with their positions. @param {Graph} graph @param {string} pixels @param {string} prefix @param {number} hidden */
export function patchEmbeddings(graph, pixels, prefix, hidden) {
  const projection = `${prefix}patch_embeddings.projection`;
  const [weight, bias] = [`${projection}.weight`, `${projection}.bias`];
  const grid = convolved(graph, pixels, weight, graph.weights.floats(weight), graph.weights.shape(weight), graph.weights.floats(bias));
  const patches = graph.node('Transpose', [graph.reshape(grid, [0, hidden, -1])], { perm: [0, 2, 1] });
  const rows = graph.node('Concat', [graph.weight(`${prefix}cls_token`), patches], { axis: 1 });
  return graph.node('Add', [rows, graph.weight(`${prefix}position_embeddings`)]);
}

/** The first row, that of [CLS], as [1, hidden]. @param {Graph} graph @param {string} x */
export const firstRow = (graph, x) => graph.node('Gather', [x, graph.constant('first', BigInt64Array.of(0n), [])], { axis: 1 });
