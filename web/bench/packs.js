// Packs on the disk, read for the graphs: settings, and weights as floats.

import { readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ dtype: string, shape: number[], data_offsets: [number, number] }} TensorInfo */

/** A pack as src/format/pack.h describes it, with weights of type F32, or of I8 with a scale for each row. */
export class Pack {
  #data;
  /** @type {Record<string, string>} */ metadata;
  /** @type {Record<string, TensorInfo>} */ #tensors;

  /** @param {string} path */
  constructor(path) {
    const bytes = readFileSync(path);
    const headerEnd = 8 + Number(bytes.readBigUInt64LE());
    const { __metadata__, checksum, ...tensors } = JSON.parse(bytes.toString('utf8', 8, headerEnd));
    this.metadata = __metadata__;
    this.#tensors = tensors;
    this.#data = bytes.subarray(headerEnd);
  }

  /** The model's config.json. @returns {Record<string, any>} */
  get config() {
    return JSON.parse(this.metadata.config);
  }

  /** The answer of each logit. @returns {string[]} */
  get labels() {
    return JSON.parse(this.metadata.labels);
  }

  /** The tokens in the order of their ids. @returns {string[]} */
  get vocabulary() {
    return JSON.parse(this.metadata.tokenizer).vocab.split('\n');
  }

  /** The names of the weights, without those of scales. @returns {string[]} */
  get names() {
    return Object.keys(this.#tensors).filter((name) => !name.endsWith('.scale'));
  }

  /** @param {string} name @returns {number[]} */
  shape(name) {
    return this.#tensors[name].shape;
  }

  /** A tensor's values, in a block of their own. @param {string} name @returns {Float32Array} */
  floats(name) {
    const { dtype, shape, data_offsets: [begin, end] } = this.#tensors[name];
    const bytes = new Uint8Array(this.#data.subarray(begin, end)); // a copy, aligned
    if (dtype === 'F32') return new Float32Array(bytes.buffer);
    if (dtype !== 'I8') throw new Error(`tensor '${name}' is of type ${dtype}, expected F32 or I8`);
    const scales = this.floats(`${name}.scale`);
    const columns = bytes.length / shape[0];
    return Float32Array.from(new Int8Array(bytes.buffer), (q, i) => q * scales[Math.floor(i / columns)]); // of the built-in model only
  }
}

/**
 * Write a pack with all weights as floats.
 * @param {Pack} pack
 * @param {string} path
 * @param {(floats: Float32Array, shape: number[]) => void} [change]  of a tensor's values, in place
 */
export function writeFloatPack(pack, path, change = () => {}) {
  let end = 0;
  const place = (/** @type {number} */ size) => [end, end += size];
  /** @type {Record<string, any>} */
  const header = { __metadata__: pack.metadata };
  const values = pack.names.map((name) => {
    const floats = pack.floats(name);
    change(floats, pack.shape(name));
    header[name] = { dtype: 'F32', shape: pack.shape(name), data_offsets: place(floats.byteLength) };
    return new Uint8Array(floats.buffer);
  });
  header.checksum = { dtype: 'U8', shape: [4], data_offsets: place(4) };
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const bytes = Buffer.concat([size, text, ...values]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(checksum(bytes));
  writeFileSync(path, Buffer.concat([bytes, check]));
}

/** The checksum of a pack's bytes, see src/core/checksum.h. @param {Uint8Array} bytes */
function checksum(bytes) {
  const LANES = 32, [P1, P2, P3, P4] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
  const rotate = (/** @type {number} */ x, /** @type {number} */ bits) => x << bits | x >>> (32 - bits);
  const words = new Uint32Array(Math.ceil(bytes.length / (4 * LANES)) * LANES);
  new Uint8Array(words.buffer).set(bytes);
  const lanes = new Int32Array(LANES);
  for (let i = 0; i < words.length; i++) {
    lanes[i % LANES] = Math.imul(rotate(lanes[i % LANES] + Math.imul(words[i], P2) | 0, 13), P1);
  }
  let sum = 0;
  for (const word of [bytes.length, Math.floor(bytes.length / 2 ** 32), ...lanes]) {
    sum = Math.imul(rotate(sum + Math.imul(word, P3) | 0, 17), P4);
  }
  sum = Math.imul(sum ^ sum >>> 15, P2);
  sum = Math.imul(sum ^ sum >>> 13, P3);
  return (sum ^ sum >>> 16) >>> 0;
}

/** A pseudo-random number of 0 < x <= 1, the same ones in every run (xorshift32). @param {Uint32Array} state  one number, not 0 */
function random(state) {
  state[0] ^= state[0] << 13;
  state[0] ^= state[0] >>> 17;
  state[0] ^= state[0] << 5;
  return state[0] / 2 ** 32;
}

/**
 * New weights for the matrices of a model: normally distributed, as those of trained networks nearly are, and as large
 * as before. Those of a recipe are distributed evenly, which no training makes: src/kernels/relaxed.c is slower with them.
 * @returns {(floats: Float32Array, shape: number[]) => void}
 */
export function bellShaped() {
  const state = new Uint32Array([1]);
  return (floats, shape) => {
    if (shape.length < 2 || shape[0] === 1) return;
    const size = Math.sqrt(floats.reduce((sum, x) => sum + x * x, 0) / floats.length);
    for (let i = 0; i < floats.length; i += 2) { // Box and Muller 1958: two at a time
      const radius = size * Math.sqrt(-2 * Math.log(random(state)));
      const angle = 2 * Math.PI * random(state);
      floats[i] = radius * Math.cos(angle);
      if (i + 1 < floats.length) floats[i + 1] = radius * Math.sin(angle);
    }
  };
}
