// Asks one model about many pictures in one tab, twice, then opens and closes the model many times: `make soak`.
// Memory must not grow after the first pictures, the last questions and models must not be slower than the first, every answer of
// the second pass must be that of the first, and some of them are compared with those of Node.
//
//     node web/bench/soak.js [PICTURES] [QUESTIONS] [MODELS]     200 pictures, 10 questions each, 100 models

import { chromium } from 'playwright-core';
import { createVqa } from '../src/index.js';
import { serve } from '../serve.js';
import { residentMemory, unreadable } from '../test/renderer.js';
import { CHROME, CHROME_FLAGS, PHOTO_PACK, RUNTIME, missing } from '../test/support.js';
import { growth } from './growth.js';
import { median } from './page/statistics.js';

const [pictures = 200, questions = 10, models = 100] = process.argv.slice(2).map(Number);
const FIRST = Math.ceil(pictures / 20);  // pictures before memory is looked at
const ALLOWED = 10;                      // megabytes more than then; a picture that stays would be 0.06 each, a model 7
const SLOWER = 1.25;                     // times as long as at first
const AGAIN = 6;                         // times that work is repeated where memory looks grown
const SAMPLES = 10;                      // of memory while it is at work
const COMPARED = 5;                      // pictures that Node is asked about, too

const WORDS = [
  'What kind of place is this?', 'How many shapes are there?', 'What color is the circle?', 'Is there a dog?', 'What is this?', 'Where is the star?',
  'Is this a photo?', 'What is the person doing?', 'Is it indoors or outdoors?', 'What shape is red?',
];

const unable = missing(RUNTIME, PHOTO_PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH') || unreadable;
if (unable) {
  console.error(unable);
  process.exit(1);
}

/** Runs in the page: a few colored discs and boxes, the same for the same number. */
function draw(number) {
  let state = number * 2654435761 >>> 0;
  const random = (below) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 * below;
  const canvas = new OffscreenCanvas(160 + number % 7 * 40, 120 + number % 5 * 40);
  const context = canvas.getContext('2d');
  for (let i = 0; i < 6; i++) {
    context.fillStyle = `hsl(${random(360)} 80% ${20 + random(60)}%)`;
    context.beginPath();
    if (i === 0) context.rect(0, 0, canvas.width, canvas.height);
    else if (i % 2) context.arc(random(canvas.width), random(canvas.height), 10 + random(30), 0, 7);
    else context.rect(random(canvas.width), random(canvas.height), 10 + random(60), 10 + random(60));
    context.fill();
  }
  return canvas.convertToBlob();
}

/** Runs in the page: asks everything about pictures `from` to `to`. */
async function ask({ from, to, words }) {
  const answers = [], milliseconds = [];
  for (let number = from; number < to; number++) {
    const picture = await globalThis.vqa.encode(await globalThis.draw(number));
    for (const word of words) {
      const start = performance.now();
      const { answer, score } = await picture.ask(word);
      milliseconds.push(performance.now() - start);
      answers.push(`${answer} ${score}`);
    }
    picture.close();
  }
  return { answers, milliseconds, peakBytes: globalThis.vqa.info.peakBytes };
}

/** Runs in the page: loads, asks and closes so many models. */
async function open({ count, bytes }) {
  const { createVqa } = await import('/src/index.js');
  globalThis.bytes ??= await (await fetch(bytes)).arrayBuffer();
  const answers = [], milliseconds = [];
  for (let i = 0; i < count; i++) {
    const picture = await globalThis.draw(1);
    const start = performance.now();
    const vqa = await createVqa({ model: globalThis.bytes });
    const { answer, score } = await vqa.ask(picture, 'What color is it?');
    milliseconds.push(performance.now() - start);
    answers.push(`${answer} ${score}`);
    vqa.close();
  }
  return { answers, milliseconds };
}

/** Runs in the page: the file of a picture. */
const drawn = async (number) => Array.from(new Uint8Array(await (await globalThis.draw(number)).arrayBuffer()));

const server = await serve(0);
const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
const page = await browser.newPage();
page.setDefaultTimeout(600_000);
await page.goto(`http://localhost:${server.address().port}/icon.svg`);
await page.evaluate(`globalThis.draw = ${draw}`);
await page.evaluate(async (model) => {
  const { createVqa } = await import('/src/index.js');
  globalThis.vqa = await createVqa({ model, cache: false });
}, '/weights/photos.q8.safetensors');
const megabytes = await residentMemory(browser, page);

/** What was wrong. @type {string[]} */
const wrong = [];

/**
 * Memory must stay. Chromium's own rises by up to 40 MB before it is collected: what looks like growth is one if as much work
 * again, several times, never brings it back.
 * @param {string} what @param {number} before @param {number} after  megabytes @param {() => Promise<unknown>} [work]
 */
async function expectNoMore(what, before, after, work) {
  console.log(`${what}: ${before.toFixed(1)} MB before, ${after.toFixed(1)} after`);
  for (let i = 0; work && i < AGAIN && after > before + ALLOWED; i++) {
    await work();
    console.log(`... and after as much again: ${(after = await megabytes()).toFixed(1)}`);
  }
  if (after > before + ALLOWED) wrong.push(`${what}: ${(after - before).toFixed(1)} MB more`);
}

/** Memory that grows steadily, if slowly: the line through its samples. @param {string} what @param {number[]} samples */
function expectLevel(what, samples) {
  const more = growth(samples);
  console.log(`${what}: ${samples.map((sample) => sample.toFixed(1)).join(', ')} MB: a line that rises by ${more.toFixed(1)}`);
  if (more > ALLOWED) wrong.push(`${what}: ${more.toFixed(1)} MB more on the whole`);
}

/**
 * The last must not be slower than the first; what is slow at first sight is measured once more, as others use the machine.
 * @param {string} what @param {number[]} first @param {number[]} last  milliseconds @param {() => Promise<number[]>} again
 */
async function expectFast(what, first, last, again) {
  const limit = SLOWER * median(first);
  let now = median(last);
  console.log(`${what}: ${median(first).toFixed(2)} ms (median of the first ${first.length}), ${now.toFixed(2)} (of the last)`);
  if (now > limit) console.log(`... and once more: ${(now = median(await again())).toFixed(2)}`);
  if (now > limit) wrong.push(`${what}: ${now.toFixed(2)} ms at last, ${median(first).toFixed(2)} at first`);
}

/** Work of `count` in SAMPLES parts, and the memory after each. @template T @param {number} count @param {(from: number, to: number) => Promise<T>} work */
async function sampled(count, work) {
  const parts = [], memory = [];
  for (let i = 0; i < SAMPLES; i++) {
    const [from, to] = [i, i + 1].map((part) => Math.round(part * count / SAMPLES));
    parts.push(await work(from, to));
    memory.push(await megabytes());
  }
  return { parts, memory, answers: parts.flatMap(({ answers }) => answers), milliseconds: parts.flatMap(({ milliseconds }) => milliseconds) };
}

const words = Array.from({ length: questions }, (_, i) => WORDS[i % WORDS.length]);
const askAll = (from, to) => page.evaluate(ask, { from, to, words });
const warm = await askAll(0, FIRST);
const before = await megabytes();
const first = await askAll(0, pictures);
await expectNoMore(`${first.answers.length} questions about ${pictures} pictures, resident`, before, await megabytes(), () => askAll(0, pictures));
const second = await sampled(pictures, askAll);
await expectNoMore('... and once more', before, second.memory.at(-1), () => askAll(0, pictures));
expectLevel('resident in the second pass', second.memory);
await expectNoMore('WebAssembly’s memory', warm.peakBytes / 1e6, second.parts.at(-1).peakBytes / 1e6);
const others = second.answers.filter((answer, i) => answer !== first.answers[i]).length;
console.log(`answers that were others in the second pass: ${others}; different ones: ${new Set(first.answers).size}`);
if (others) wrong.push(`${others} answers of the second pass are others`);
const all = [...first.milliseconds, ...second.milliseconds];
const part = Math.ceil(all.length / 10);
await expectFast('a question', all.slice(0, part), all.slice(-part), async () => (await askAll(0, Math.ceil(pictures / 5))).milliseconds);
await page.evaluate(() => globalThis.vqa.close());

const vqa = await createVqa({ model: PHOTO_PACK, wasm: RUNTIME });
let compared = 0;
for (let i = 0; i < COMPARED; i++) {
  const number = Math.floor(i * pictures / COMPARED);
  const results = await vqa.ask(new Uint8Array(await page.evaluate(drawn, number)), words);
  results.forEach(({ answer, score }, word) => {
    const told = first.answers[number * questions + word];
    if (told !== `${answer} ${score}`) wrong.push(`picture ${number}, ${words[word]} ${told} in the page, ${answer} ${score} in Node`);
    compared++;
  });
}
vqa.close();
console.log(`answers compared with Node's: ${compared}`);

/** Workers that were closed take the browser its time to end. */
async function openAll(from, to) {
  const done = await page.evaluate(open, { count: to - from, bytes: '/weights/photos.q8.safetensors' });
  for (let i = 0; i < 60 && page.workers().length; i++) await page.waitForTimeout(500);
  return done;
}

await openAll(0, 5);
const empty = await megabytes();
const opened = await sampled(models, openAll);
await expectNoMore(`${models} times loaded, asked and closed`, empty, opened.memory.at(-1), () => openAll(0, models));
expectLevel('resident meanwhile', opened.memory);
await expectFast('a model', opened.milliseconds.slice(0, 10), opened.milliseconds.slice(-10), async () => (await openAll(0, 10)).milliseconds);
const said = new Set(opened.answers).size;
console.log(`workers left: ${page.workers().length}; different answers: ${said}`);
if (page.workers().length || said !== 1) wrong.push(`${page.workers().length} workers left, ${said} answers to one question`);

await browser.close();
server.closeAllConnections();
server.close();
for (const sentence of wrong) console.error(sentence);
process.exit(wrong.length ? 1 : 0);
