// What the tests share: the files under test, and pictures and runtimes made on the spot.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

export const RUNTIME = path('build/wasm/vqa.wasm');
export const FULL_RUNTIME = path('build/wasm/vqa-full.wasm');
export const RUNTIMES = ['vqa', 'vqa-full'].flatMap((size) => ['', '-relaxed', '-threads', '-relaxed-threads'].map((kind) => path(`build/wasm/${size}${kind}.wasm`)));
export const PACK = path('weights/shapes.q8.safetensors');
export const PHOTO_PACK = path('weights/photos.q8.safetensors'); // the page's
export const VOICE_PACK = path('weights/voice.q8.safetensors');

/** Questions said by voices that the voice pack never heard; their names are their words. */
export const SPOKEN = path('tests/fixtures/spoken/');

export const COMMAND_LINE = path('build/native/vqa');
export const SAMPLES = path('web/demo/samples/samples.json');

/** A Chromium, and the flags that keep it quiet; CHROME_PATH names another. */
export const CHROME = [process.env.CHROME_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'].find((file) => file && existsSync(file));
export const CHROME_FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A Firefox; FIREFOX_PATH names another. */
export const FIREFOX = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox'].find((file) => file && existsSync(file));

/** The files of a small folder: a fixture, and a vocabulary, which it lacks. */
export function smallFolder(fixture = 'fusion/concat') {
  const files = Object.fromEntries(['config.json', 'preprocessor_config.json', 'model.safetensors']
    .map((name) => [name, readFileSync(path(`tests/fixtures/${fixture}/${name}`))]));
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'what', 'color', 'is', 'the', 'cat', 'how', 'many', 'dogs', '?'];
  return {
    ...files,
    'tokenizer_config.json': Buffer.from('{ "tokenizer_class": "BertTokenizer", "do_lower_case": true }'),
    'vocab.txt': Buffer.from(words.join('\n')),
  };
}

/** Folders of build/ for the recipes of tests/fixtures/realistic. */
const FULL_SIZE = { vilt_b32_vqa: 'vilt-b32', bert_vit_concat: 'bert-vit', whisper_tiny: 'whisper-tiny' };

/** The folder of a full-size model with random weights; written once, and there under its name only when it is whole. */
export function fullSizeFolder(recipe) {
  const folder = path(`build/${FULL_SIZE[recipe]}`);
  if (existsSync(folder)) return folder;
  rmSync(`${folder}.part`, { recursive: true, force: true });
  execFileSync(COMMAND_LINE, ['recipe', path(`tests/fixtures/realistic/${recipe}`), `${folder}.part`]);
  renameSync(`${folder}.part`, folder);
  return folder;
}

/** For `test(name, { skip })`: false if all these files are there, else the line that says which is not. */
export function missing(...files) {
  const file = files.find((name) => !existsSync(name));
  return file ? `${file.slice(path('').length)} is missing` : false;
}

/** The same for the files of dist/: false if they are there and made of this runtime. */
export function missingBundle() {
  const fresh = readdirSync(path('build/wasm')).filter((name) => /^vqa.*\.wasm$/.test(name)).every((name) => {
    const bundled = path(`web/dist/${name}`);
    return existsSync(bundled) && readFileSync(bundled).equals(readFileSync(path(`build/wasm/${name}`)));
  });
  return fresh ? false : 'web/dist/ is missing or of other runtimes: npm run build';
}

/** A PNG file; `pixel(x, y)` gives [red, green, blue]. */
export function png(width, height, pixel) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set(pixel(x, y), y * (1 + width * 3) + 1 + x * 3);
  }
  return pngFile(width, height, deflateSync(rows));
}

/** A PNG file of that size with these compressed rows, whether they fit or not. */
export function pngFile(width, height, idat) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return new Uint8Array(Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', idat), chunk('IEND', Buffer.alloc(0))]));
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** A BMP file of 24 bits; `pixel` as above. */
export function bmp(width, height, pixel) {
  const stride = Math.ceil(width * 3 / 4) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write('BM');
  file.writeUInt32LE(54, 10); // where the pixels start
  file.writeUInt32LE(40, 14); // size of the second header
  file.writeInt32LE(width, 18);
  file.writeInt32LE(-height, 22); // negative: from top to bottom
  file.writeUInt16LE(1, 26); // planes
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) file.set(pixel(x, y).toReversed(), 54 + y * stride + x * 3);
  }
  return new Uint8Array(file);
}

/** A GIF file of two colors; `index(x, y)` is 0 or 1. The table of codes is cleared before each pixel, so codes have three bits. */
export function gif(width, height, colors, index) {
  const [CLEAR, END] = [4, 5];
  const codes = [];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) codes.push(CLEAR, index(x, y));
  const bits = [...codes, END].map((code) => [code & 1, code >> 1 & 1, code >> 2]).flat();
  const data = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit, at) => byte | bit << at, 0));
  const blocks = [];
  for (let at = 0; at < data.length; at += 255) blocks.push(Math.min(255, data.length - at), ...data.slice(at, at + 255));
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  return new Uint8Array([...Buffer.from('GIF89a'), ...size, 0x80, 0, 0, ...colors.flat(),
    0x2c, 0, 0, 0, 0, ...size, 0, 2, ...blocks, 0, 0x3b]);
}

/** Whether a pixel is inside the circle. */
export const inCircle = (x, y) => Math.hypot(x - 48, y - 48) < 26;

/** A circle on white. */
export const circle = (red, green, blue) =>
  png(96, 96, (x, y) => (inCircle(x, y) ? [red, green, blue] : [255, 255, 255]));

export const RED_CIRCLE = circle(255, 0, 0);
export const BLUE_CIRCLE = circle(0, 0, 255);

/** The red one as libheif 1.23 with aom writes it, at quality 40. */
export const RED_CIRCLE_AVIF = Buffer.from(`
  AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEA
  AQAAAAAA+gABAAAAAAAAAKAAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFD
  gQAMAAAAABRpc3BlAAAAAAAAAGAAAABgAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAACobWRhdBIACgkYGa/fbICGg0IykAFErHh4
  XhwAAoABAuEI5YQfGneDXYsMf7alK6/96ws42VjwpjzSjrpwsNa7Zf5mxAThE4Jm7PeMvbVh7QvgI89HfvWiFTPOU9HgCcn9jtttpkaAxA+5XTVXm0XhSp91
  K//rZJZQYT8xRvd1j8oLvERLgZB5XwptvWYEbouLhHjt/AGdm75H4rjZq6vZa2sumZI=
`, 'base64');

const TRAP = [0x00]; // unreachable
const CALL_IMPORT = [0x10, 0]; // call 0
const constant = (value) => [0x41, value]; // i32.const, 0..63

/**
 * The smallest runtime with the functions of vqa.h. They return constants: 0, or what `results` says for
 * their name, which may also be 'trap' or 'import' (a call of the unknown function env.mystery).
 */
export function tinyRuntime(results = {}) {
  const returns = { malloc: 32, vqa_new: 1, vqa_encode: 1, vqa_info: 16, vqa_error: 0, vqa_load: 0, vqa_load_end: 0,
    vqa_close_picture: 0, vqa_ask: 1, vqa_answer_text: 16, vqa_answer_score: 0, vqa_milliseconds: 0, vqa_stop: 0, vqa_set_explain: 0, vqa_set_size_limit: 0, free: 0, ...results };
  const params = { malloc: 1, free: 1, vqa_new: 1, vqa_info: 1, vqa_error: 1, vqa_load: 3, vqa_load_end: 1, vqa_encode: 3,
    vqa_close_picture: 2, vqa_ask: 6, vqa_answer_text: 2, vqa_answer_score: 2, vqa_milliseconds: 2, vqa_stop: 1, vqa_set_explain: 2, vqa_set_size_limit: 2 };
  const names = Object.keys(returns);
  const text = (s) => [s.length, ...Buffer.from(s)];
  const list = (items) => [items.length, ...items.flat()];
  const section = (id, bytes) => [id, ...size(bytes.length), ...bytes];
  const body = (name) => {
    const result = returns[name];
    const code = [0, ...(result === 'trap' ? TRAP : result === 'import' ? CALL_IMPORT : constant(result)), 0x0b];
    return [code.length, ...code];
  };
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, list([0, 1, 2, 3, 4, 5, 6].map((n) => [0x60, n, ...Array(n).fill(0x7f), 1, 0x7f]))), // type n: n times i32 -> i32
    ...section(2, list([[...text('env'), ...text('mystery'), 0, 0]])),
    ...section(3, list(names.map((name) => [params[name]]))),
    ...section(5, [1, 0, 1]), // memory: one page
    ...section(7, list([[...text('memory'), 2, 0], ...names.map((name, i) => [...text(name), 0, i + 1])])),
    ...section(10, list(names.map(body))),
    ...section(11, list([[0, ...constant(16), 0x0b, ...text('{}')]])),
  ]);
}

const size = (n) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]); // LEB128

/**
 * A stand-in for the browser's caches until the test ends: `folders` are their files by name and path, and what `refuse`
 * throws, told the name of a call and its path, is what the browser refuses.
 */
export function fakeCaches(t) {
  const folders = new Map();
  const use = { folders, refuse: () => {} };
  globalThis.caches = {
    keys: async () => [...folders.keys()],
    async delete(name) {
      use.refuse('delete', name);
      return folders.delete(name);
    },
    async open(name) {
      use.refuse('open', name);
      if (!folders.has(name)) folders.set(name, new Map());
      const files = folders.get(name);
      return {
        match: async (path) => (files.has(path) ? new Response(files.get(path)) : undefined),
        async put(path, response) {
          const bytes = new Uint8Array(await response.arrayBuffer());
          use.refuse('put', path);
          files.set(path, bytes);
        },
        delete: async (path) => files.delete(path),
        keys: async () => [...files.keys()].map((path) => ({ url: `https://page.example${path}` })),
      };
    },
  };
  t.after(() => delete globalThis.caches);
  return use;
}
