// A full-size checkpoint, ViLT with random weights: quantized in the page while it loads, it answers to the last bit what the
// command line answers, and its memory stays small.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { servedInBrowser } from './served.js';
import { CHROME, COMMAND_LINE, PACK, RUNTIME, SAMPLES, fullSizeFolder, missing } from './support.js';

const skip = missing(COMMAND_LINE, RUNTIME, PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PICTURE = here('../../tests/fixtures/preprocess/images/exif6_120x90.jpg');
const QUESTION = 'What is on the table?';

/** Most bytes of WebAssembly's memory, which never shrinks: so this is the peak of loading. */
const MOST_MEMORY = { q8: 170e6, q4: 110e6 };

let folder;

const vqa = promisify(execFile).bind(undefined, COMMAND_LINE);

/** What the command line answers. Its nine digits tell every float32 apart. */
async function expected(precision) {
  const { stdout } = await vqa(['ask', folder, PICTURE, QUESTION, '--precision', precision, '--json']);
  return JSON.parse(stdout).answers.map(({ answer, score }) => ({ answer, score: Math.fround(score) }));
}

/** In the page: load the model, ask, and say what it is. */
async function answered({ model, precision, cache, bytes, question }) {
  const { createVqa } = await import('/src/index.js');
  const vqa = await createVqa({ model, precision, cache });
  const { answers } = await vqa.ask(new Uint8Array(bytes), question);
  vqa.close();
  return { answers, info: vqa.info };
}

describe('a full-size checkpoint', { skip, timeout: 240_000 }, () => {
  const bytes = skip ? [] : [...readFileSync(PICTURE)];
  const use = servedInBrowser({
    mounts() {
      folder = fullSizeFolder('vilt_b32_vqa');
      return { '/vilt-b32/': `${folder}/` };
    },
  });
  let page, model;

  before(async () => {
    folder = fullSizeFolder('vilt_b32_vqa');
    model = `${use.url}vilt-b32/`;
    page = await use.browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(use.url);
    await page.locator('#answers li').first().waitFor();
  });

  const ask = (precision, cache) => page.evaluate(answered, { model, precision, cache, bytes, question: QUESTION });

  test('as q8 through the page, and the next time from the cache', async (t) => {
    const answers = await expected('q8');
    await page.locator('#models-open').click();
    await page.getByLabel('Address of a folder').fill(model);
    await page.getByLabel('Weights').selectOption('q8');
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.locator('#model-name').getByText('vilt-b32').waitFor();
    await page.locator('#file').setInputFiles(PICTURE);
    await page.getByLabel('Your question').fill(QUESTION);
    await page.getByLabel('Your question').press('Enter');
    await page.waitForFunction((text) => [...document.querySelectorAll('#answers li .answer')].map((node) => node.textContent).join() === text,
      answers.map(({ answer }) => answer).join());
    await page.locator('#models-open').click();
    await page.getByRole('button', { name: 'Back to the built-in model' }).click();

    const kept = await ask('q8');
    assert.deepEqual([kept.answers, kept.info.cached], [answers, true]);
    t.diagnostic(`from the cache: ${JSON.stringify(kept.answers[0])}`);
  });

  for (const [precision, most] of Object.entries(MOST_MEMORY)) {
    test(`as ${precision}, with the command line's answers and scores, in little memory`, async (t) => {
      const { answers, info } = await ask(precision, false);
      assert.deepEqual(answers, await expected(precision));
      assert.equal(info.precision, precision);
      assert.ok(info.peakBytes <= most, `${info.peakBytes} bytes of memory, at most ${most} are allowed`);
      t.diagnostic(`${info.peakBytes / 1e6} MB of memory, ${info.weightBytes / 1e6} MB of it weights`);
    });
  }
});
