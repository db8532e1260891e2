// Arguments are checked before they cross to the engine, so that it answers the same with and without a worker.

import { VqaError } from './errors.js';

/** Limits of vqa.h. */
const MAX_SIDE = 32768;
const MAX_PIXELS = 50_000_000;

/**
 * Refuse a value that is not what is expected.
 * @param {unknown} fits  falsy: it is not
 * @param {unknown} value
 * @param {string} name
 * @param {string} expected
 * @param {import('./errors.js').VqaErrorCode} [code]
 */
export function expect(fits, value, name, expected, code = 'E_CALL') {
  if (!fits) throw new VqaError(code, `${name} is ${shown(value)}, expected ${expected}`);
}

/**
 * Numbers wrap to 32 bits on their way into wasm: refuse those that would change.
 * @param {unknown} value
 * @param {string} name
 */
export function expectWhole(value, name) {
  expect(typeof value === 'number' && value === (value | 0), value, name, 'a whole number');
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {unknown[]} known
 */
export function expectOneOf(value, name, known) {
  expect(known.includes(value), value, name, known.filter((one) => one !== undefined).map(shown).join(' or '));
}

/**
 * Refuse options that are none, and those of every call that are not what they are to be.
 * @template {{ signal?: AbortSignal, onProgress?: Function }} T
 * @param {T} [options]
 * @returns {T}
 */
export function expectOptions(options = /** @type {T} */ ({})) {
  expect(Object(options) === options, options, 'options', 'an object');
  const { signal, onProgress = () => {} } = options;
  expect(!signal || signal.addEventListener, signal, 'signal', 'an AbortSignal');
  expect(typeof onProgress === 'function', onProgress, 'onProgress', 'a function');
  return options;
}

/**
 * Refuse a picture that the engine would refuse, before memory is taken for its pixels.
 * @param {number} width
 * @param {number} height
 */
export function expectSize(width, height) {
  const size = `the picture is ${width} x ${height}`;
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw new VqaError('E_PICTURE', `${size} pixels, sides of at most ${MAX_SIDE} are taken`);
  }
  if (width * height > MAX_PIXELS) {
    throw new VqaError('E_PICTURE', `${size} = ${width * height} pixels, at most ${MAX_PIXELS} are taken`);
  }
}

/**
 * A value, short enough for a sentence.
 * @param {unknown} value
 */
export function shown(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  return Object(value) === value ? `of type ${typeof value}` : String(value);
}
