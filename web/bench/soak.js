// Asks one model about many pictures in one tab, twice, then opens and closes the model many times: `make soak`.
// Memory must not grow after the first pictures, and every answer of the second pass must be that of the first.
//
//     node web/bench/soak.js [PICTURES] [QUESTIONS] [MODELS]     200 pictures, 10 questions each, 100 models

import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { residentMemory, unreadable } from '../test/renderer.js';
import { CHROME, CHROME_FLAGS, PHOTO_PACK, RUNTIME, missing } from '../test/support.js';
import { median } from './page/statistics.js';

const [pictures = 200, questions = 10, models = 100] = process.argv.slice(2).map(Number);
const FIRST = Math.ceil(pictures / 20);  // pictures before memory is looked at
const ALLOWED = 10;                      // megabytes more than then; a picture that stays would be 0.25 each, a model 7

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
  const answers = new Set();
  for (let i = 0; i < count; i++) {
    const vqa = await createVqa({ model: globalThis.bytes });
    const { answer, score } = await vqa.ask(await globalThis.draw(1), 'What color is it?');
    answers.add(`${answer} ${score}`);
    vqa.close();
  }
  return [...answers];
}

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
function compare(what, before, after) {
  console.log(`${what}: ${before.toFixed(1)} MB before, ${after.toFixed(1)} after`);
  if (after > before + ALLOWED) wrong.push(`${what}: ${(after - before).toFixed(1)} MB more`);
}

const words = Array.from({ length: questions }, (_, i) => WORDS[i % WORDS.length]);
const warm = await page.evaluate(ask, { from: 0, to: FIRST, words });
const before = await megabytes();
const first = await page.evaluate(ask, { from: 0, to: pictures, words });
compare(`${first.answers.length} questions about ${pictures} pictures, resident`, before, await megabytes());
const second = await page.evaluate(ask, { from: 0, to: pictures, words });
compare('... and once more', before, await megabytes());
compare('WebAssembly’s memory', warm.peakBytes / 1e6, second.peakBytes / 1e6);
const others = second.answers.filter((answer, i) => answer !== first.answers[i]).length;
console.log(`answers that were others in the second pass: ${others}; different ones: ${new Set(first.answers).size}`);
if (others) wrong.push(`${others} answers of the second pass are others`);
const all = [...first.milliseconds, ...second.milliseconds];
const part = Math.ceil(all.length / 10);
console.log(`a question: ${median(all.slice(0, part)).toFixed(2)} ms (median of the first tenth), ${median(all.slice(-part)).toFixed(2)} (of the last)`);
await page.evaluate(() => globalThis.vqa.close());

const asked = { bytes: '/weights/photos.q8.safetensors' };
await page.evaluate(open, { ...asked, count: 5 });
const empty = await megabytes();
const said = await page.evaluate(open, { ...asked, count: models });
for (let i = 0; i < 60 && page.workers().length; i++) await page.waitForTimeout(500); // browsers take their time to end workers
compare(`${models} times loaded, asked and closed`, empty, await megabytes());
console.log(`workers left: ${page.workers().length}; different answers: ${said.length}`);
if (page.workers().length || said.length !== 1) wrong.push(`${page.workers().length} workers left, ${said.length} answers to one question`);

await browser.close();
server.closeAllConnections();
server.close();
for (const sentence of wrong) console.error(sentence);
process.exit(wrong.length ? 1 : 0);
