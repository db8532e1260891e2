// A graph of operators that grows node by node: what onnxruntime runs.

import { FLOAT, node, onnxModel, tensor } from './onnx.js';
import { PRECISIONS } from './precisions.js';

/** Nodes and constants so far. Values go by their names. */
export class Graph {
  /** @type {import('./onnx.js').Pieces[]} */ #nodes = [];
  /** @type {Map<string, import('./onnx.js').Pieces>} */ #constants = new Map();
  /** @type {Map<string, string[]>} */ #quantized = new Map();

  /**
   * @param {import('./packs.js').Pack} weights
   * @param {string} precision  one of PRECISIONS
   */
  constructor(weights, precision) {
    this.weights = weights;
    this.precision = PRECISIONS[precision];
  }

  /**
   * Add an operator.
   * @param {string} operator
   * @param {string[]} inputs
   * @param {Record<string, number | number[]>} [attributes]
   * @param {string} [domain]
   * @returns {string} its output
   */
  node(operator, inputs, attributes = {}, domain = '') {
    const output = `${operator}_${this.#nodes.length}`;
    this.#nodes.push(node(operator, inputs, [output], attributes, domain));
    return output;
  }

  /**
   * Add values that don't change, unless those of that name are there.
   * @param {string} name
   * @param {Parameters<typeof tensor>[1]} values
   * @param {number[]} shape
   * @returns {string} name
   */
  constant(name, values, shape) {
    if (!this.#constants.has(name)) this.#constants.set(name, tensor(name, values, shape));
    return name;
  }

  /** A tensor of the model as it is. @param {string} name @param {number[]} [shape]  if not its own */
  weight(name, shape = this.weights.shape(name)) {
    return this.constant(name, this.weights.floats(name), shape);
  }

  /** @param {number} value */
  scalar(value) {
    return this.constant(`scalar_${value}`, Float32Array.of(value), []);
  }

  /** @param {string} x @param {number[]} shape  0: as it is there */
  reshape(x, shape) {
    return this.node('Reshape', [x, this.constant(`shape_${shape.join('_')}`, BigInt64Array.from(shape, BigInt), [shape.length])]);
  }

  /** Activations as unsigned 8-bit integers, once for all that take them. @param {string} x @returns {string[]} integers, scale, zero point */
  quantized(x) {
    const known = this.#quantized.get(x);
    if (known) return known;
    const outputs = ['q', 'scale', 'zero_point'].map((part) => `${x}_${part}`);
    this.#nodes.push(node('DynamicQuantizeLinear', [x], outputs, {}, ''));
    this.#quantized.set(x, outputs);
    return outputs;
  }

  /** Sums of integer products as floats. @param {string} sums @param {string} xScale @param {string} weightScale */
  scaled(sums, xScale, weightScale) {
    return this.node('Mul', [this.node('Cast', [sums], { to: FLOAT }), this.node('Mul', [xScale, weightScale])]);
  }

  /**
   * The bytes of an .onnx file.
   * @param {import('./onnx.js').Value[]} inputs
   * @param {(import('./onnx.js').Value & { result: string })[]} outputs  result: the value that becomes it
   */
  model(inputs, outputs) {
    const ends = outputs.map(({ name, result }) => node('Identity', [result], [name], {}, ''));
    return onnxModel({ nodes: [...this.#nodes, ...ends], tensors: [...this.#constants.values()], inputs, outputs });
  }
}
