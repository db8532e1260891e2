// The models that are compared, and their files in build/bench: packs for this engine, graphs of the same weights
// for onnxruntime, and a task, one picture and one question, with what the command line answers as float32.

import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMMAND_LINE, PACK, fullSizeFolder, png } from '../test/support.js';
import { onnxBytes } from './architectures.js';
import { Pack, bellShaped, writeFloatPack } from './packs.js';

/**
 * @typedef {{ engine: 'wasm-vqa' | 'onnxruntime-web', precision: string }} Side  of a comparison
 * @typedef {object} Model
 * @property {string} [recipe]  a folder of tests/fixtures/realistic; without, the built-in model
 * @property {number} side  of the picture, as the model takes it: nothing is resized
 * @property {string} question
 * @property {string} tokens  of the question: as many for every model
 * @property {number} runs  measured at least
 * @property {number} warmup  answers not measured: browsers compile anew what is much used, and small models need many until it is
 */

const LETTERS = { question: 'how many people?', tokens: '[CLS] h ##o ##w m ##a ##n ##y p ##e ##o ##p ##l ##e ? [SEP]' }; // a recipe's words

/** @type {Record<string, Model>} */
export const MODELS = {
  'vilt-b32': { recipe: 'vilt_b32_vqa', side: 384, ...LETTERS, runs: 10, warmup: 2 },
  'seed-bert-vit': { recipe: 'bert_vit_concat', side: 224, ...LETTERS, runs: 10, warmup: 2 },
  shapes: {
    side: 96,
    question: 'is there a red circle to the top left of a blue star?',
    tokens: '[CLS] is there a red circle to the top left of a blue star ? [SEP]',
    runs: 100,
    warmup: 300,
  },
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
const GRAPH_SOURCES = ['architectures', 'graph', 'layers', 'onnx', 'packs', 'precisions']
  .map((name) => fileURLToPath(new URL(`./${name}.js`, import.meta.url)));

/** The file that a side loads. @param {string} model  one of MODELS @param {Side} side */
export const modelFile = (model, { engine, precision }) =>
  `${FOLDER}${model}.${precision}.${engine === 'wasm-vqa' ? 'safetensors' : 'onnx'}`;

/** The task of a model, as the pages read it. @param {string} model @returns {import('./page/protocol.js').Task} */
export const readTask = (model) => JSON.parse(readFileSync(`${FOLDER}${model}.json`, 'utf8'));

/** Write a file unless it is newer than all it is made of; it is there under its name only when it is whole. */
function make(/** @type {string} */ file, /** @type {string[]} */ sources, /** @type {(part: string) => void} */ write) {
  if (existsSync(file) && sources.every((source) => statSync(source).mtimeMs <= statSync(file).mtimeMs)) return;
  console.error(`writing ${file.slice(FOLDER.length)}`);
  write(`${file}.part`);
  renameSync(`${file}.part`, file);
}

const vqa = (/** @type {string[]} */ ...args) => execFileSync(COMMAND_LINE, args, { encoding: 'utf8' });

/**
 * Write the files of a model that are not there or are old.
 * @param {string} name  one of MODELS
 * @param {Side[]} sides
 */
export function prepare(name, sides) {
  const { recipe, ...task } = MODELS[name];
  mkdirSync(FOLDER, { recursive: true });
  const floats = modelFile(name, CLASSES.f32[0]);
  const packs = fileURLToPath(new URL('packs.js', import.meta.url));
  if (recipe) make(floats, [packs], (part) => writeRecipe(part, recipe));
  else make(floats, [PACK], (part) => writeFloatPack(new Pack(PACK), part));
  for (const side of sides) {
    const { engine, precision } = side;
    const file = modelFile(name, side);
    if (engine === 'onnxruntime-web') make(file, [...GRAPH_SOURCES, floats], (part) => writeGraph(part, floats, precision, task));
    else if (file !== floats) make(file, [COMMAND_LINE, floats], (part) => vqa('quantize', floats, part, '--precision', precision));
  }
  make(`${FOLDER}${name}.png`, [], (part) => writeFileSync(part, picture(task.side)));
  make(`${FOLDER}${name}.json`, [floats, fileURLToPath(import.meta.url)], (part) => writeTask(part, name, floats, task));
}

/** A recipe's model, with weights as trained ones are distributed. @param {string} file @param {string} recipe */
function writeRecipe(file, recipe) {
  const even = `${file}.even`;
  vqa('quantize', fullSizeFolder(recipe), even, '--precision', 'f32');
  writeFloatPack(new Pack(even), file, bellShaped());
  rmSync(even);
}

/** @param {string} file @param {string} floats @param {string} precision @param {Pick<Model, 'side' | 'tokens'>} task */
function writeGraph(file, floats, precision, { side, tokens }) {
  const to = openSync(file, 'w');
  for (const piece of onnxBytes(new Pack(floats), precision, tokens.split(' ').length, side)) writeSync(to, piece);
  closeSync(to);
}

/**
 * What the pages read: the question in words and as tokens, how pixels become floats, and the answers.
 * @param {string} file
 * @param {string} name
 * @param {string} floats
 * @param {Pick<Model, 'question' | 'tokens'>} task
 */
function writeTask(file, name, floats, { question, tokens }) {
  const { config, labels, metadata, vocabulary } = new Pack(floats);
  const { image_mean: mean, image_std: std } = JSON.parse(metadata.preprocessor);
  const { answers } = JSON.parse(vqa('ask', floats, `${FOLDER}${name}.png`, question, '-k', '100', '--json'));
  const ids = tokens.split(' ').map((token) => vocabulary.indexOf(token));
  const independent = config.model_type === 'vilt'; // each answer has its own probability
  writeFileSync(file, JSON.stringify({ question, ids, mean, std, independent, labels, answers }));
}

/** A circle and a diamond on a ramp of colours: nothing is flat, so every weight counts. @param {number} side */
function picture(side) {
  return png(side, side, (x, y) => {
    const [u, v] = [x / side, y / side];
    if (Math.hypot(u - 0.3, v - 0.3) < 0.2) return [255 - 80 * u, 30, 20 + 60 * v];
    if (Math.abs(u - 0.7) + Math.abs(v - 0.7) < 0.2) return [20, 60 * u, 255 - 60 * v];
    return [255 - 40 * u, 255 - 40 * v, 235 - 30 * u * v];
  });
}
