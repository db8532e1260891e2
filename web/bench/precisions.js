// What holds most weights, in each precision as onnxruntime's own tools write it: products of rows with a matrix,
// embeddings, convolutions. Matrices come as [outputs, inputs]; MatMul takes them as [inputs, outputs].

/**
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {object} Precision
 * @property {(graph: Graph, x: string, name: string, weights: Float32Array, shape: number[]) => string} product  x times the matrix
 * @property {boolean} integers  whether embeddings and convolutions are kept as 8-bit integers too
 */

/** @type {Record<string, Precision>} */
export const PRECISIONS = {
  /** MatMul of floats. */
  fp32: { product: floatProduct, integers: false },
  /** quantize_dynamic: 8 bits, one scale and zero point a matrix. */
  int8: { product: (...args) => integerProduct(quantizeTensor, ...args), integers: true },
  /** quantize_dynamic with per_channel: 8 bits, one scale a column. */
  'int8-per-channel': { product: (...args) => integerProduct(quantizeColumns, ...args), integers: true },
  /** MatMulNBits: 4 bits, one scale for each 32 weights of a column, symmetric; embeddings and convolutions stay floats. */
  q4: { product: blockProduct, integers: false },
};

/**
 * Fill an array from its indices. Its own from() and map() take many times as long, and there are hundreds of millions.
 * @template {Uint8Array | Int8Array | Float32Array} T
 * @param {T} array
 * @param {(i: number) => number} value
 * @returns {T}
 */
function filled(array, value) {
  for (let i = 0; i < array.length; i++) array[i] = value(i);
  return array;
}

const clamped = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.max(low, Math.min(high, Math.round(value)));

/** [rows, columns] as [columns, rows]. @param {Float32Array} values @param {number} rows @param {number} columns */
function transposed(values, rows, columns) {
  const turned = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c];
  return turned;
}

/** @type {Precision['product']} */
function floatProduct(graph, x, name, weights, [outputs, inputs]) {
  return graph.node('MatMul', [x, graph.constant(name, transposed(weights, outputs, inputs), [inputs, outputs])]);
}

/**
 * 8-bit weights with their scale and zero point.
 * @typedef {{ q: Uint8Array | Int8Array, scale: Float32Array, zero: Uint8Array | Int8Array, shape: number[] }} Quantized
 *   shape: that of scale and zero
 */

/** One scale for all: unsigned, with a zero point. @param {Float32Array} weights @returns {Quantized} */
export function quantizeTensor(weights) {
  let low = 0, high = 0;
  for (const w of weights) low = Math.min(low, w), high = Math.max(high, w);
  const scale = Math.fround((high - low) / 255) || 1;
  const zero = Math.round(-low / scale);
  const q = filled(new Uint8Array(weights.length), (i) => clamped(weights[i] / scale, -zero, 255 - zero) + zero);
  return { q, scale: Float32Array.of(scale), zero: Uint8Array.of(zero), shape: [] };
}

/** One scale a column of [inputs, outputs]: signed, symmetric. @param {Float32Array} weights @param {number} outputs @returns {Quantized} */
export function quantizeColumns(weights, outputs) {
  const scale = new Float32Array(outputs).fill(1e-8);
  for (let i = 0; i < weights.length; i++) scale[i % outputs] = Math.max(scale[i % outputs], Math.abs(weights[i]) / 127);
  const q = filled(new Int8Array(weights.length), (i) => clamped(weights[i] / scale[i % outputs], -127, 127));
  return { q, scale, zero: new Int8Array(outputs), shape: [outputs] };
}

/**
 * @param {(weights: Float32Array, outputs: number) => Quantized} quantize
 * @param {Parameters<Precision['product']>} args
 * @returns {string}
 */
function integerProduct(quantize, ...[graph, x, name, weights, [outputs, inputs]]) {
  const { q, scale, zero, shape } = quantize(transposed(weights, outputs, inputs), outputs);
  const [xq, xScale, xZero] = graph.quantized(x);
  const sums = graph.node('MatMulInteger', [
    xq, graph.constant(`${name}_quantized`, q, [inputs, outputs]), xZero, graph.constant(`${name}_zero_point`, zero, shape),
  ]);
  return graph.scaled(sums, xScale, graph.constant(`${name}_scale`, scale, shape));
}

const BLOCK = 32;

/** @type {Precision['product']} */
function blockProduct(graph, x, name, weights, [outputs, inputs]) {
  const { q, scale } = quantizeBlocks(weights);
  return graph.node('MatMulNBits', [
    x,
    graph.constant(`${name}_Q4`, q, [outputs, inputs / BLOCK, BLOCK / 2]),
    graph.constant(`${name}_scales`, scale, [outputs * inputs / BLOCK]),
  ], { K: inputs, N: outputs, bits: 4, block_size: BLOCK, accuracy_level: 4 }, 'com.microsoft');
}

/**
 * 4 bits a weight, two in a byte, with zero at 8; the largest of a block becomes 0, that is -8 times its scale.
 * @param {Float32Array} weights  [outputs, inputs], inputs a multiple of the block
 */
export function quantizeBlocks(weights) {
  const q = new Uint8Array(weights.length / 2);
  const scale = filled(new Float32Array(weights.length / BLOCK), (block) => {
    let largest = 0;
    for (let i = block * BLOCK; i < (block + 1) * BLOCK; i++) if (Math.abs(weights[i]) > Math.abs(largest)) largest = weights[i];
    return largest / -8 || 1;
  });
  for (let i = 0; i < weights.length; i++) {
    const level = clamped(weights[i] / scale[Math.floor(i / BLOCK)], -8, 7) + 8;
    q[i >> 1] |= level << (i % 2 * 4);
  }
  return { q, scale };
}

/**
 * Embeddings: the rows of a table that `ids` names.
 * @param {Graph} graph
 * @param {string} ids
 * @param {string} name
 * @param {Float32Array} table
 * @param {number[]} shape
 */
export function gathered(graph, ids, name, table, shape) {
  if (!graph.precision.integers) return graph.node('Gather', [graph.constant(name, table, shape), ids]);
  const { q, scale, zero } = quantizeTensor(table);
  const rows = graph.node('Gather', [graph.constant(`${name}_quantized`, q, shape), ids]);
  return graph.node('DequantizeLinear', [rows, graph.constant(`${name}_scale`, scale, []), graph.constant(`${name}_zero_point`, zero, [])]);
}

/**
 * A convolution with its bias.
 * @param {Graph} graph
 * @param {string} pixels
 * @param {string} name
 * @param {Float32Array} weights
 * @param {number[]} shape  [outputs, channels, ...size]
 * @param {Float32Array} bias
 * @param {{ strides: number[], pads?: number[] }} [steps]  without: it steps by its size
 */
export function convolved(graph, pixels, name, weights, shape, bias, steps = { strides: shape.slice(2) }) {
  const attributes = { kernel_shape: shape.slice(2), ...steps };
  if (!graph.precision.integers) {
    return graph.node('Conv', [pixels, graph.constant(name, weights, shape), graph.constant(`${name}_bias`, bias, [shape[0]])], attributes);
  }
  const { q, scale, zero } = quantizeTensor(weights);
  const [xq, xScale, xZero] = graph.quantized(pixels);
  const sums = graph.node('ConvInteger', [
    xq, graph.constant(`${name}_quantized`, q, shape), xZero, graph.constant(`${name}_zero_point`, zero, []),
  ], attributes);
  return graph.node('Add', [
    graph.scaled(sums, xScale, graph.constant(`${name}_scale`, scale, [])), graph.constant(`${name}_bias`, bias, [1, shape[0], ...shape.slice(2).fill(1)]),
  ]);
}
