// What both engines are given, and what the command line makes of it with float32: one picture and one question, or a sound.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { wav } from '../test/hearing.js';
import { COMMAND_LINE, png } from '../test/support.js';
import { Pack } from './packs.js';
import { RATE, spectrogram } from './spectrogram.js';

export const vqa = (/** @type {string[]} */ ...args) => execFileSync(COMMAND_LINE, args, { encoding: 'utf8' });

/**
 * What the pages read of a question: it in words and as tokens, how pixels become floats, and the answers.
 * @param {string} file
 * @param {string} floats  the model
 * @param {string} picture
 * @param {import('./models.js').Answering} task
 */
export function writeQuestion(file, floats, picture, { question, tokens }) {
  const { config, labels, metadata, vocabulary } = new Pack(floats);
  const { image_mean: mean, image_std: std } = JSON.parse(metadata.preprocessor);
  const { answers } = JSON.parse(vqa('ask', floats, picture, question, '-k', '100', '--json'));
  const ids = tokens.split(' ').map((token) => vocabulary.indexOf(token));
  const independent = config.model_type === 'vilt'; // each answer has its own probability
  writeFileSync(file, JSON.stringify({ question, ids, mean, std, independent, labels, answers }));
}

/** A circle and a diamond on a ramp of colours: nothing is flat, so every weight counts. @param {string} file @param {number} side */
export function writePicture(file, side) {
  writeFileSync(file, png(side, side, (x, y) => {
    const [u, v] = [x / side, y / side];
    if (Math.hypot(u - 0.3, v - 0.3) < 0.2) return [255 - 80 * u, 30, 20 + 60 * v];
    if (Math.abs(u - 0.7) + Math.abs(v - 0.7) < 0.2) return [20, 60 * u, 255 - 60 * v];
    return [255 - 40 * u, 255 - 40 * v, 235 - 30 * u * v];
  }));
}

/** What the pages read of a sound: the sizes of the model, and the tokens that are to be written. @param {string} file @param {string} floats @param {string} sound */
export function writeTranscript(file, floats, sound) {
  const { config } = new Pack(floats);
  const { segments } = JSON.parse(vqa('transcribe', floats, sound, '--json'));
  writeFileSync(file, JSON.stringify({ config, tokens: segments.flatMap((segment) => segment.tokens) }));
}

/** A tone that rises and swells, with hiss that is the same every time: no band is silent. @param {number} seconds */
function samples(seconds) {
  let seed = 1;
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const at = i / RATE, hiss = (seed = seed * 48271 % 2147483647) / 2147483647 - 0.5;
    const swelling = 0.1 + 0.4 * Math.sin(Math.PI * at) ** 2;
    return Math.round(32767 * (swelling * Math.sin(2 * Math.PI * (100 + 60 * at) * at) + 0.1 * hiss)) / 32768; // as a WAV file of 16 bits has it
  });
}

/** @param {string} file @param {number} seconds */
export const writeSound = (file, seconds) => writeFileSync(file, wav(samples(seconds)));

/** [bands, frames] as floats: what onnxruntime's graph takes. @param {string} file @param {number} seconds */
export const writeSpectrogram = (file, seconds) => writeFileSync(file, spectrogram(samples(seconds)));
