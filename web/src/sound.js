// Sounds in every form a page has them, made into what the engine takes: a WAV file, or samples. Loaded with the first sound.

import { VqaError } from './index.js';

/**
 * @typedef {{ samples: Float32Array, sampleRate: number }} Samples  one channel, -1..1, so many a second
 * @typedef {Blob | ArrayBuffer | Uint8Array | AudioBuffer | Samples} SpeechSource  what somebody says: a file of any kind that the browser
 *   decodes, or what was decoded. WAV files and samples give the same scores everywhere; other files may differ a little from browser to
 *   browser, and are refused in Node and in workers, which decode none
 * @typedef {{ call: 'hear', args: [wav: Uint8Array] } | { call: 'hearSamples', args: [floats: Uint8Array, rate: number] }} SoundCall
 */

/** Samples a second of what the browser decodes: what models hear. */
const RATE = 16_000;

/** The names of sound files, by their first bytes. @type {[start: RegExp, name: string][]} */
const FORMATS = [
  [/^OggS/, 'Ogg'], [/^fLaC/, 'FLAC'], [/^\x1aE\xdf\xa3/, 'WebM'], [/^.{4}ftyp/s, 'MP4'], [/^FORM.{4}AIF/s, 'AIFF'], [/^(ID3|\xff[\xe2-\xff])/, 'MP3'],
];

/**
 * Read a sound.
 * @param {SpeechSource} speech
 * @returns {Promise<SoundCall>} the call that hears it
 */
export async function readSound(speech) {
  const source = /** @type {any} */ (speech);
  if (source instanceof Blob) return fromFile(await blobBytes(source), source.type);
  if (source instanceof ArrayBuffer) return fromFile(new Uint8Array(source), '');
  if (source instanceof Uint8Array) return fromFile(source, '');
  if (typeof source?.getChannelData === 'function') return fromBuffer(source);
  if (source?.samples instanceof Float32Array) return fromSamples(source.samples, source.sampleRate);
  throw new VqaError('E_CALL', 'the speech must be a Blob, the bytes of a file, an AudioBuffer or { samples, sampleRate } with a Float32Array');
}

/** @param {Blob} blob */
async function blobBytes(blob) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new VqaError('E_SOUND', `the sound can't be read: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * The engine decodes WAV itself, the same everywhere; the browser is asked for all else.
 * @param {Uint8Array} bytes
 * @param {string} type  as the file tells it
 * @returns {Promise<SoundCall>}
 */
async function fromFile(bytes, type) {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (!start || /^RIFF.{4}WAVE/s.test(start)) return { call: 'hear', args: [bytes] };
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    return fromBuffer(await context.decodeAudioData(new Uint8Array(bytes).buffer)); // a copy: decoding takes the buffer away
  } catch {
    const [, name = type] = FORMATS.find(([format]) => format.test(start)) ?? [];
    throw new VqaError('E_SOUND', `the ${name}${name && ' '}sound can't be decoded here; use WAV`);
  }
}

/** The mean of all channels. @param {AudioBuffer} buffer @returns {SoundCall} */
function fromBuffer(buffer) {
  const { numberOfChannels: count, sampleRate } = buffer;
  const mean = new Float32Array(buffer.length);
  for (let channel = 0; channel < count; channel++) buffer.getChannelData(channel).forEach((sample, i) => (mean[i] += sample / count));
  return fromSamples(mean, Math.round(sampleRate));
}

/** @param {Float32Array} samples @param {number} rate @returns {SoundCall} */
function fromSamples(samples, rate) {
  if (typeof rate !== 'number' || rate !== (rate | 0)) throw new VqaError('E_CALL', `sampleRate is ${String(rate)}, expected a whole number`); // others would change on their way into wasm
  return { call: 'hearSamples', args: [new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), rate] };
}
