// ONNX models as bytes: what of onnx.proto the benchmark's graphs need, written as protocol buffers.

/** A message or a part of one: bytes in pieces, so that weights are not copied. @typedef {Uint8Array[]} Pieces */

/** The element types of TensorProto. @type {Map<Function, number>} */
const ELEMENT_TYPES = new Map(/** @type {[Function, number][]} */ ([
  [Float32Array, 1], [Uint8Array, 2], [Int8Array, 3], [BigInt64Array, 7],
]));

/** Types as a Cast and a graph's inputs name them. */
export const FLOAT = 1, INT64 = 7;

/** @param {number} value  a whole number from 0 on @returns {Uint8Array} */
function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.from([...bytes, value]);
}

/** @param {number} field @param {number} value @returns {Pieces} */
const whole = (field, value) => [varint(field * 8), varint(value)];

/** @param {number} field @param {number} value @returns {Pieces} */
const float = (field, value) => [varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)];

/** @param {number} field @param {Pieces} pieces @returns {Pieces} */
const message = (field, pieces) => [varint(field * 8 + 2), varint(pieces.reduce((sum, { length }) => sum + length, 0)), ...pieces];

/** @param {number} field @param {string} value @returns {Pieces} */
const text = (field, value) => message(field, [new TextEncoder().encode(value)]);

/**
 * A tensor of values; its element type is that of the array.
 * @param {string} name
 * @param {Float32Array | Uint8Array | Int8Array | BigInt64Array} values
 * @param {number[]} shape
 * @returns {Pieces} a TensorProto
 */
export function tensor(name, values, shape) {
  return [
    ...shape.flatMap((size) => whole(1, size)),
    ...whole(2, /** @type {number} */ (ELEMENT_TYPES.get(values.constructor))),
    ...text(8, name),
    ...message(9, [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]),
  ];
}

/**
 * An operator between named values.
 * @param {string} operator
 * @param {string[]} inputs
 * @param {string[]} outputs
 * @param {Record<string, number | number[]>} attributes  whole numbers from 0 on; `epsilon` is a float
 * @param {string} domain  '' for ONNX's own operators
 * @returns {Pieces} a NodeProto
 */
export function node(operator, inputs, outputs, attributes, domain) {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
    ...text(7, domain),
  ];
}

/** @param {string} name @param {number | number[]} value @returns {Pieces} */
function attribute(name, value) {
  if (name === 'epsilon') return [...text(1, name), ...float(2, Number(value)), ...whole(20, 1)];
  if (typeof value === 'number') return [...text(1, name), ...whole(3, value), ...whole(20, 2)];
  return [...text(1, name), ...value.flatMap((item) => whole(8, item)), ...whole(20, 7)];
}

/** @typedef {{ name: string, type: number, shape: (number | string)[] }} Value  an input or output of a graph; a size with a name may change */

/** @param {Value} value @returns {Pieces} a ValueInfoProto */
function described({ name, type, shape }) {
  const sizes = shape.flatMap((size) => message(1, typeof size === 'string' ? text(2, size) : whole(1, size)));
  return [...text(1, name), ...message(2, message(1, [...whole(1, type), ...message(2, sizes)]))];
}

/**
 * A whole model.
 * @param {object} graph
 * @param {Pieces[]} graph.nodes  in the order of evaluation
 * @param {Pieces[]} graph.tensors
 * @param {Value[]} graph.inputs
 * @param {Value[]} graph.outputs
 * @returns {Pieces} the bytes of an .onnx file
 */
export function onnxModel({ nodes, tensors, inputs, outputs }) {
  const operators = (/** @type {string} */ domain, /** @type {number} */ version) => message(8, [...text(1, domain), ...whole(2, version)]);
  return [
    ...whole(1, 8), // ir_version
    ...text(2, 'wasm-vqa bench'),
    ...message(7, [
      ...nodes.flatMap((pieces) => message(1, pieces)),
      ...text(2, 'graph'),
      ...tensors.flatMap((pieces) => message(5, pieces)),
      ...inputs.flatMap((value) => message(11, described(value))),
      ...outputs.flatMap((value) => message(12, described(value))),
    ]),
    ...operators('', 17),
    ...operators('com.microsoft', 1),
  ];
}
