// The graphs of the models, as src/models and src/fusion compute them: input_ids [1, tokens] and
// pixel_values [1, 3, side, side] to logits [1, answers]. A question has no padding, so there is no mask.

import { Graph } from './graph.js';
import {
  firstRow, gelu, linear, norm, patchEmbeddings, postNormTransformer, preNormTransformer, shapeOf, textEmbeddings,
} from './layers.js';
import { FLOAT, INT64 } from './onnx.js';

/** Those that answer. @type {Record<string, (graph: Graph, tokens: number) => string>} by `model_type` */
const ARCHITECTURES = { vilt, multimodal, bert_vit_fusion: multimodal };

/** @type {Record<string, (graph: Graph, text: string, image: string) => string>} by `fusion` */
const FUSIONS = { concat, token_transformer_cls: tokenTransformer };

/**
 * A model that answers as onnxruntime takes it.
 * @param {import('./packs.js').Pack} weights
 * @param {string} precision  one of PRECISIONS
 * @param {number} tokens  of a question
 * @param {number} side  of a picture
 * @returns {Uint8Array[]} the bytes of an .onnx file, in pieces
 */
export function onnxBytes(weights, precision, tokens, side) {
  const graph = new Graph(weights, precision);
  const logits = ARCHITECTURES[weights.config.model_type](graph, tokens);
  return graph.model([
    { name: 'input_ids', type: INT64, shape: [1, tokens] },
    { name: 'pixel_values', type: FLOAT, shape: [1, 3, side, side] },
  ], [{ name: 'logits', type: FLOAT, shape: [1, weights.labels.length], result: logits }]);
}

/** @param {Graph} graph @param {number} tokens */
function vilt(graph, tokens) {
  const { config } = graph.weights;
  const shape = shapeOf(config);
  const modalities = graph.weights.floats('vilt.embeddings.token_type_embeddings.weight');
  const modality = (/** @type {string} */ x, /** @type {number} */ i) => graph.node('Add', [
    x, graph.constant(`modality_${i}`, modalities.slice(i * shape.hidden, (i + 1) * shape.hidden), [1, 1, shape.hidden]),
  ]);
  const text = textEmbeddings(graph, 'input_ids', tokens, 'vilt.embeddings.text_embeddings.', shape);
  const image = patchEmbeddings(graph, 'pixel_values', 'vilt.embeddings.', shape.hidden);
  const rows = graph.node('Concat', [modality(text, 0), modality(image, 1)], { axis: 1 });
  const fused = norm(graph, preNormTransformer(graph, rows, 'vilt.encoder.layer.', shape), 'vilt.layernorm', shape.epsilon);
  const pooled = graph.node('Tanh', [linear(graph, firstRow(graph, fused), 'vilt.pooler.dense')]);
  return linear(graph, gelu(graph, norm(graph, linear(graph, pooled, 'classifier.0'), 'classifier.1', 1e-5, 1)), 'classifier.3');
}

/** BERT and ViT with a fusion. @param {Graph} graph @param {number} tokens */
function multimodal(graph, tokens) {
  const { text_config, vision_config, fusion } = graph.weights.config;
  const textShape = shapeOf(text_config), imageShape = shapeOf(vision_config);
  const words = textEmbeddings(graph, 'input_ids', tokens, 'text_encoder.embeddings.', textShape);
  const text = postNormTransformer(graph, words, 'text_encoder.encoder.layer.', textShape);
  const patches = patchEmbeddings(graph, 'pixel_values', 'image_encoder.embeddings.', imageShape.hidden);
  const image = preNormTransformer(graph, patches, 'image_encoder.encoder.layer.', imageShape);
  return FUSIONS[fusion](graph, text, norm(graph, image, 'image_encoder.layernorm', imageShape.epsilon));
}

/** @param {Graph} graph @param {string} text @param {string} image */
function concat(graph, text, image) {
  return linear(graph, graph.node('Concat', [firstRow(graph, text), firstRow(graph, image)], { axis: 1 }), 'head');
}

/** @param {Graph} graph @param {string} text @param {string} image */
function tokenTransformer(graph, text, image) {
  const { config } = graph.weights;
  const shape = {
    hidden: config.text_config.hidden_size,
    heads: config.fusion_num_attention_heads,
    layers: config.fusion_num_hidden_layers,
    epsilon: config.fusion_layer_norm_eps,
  };
  const rows = preNormTransformer(graph, graph.node('Concat', [text, image], { axis: 1 }), 'fusion.layers.', shape);
  return linear(graph, firstRow(graph, norm(graph, rows, 'fusion.norm', shape.epsilon)), 'head');
}
