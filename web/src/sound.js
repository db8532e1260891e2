// Sounds in every form a page has them, made into what the engine takes: a WAV file, or samples. Loaded with the first sound.

import { VqaError } from './errors.js';

/**
 * @typedef {{ samples: Float32Array, sampleRate: number }} Samples  one channel, -1..1, so many a second
 * @typedef {Blob | ArrayBuffer | Uint8Array | AudioBuffer | Samples} SpeechSource  what somebody says: a file of any kind that the browser
 *   decodes, or what was decoded. WAV files and samples give the same scores everywhere; other files may differ a little from browser to
 *   browser, and are refused in Node and in workers, which decode none
 * @typedef {{ call: 'hear', args: [wav: Uint8Array] } | { call: 'hearSamples', args: [floats: Uint8Array, rate: number] }} SoundCall
 */

/** Limit of vqa.h, in seconds. */
const MAX_SECONDS = 600;

/** Samples a second of what the browser decodes: what models hear. */
const RATE = 16_000;

/** The names of sound files, by their first bytes. @type {[start: RegExp, name: string][]} */
const FORMATS = [
  [/^OggS/, 'Ogg'], [/^fLaC/, 'FLAC'], [/^\x1aE\xdf\xa3/, 'WebM'], [/^.{4}ftyp/s, 'MP4'], [/^FORM.{4}AIF/s, 'AIFF'], [/^(ID3|\xff[\xe2-\xff])/, 'MP3'],
];

/**
 * Read a sound.
 * @param {SpeechSource} speech
 * @returns {Promise<SoundCall>} the call that hears it; its bytes are nobody else's
 */
export async function readSound(speech) {
  try {
    return await read(speech);
  } catch (error) {
    throw error instanceof VqaError ? error : new VqaError('E_SOUND', `the sound can't be read: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {any} source @returns {Promise<SoundCall>} */
async function read(source) {
  if (source instanceof Blob) return fromFile(new Uint8Array(await source.arrayBuffer()), source.type);
  if (source instanceof ArrayBuffer) return fromFile(new Uint8Array(source).slice(), '');
  if (source instanceof Uint8Array) return fromFile(new Uint8Array(source), '');
  if (typeof source?.getChannelData === 'function') return fromBuffer(source);
  if (source?.samples instanceof Float32Array) return fromSamples(source.samples, source.sampleRate);
  throw new VqaError('E_CALL', 'the speech must be a Blob, the bytes of a file, an AudioBuffer or { samples, sampleRate } with a Float32Array');
}

/**
 * The engine decodes WAV itself, the same everywhere; the browser is asked for all else.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} type  as the file tells it
 * @returns {Promise<SoundCall>}
 */
async function fromFile(bytes, type) {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (!start || /^RIFF.{4}WAVE/s.test(start)) return { call: 'hear', args: [bytes] };
  let buffer;
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    buffer = await context.decodeAudioData(bytes.buffer);
  } catch {
    const [, name = type] = FORMATS.find(([format]) => format.test(start)) ?? [];
    throw new VqaError('E_SOUND', `the ${name}${name && ' '}sound can't be decoded here; use WAV`);
  }
  return fromBuffer(buffer);
}

/** The mean of all channels. @param {AudioBuffer} buffer @returns {SoundCall} */
function fromBuffer(buffer) {
  const { numberOfChannels: count, sampleRate } = buffer;
  expectShort(buffer.length, sampleRate);
  const mean = new Float32Array(buffer.length);
  for (let channel = 0; channel < count; channel++) buffer.getChannelData(channel).forEach((sample, i) => (mean[i] += sample / count));
  return fromSamples(mean, Math.round(sampleRate));
}

/** @param {Float32Array} samples @param {number} rate @returns {SoundCall} */
function fromSamples(samples, rate) {
  if (typeof rate !== 'number' || rate !== (rate | 0)) throw new VqaError('E_CALL', `sampleRate is ${String(rate)}, expected a whole number`); // others would change on their way into wasm
  expectShort(samples.length, rate);
  return { call: 'hearSamples', args: [new Uint8Array(samples.slice().buffer), rate] };
}

/** Refuse what the engine would refuse, before it is copied. @param {number} count @param {number} rate */
function expectShort(count, rate) {
  if (rate <= 0 || count <= rate * MAX_SECONDS) return;
  throw new VqaError('E_SOUND', `the sound has ${count} samples at ${rate} a second, more than the ${MAX_SECONDS} s that are taken`);
}
