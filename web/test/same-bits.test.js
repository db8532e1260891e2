// The same bits everywhere: the logits of every build of the runtime, in Node, Chromium, Firefox and WebKitGTK, and of the command
// line's fast kernels, are those of its scalar kernels, which define all others, byte by byte.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from '../serve.js';
import { BROWSERS } from './package/browsers.js';
import { COMMAND_LINE, PACK, PHOTO_PACK, RUNTIME, SAMPLES, SPOKEN, VOICE_PACK, missing, smallFolder } from './support.js';

const skip = missing(COMMAND_LINE, RUNTIME, PACK, PHOTO_PACK, VOICE_PACK, SAMPLES);

const BUILDS = skip ? [] : readdirSync(dirname(RUNTIME)).filter((name) => /^vqa.*\.wasm$/.test(name));
const fixture = (path) => fileURLToPath(new URL(`../../tests/fixtures/${path}`, import.meta.url));
const vqa = promisify(execFile).bind(undefined, COMMAND_LINE);

// ---- models and questions ----

/**
 * A model and what it is asked; paths are relative to a folder of files that are made here and served to browsers.
 * spoken: its questions are WAV files.
 * @typedef {{ model: string, precision?: string, pictures: string[], questions: string[], choices?: string[], full?: boolean, spoken?: boolean }} Asked
 */

const QUESTIONS = ['What color is the cat?', 'how many dogs'];

/** @param {string} folder @param {Record<string, string | Uint8Array>} files */
function write(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** The models of the project and the page's samples. @returns {Asked[]} */
function builtIn(root) {
  const pictures = JSON.parse(readFileSync(SAMPLES, 'utf8')).map(({ file }) => file);
  for (const file of pictures) write(root, { [file]: readFileSync(join(dirname(SAMPLES), file)) });
  for (const pack of [PACK, PHOTO_PACK]) write(root, { [basename(pack)]: readFileSync(pack) });
  const questions = ['How many shapes are there?', 'Is the circle left of the star?', 'What color is it?', 'What is that'];
  return [
    { model: basename(PACK), pictures, questions },
    { model: basename(PHOTO_PACK), pictures: pictures.slice(0, 3), questions: questions.slice(0, 2) }, // 20 times the work
  ];
}

/** The model that hears, and what was said. @returns {Asked} */
function voice(root) {
  const pictures = ['pair.png']; // builtIn() has written it
  const questions = readdirSync(SPOKEN).filter((name) => name.endsWith('.wav'));
  for (const name of questions) write(root, { [name]: readFileSync(join(SPOKEN, name)) });
  write(root, { [basename(VOICE_PACK)]: readFileSync(VOICE_PACK) });
  return { model: basename(VOICE_PACK), pictures, questions, full: true, spoken: true };
}

/** Small models that use every kernel: gates, attention, ViLT and CLIP. @returns {Asked[]} */
function small(root) {
  const pictures = ['image0_50x40.png', 'image1_33x70.png'];
  for (const name of pictures) write(root, { [name]: readFileSync(fixture(`fusion/${name}`)) });
  const folders = ['fusion/hybrid', 'fusion/token_attention_mean', 'vilt'];
  for (const name of folders) write(join(root, name), smallFolder(name));
  write(join(root, 'clip'), { ...smallFolder('clip'), ...clipTokenizer() });
  return ['f32', 'q8', 'q4'].flatMap((precision) => [
    ...folders.map((model) => ({ model: `${model}/`, precision, pictures, questions: QUESTIONS })),
    { model: 'clip/', precision, pictures, questions: ['a photo of a {}', ''], choices: ['cat', 'yellow dog', 'teapot'], full: true },
  ]);
}

/** A vocabulary of the letters that are visible in ASCII, with one merge. */
function clipTokenizer() {
  const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const tokens = [...letters, ...letters.map((letter) => `${letter}</w>`), 'at</w>', '<|startoftext|>', '<|endoftext|>'];
  return {
    'tokenizer_config.json': '{ "tokenizer_class": "CLIPTokenizer" }',
    'vocab.json': JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    'merges.txt': '#version: 0.2\na t</w>\n',
  };
}

/** ViLT-B/32 with random weights, as wide as it is, with the first four of its twelve layers. @returns {Promise<Asked[]>} */
async function wide(root) {
  const LAYERS = 4;
  const read = (file) => JSON.parse(readFileSync(fixture(`realistic/vilt_b32_vqa/${file}`), 'utf8'));
  const manifest = read('manifest.json');
  const isKept = ({ name }) => !(Number(/layer\.(\d+)\./.exec(name)?.[1]) >= LAYERS);
  write(join(root, 'recipe'), {
    'config.json': JSON.stringify({ ...read('config.json'), num_hidden_layers: LAYERS }),
    'preprocessor_config.json': JSON.stringify(read('preprocessor_config.json')),
    'manifest.json': JSON.stringify({ ...manifest, tensors: manifest.tensors.filter(isKept) }),
  });
  await vqa(['recipe', join(root, 'recipe'), join(root, 'vilt-b32')]);
  write(root, { 'photo.jpg': readFileSync(fixture('preprocess/images/exif6_120x90.jpg')) });
  return Promise.all(['q8', 'q4'].map(async (precision) => {
    const model = `vilt-b32.${precision}.safetensors`;
    await vqa(['quantize', join(root, 'vilt-b32'), join(root, model), '--precision', precision]);
    return { model, pictures: ['photo.jpg'], questions: [QUESTIONS[0]] };
  }));
}

// ---- answers ----

/**
 * In a page or in Node: ask them all.
 * @returns {Promise<{ logits: number[][], ran: { build: string, kernels: string, threads: number }[] }>} the bytes of the logits, question by
 *   question, and what computed them, model by model
 */
async function answers({ source, wasm, threads, root, all }) {
  const { createVqa } = await import(source);
  const read = async (path) => (globalThis.process ? (await import('node:fs')).readFileSync(path) : (await fetch(path)).blob());
  const logits = [];
  const ran = [];
  for (const { model, precision, pictures, questions, choices, spoken } of all) {
    const vqa = await createVqa({ model: root + model, precision, wasm, threads, cache: false });
    for (const name of pictures) {
      const picture = await vqa.encode(root + name);
      for (const question of questions) {
        const asked = spoken ? { speech: await read(root + question) } : question;
        logits.push([...new Uint8Array((await picture.logits(asked, { choices })).buffer)]);
      }
      picture.close();
    }
    const { build, kernels, threads: count } = vqa.info;
    ran.push({ build, kernels, threads: count });
    vqa.close();
  }
  return { logits, ran };
}

/** In a page: answer what its address says, and leave what came of it where browsers.js looks. */
async function main() {
  const asked = JSON.parse(decodeURIComponent(location.search.slice(1)));
  const lacking = !WebAssembly.validate(await (await fetch(asked.wasm)).arrayBuffer());
  const outcome = lacking ? { lacking } : await answers(asked).catch((error) => ({ error: `${error.name}: ${error.message}` }));
  document.documentElement.dataset.outcome = JSON.stringify(outcome);
}

/** The page, `models/bits.html`. */
const PAGE = { 'bits.html': '<!doctype html><title>bits</title><script type="module" src="bits.js"></script>', 'bits.js': `${answers}\n${main}\nmain();\n` };

/**
 * What the command line answers, question by question: numbers of nine digits, which tell every float apart.
 * @param {string} root @param {Asked} asked @param {string[]} options
 */
async function commandLine(root, { model, precision, pictures, questions, choices, spoken }, options) {
  const how = ['--logits', '--json', ...options, ...(precision ? ['--precision', precision] : []), ...(choices ? ['--choices', choices.join()] : [])];
  const logits = [];
  for (const picture of pictures) {
    for (const question of questions) {
      const { stdout } = await vqa(['ask', join(root, model), join(root, picture), ...(spoken ? ['--speech', join(root, question)] : [question]), ...how], { maxBuffer: 1e7 });
      logits.push([...new Uint8Array(Float32Array.from(JSON.parse(stdout).logits).buffer)]);
    }
  }
  return logits;
}

/** Which are not those of the scalar kernels. */
function differences(all, logits, expected) {
  const right = all.flatMap((asked) => expected.get(asked));
  const names = all.flatMap(({ model, precision = 'as it is', pictures, questions }) =>
    pictures.flatMap((picture) => questions.map((question) => `${model} (${precision}), ${picture}: ${question}`)));
  assert.equal(logits.length, names.length);
  return names.filter((_, i) => Buffer.compare(Buffer.from(logits[i]), Buffer.from(right[i])) !== 0);
}

describe('the same bits as the scalar kernels\'', { skip, timeout: 1_800_000 }, () => {
  let root, all, expected, server;

  before(async () => {
    root = `${mkdtempSync(join(tmpdir(), 'vqa-bits-'))}/`;
    write(root, PAGE);
    all = [...builtIn(root), voice(root), ...small(root), ...await wide(root)];
    expected = new Map();
    for (const asked of all) expected.set(asked, await commandLine(root, asked, ['--scalar', '-t', '1']));
    server = await serve(0, { '/models/': root, '/builds/': `${dirname(RUNTIME)}/` });
  });

  after(() => {
    server?.closeAllConnections();
    server?.close();
    rmSync(root, { recursive: true });
  });

  /** Builds with threads have two. */
  const threadsOf = (build) => (build.includes('threads') ? 2 : undefined);

  /** Those that a build can answer. */
  const askedOf = (build) => all.filter(({ full }) => !full || build.includes('full'));

  /** One hash for the answers of the models of the project: the same in every line that is printed. */
  function hash(logits) {
    const count = all.slice(0, 2).flatMap((asked) => expected.get(asked)).length;
    return `${count} answers of the built-in models: SHA-256 ${createHash('sha256').update(Uint8Array.from(logits.slice(0, count).flat())).digest('hex')}`;
  }

  /** Every model ran on the kernels of this build, on as many threads as were wanted; what they are, in a few words. */
  function expectRan(build, ran, threads) {
    const instructions = build.includes('relaxed') ? 'relaxed-simd' : 'simd';
    for (const { build, kernels, threads: count } of ran) {
      assert.deepEqual([build, kernels.replace(', at once', ''), count], [instructions, instructions, threads]);
    }
    return `kernels ${ran.at(-1).kernels}, threads ${threads}`;
  }

  function check(t, where, all, logits, ran) {
    assert.deepEqual(differences(all, logits, expected), []);
    t.diagnostic(`${where}, ${ran}: ${logits.length} answers, ${logits.flat().length} bytes; ${hash(logits)}`);
  }

  test('scalar kernels, threads 1', (t) => {
    t.diagnostic(hash(all.flatMap((asked) => expected.get(asked))));
  });

  for (const options of [['--scalar', '-t', '2'], ['-t', '1'], ['-t', '2']]) {
    test(`the command line: ask ${options.join(' ')}`, async (t) => {
      const logits = [];
      for (const asked of all) logits.push(...await commandLine(root, asked, options));
      check(t, 'the command line', all, logits, options.join(' '));
    });
  }

  for (const build of BUILDS) {
    test(`${build} in Node`, async (t) => {
      const wasm = join(dirname(RUNTIME), build);
      if (threadsOf(build)) return t.skip('Node has no workers of the web');
      if (!WebAssembly.validate(readFileSync(wasm))) return t.skip(`Node ${process.version} lacks its instructions`);
      const all = askedOf(build);
      const { logits, ran } = await answers({ source: '../src/index.js', wasm, root, all });
      check(t, process.version, all, logits, expectRan(build, ran, 1));
    });
  }

  for (const [name, { missing, sharesMemory, again, launch }] of Object.entries(BROWSERS)) {
    describe(`in ${name}`, { skip: missing }, () => {
      let browser;

      before(async () => {
        browser = await launch();
      });

      after(() => browser?.close());

      for (const build of BUILDS.filter((build) => (threadsOf(build) ? sharesMemory : !again))) {
        test(`${build} in ${name}`, async (t) => {
          const all = askedOf(build);
          const asked = { source: '/src/index.js', wasm: `/builds/${build}`, threads: threadsOf(build), root: '/models/', all };
          const page = `http://localhost:${server.address().port}/models/bits.html`;
          const outcome = await browser.visit(`${page}?${encodeURIComponent(JSON.stringify(asked))}`);
          if (outcome.lacking) return t.skip(`${browser.version} lacks its instructions`);
          assert.equal(outcome.error, undefined);
          check(t, browser.version, all, outcome.logits, expectRan(build, outcome.ran, threadsOf(build) ?? 1));
        });
      }
    });
  }
});
