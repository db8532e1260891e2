// The models that are compared, and their files in build/bench: packs for this engine, graphs of the same weights
// for onnxruntime, and a task, see tasks.js.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMMAND_LINE, PACK, fullSizeFolder } from '../test/support.js';
import { onnxBytes } from './architectures.js';
import { Pack, bellShaped, writeFloatPack } from './packs.js';
import { vqa, writePicture, writeQuestion, writeSound, writeSpectrogram, writeTranscript } from './tasks.js';
import { WHISPER_GRAPHS } from './whisper.js';

/**
 * @typedef {{ engine: 'wasm-vqa' | 'onnxruntime-web', precision: string }} Side  of a comparison
 * @typedef {object} Common
 * @property {() => string} [folder]  of a model with random weights; without, the built-in model
 * @property {number} runs  measured at least
 * @property {number} warmup  answers not measured: browsers compile anew what is much used, and small models need many until it is
 *
 * @typedef {object} Answering  a model that is asked about a picture
 * @property {number} side  of the picture, as the model takes it: nothing is resized
 * @property {string} question
 * @property {string} tokens  of the question: as many for every model
 *
 * @typedef {object} Transcribing  a model that writes down as many tokens of a sound as its config says
 * @property {number} seconds  of the sound: as many as the model listens to at once
 *
 * @typedef {Common & (Answering | Transcribing)} Model
 */

const LETTERS = { question: 'how many people?', tokens: '[CLS] h ##o ##w m ##a ##n ##y p ##e ##o ##p ##l ##e ? [SEP]' }; // a recipe's words

/** @type {Record<string, Model>} */
export const MODELS = {
  'vilt-b32': { folder: () => fullSizeFolder('vilt_b32_vqa'), side: 384, ...LETTERS, runs: 10, warmup: 2 },
  'seed-bert-vit': { folder: () => fullSizeFolder('bert_vit_concat'), side: 224, ...LETTERS, runs: 10, warmup: 2 },
  shapes: {
    side: 96,
    question: 'is there a red circle to the top left of a blue star?',
    tokens: '[CLS] is there a red circle to the top left of a blue star ? [SEP]',
    runs: 100,
    warmup: 300,
  },
  'whisper-tiny': { folder: () => fullSizeFolder('whisper_tiny'), seconds: 30, runs: 10, warmup: 2 },
};

/** What is compared with what: our precisions, and those of precisions.js. @type {Record<string, Side[]>} */
export const CLASSES = {
  f32: [{ engine: 'wasm-vqa', precision: 'f32' }, { engine: 'onnxruntime-web', precision: 'fp32' }],
  q8: [
    { engine: 'wasm-vqa', precision: 'q8' },
    { engine: 'onnxruntime-web', precision: 'int8' },
    { engine: 'onnxruntime-web', precision: 'int8-per-channel' },
  ],
  q4: [{ engine: 'wasm-vqa', precision: 'q4' }, { engine: 'onnxruntime-web', precision: 'q4' }],
};

const FOLDER = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const sources = (/** @type {string[]} */ ...names) => names.map((name) => fileURLToPath(new URL(`./${name}.js`, import.meta.url)));
const TASK_SOURCES = sources('models', 'spectrogram', 'tasks');
const GRAPH_SOURCES = sources('architectures', 'graph', 'layers', 'onnx', 'packs', 'precisions', 'whisper');

/** The graphs of a model, a file each, by what stands in its name. @type {(model: Model) => Record<string, (weights: Pack, precision: string) => Uint8Array[]>} */
const graphsOf = (model) => ('seconds' in model
  ? Object.fromEntries(Object.entries(WHISPER_GRAPHS).map(([part, bytes]) => [`.${part}`, bytes]))
  : { '': (weights, precision) => onnxBytes(weights, precision, model.tokens.split(' ').length, model.side) });

/** The files that a side loads. @param {string} model  one of MODELS @param {Side} side */
export const modelFiles = (model, { engine, precision }) => {
  const name = `${FOLDER}${model}.${precision}`;
  return engine === 'wasm-vqa' ? [`${name}.safetensors`] : Object.keys(graphsOf(MODELS[model])).map((part) => `${name}${part}.onnx`);
};

/** The task of a model, as the pages read it. @param {string} model @returns {import('./page/protocol.js').Task} */
export const readTask = (model) => JSON.parse(readFileSync(`${FOLDER}${model}.json`, 'utf8'));

/** Write a file unless it is newer than all it is made of; it is there under its name only when it is whole. */
function make(/** @type {string} */ file, /** @type {string[]} */ sources, /** @type {(part: string) => void} */ write) {
  if (existsSync(file) && sources.every((source) => statSync(source).mtimeMs <= statSync(file).mtimeMs)) return;
  console.error(`writing ${file.slice(FOLDER.length)}`);
  write(`${file}.part`);
  renameSync(`${file}.part`, file);
}

/**
 * Write the files of a model that are not there or are old.
 * @param {string} name  one of MODELS
 * @param {Side[]} sides
 */
export function prepare(name, sides) {
  const model = MODELS[name], { folder } = model;
  mkdirSync(FOLDER, { recursive: true });
  const [floats] = modelFiles(name, CLASSES.f32[0]);
  if (folder) make(floats, sources('packs'), (part) => writeBellShaped(part, folder()));
  else make(floats, [PACK], (part) => writeFloatPack(new Pack(PACK), part));
  for (const side of sides) {
    const { engine, precision } = side;
    const files = modelFiles(name, side);
    if (engine === 'onnxruntime-web') {
      const graphs = Object.values(graphsOf(model));
      files.forEach((file, i) => make(file, [...GRAPH_SOURCES, floats], (part) => writePieces(part, graphs[i](new Pack(floats), precision))));
    } else if (files[0] !== floats) {
      make(files[0], [COMMAND_LINE, floats], (part) => vqa('quantize', floats, part, '--precision', precision));
    }
  }
  const task = `${FOLDER}${name}.json`;
  if ('seconds' in model) {
    const sound = `${FOLDER}${name}.wav`;
    make(sound, TASK_SOURCES, (part) => writeSound(part, model.seconds));
    make(`${FOLDER}${name}.spectrogram`, [...TASK_SOURCES, sound], (part) => writeSpectrogram(part, model.seconds));
    make(task, [...TASK_SOURCES, floats, sound], (part) => writeTranscript(part, floats, sound));
  } else {
    const picture = `${FOLDER}${name}.png`;
    make(picture, TASK_SOURCES, (part) => writePicture(part, model.side));
    make(task, [...TASK_SOURCES, floats, picture], (part) => writeQuestion(part, floats, picture, model));
  }
}

/** A model with its random weights distributed as trained ones are. @param {string} file @param {string} folder */
function writeBellShaped(file, folder) {
  const even = `${file}.even`;
  vqa('quantize', folder, even, '--precision', 'f32');
  writeFloatPack(new Pack(even), file, bellShaped());
  rmSync(even);
}

/** @param {string} file @param {Uint8Array[]} pieces */
function writePieces(file, pieces) {
  const to = openSync(file, 'w');
  for (const piece of pieces) writeSync(to, piece);
  closeSync(to);
}
