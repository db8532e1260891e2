// pipeline(): the call that people know from transformers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { pipeline } from '../src/pipeline.js';
import { example, pagesInBrowser } from './entries.js';
import { BLUE_CIRCLE, CHROME, PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing, missingBundle } from './support.js';

const TASK = 'visual-question-answering';
const COLOR = 'What color is the circle?';

test('another task or dtype, or options that are none, are one sentence', async () => {
  await assert.rejects(pipeline('text-generation', PACK), { code: 'E_CALL', message: `task is "text-generation", expected "${TASK}"` });
  await assert.rejects(pipeline(TASK, PACK, { dtype: 'fp16' }), { code: 'E_CALL', message: 'dtype is "fp16", expected "fp32" or "q8" or "q4"' });
  await assert.rejects(pipeline(TASK, PACK, null), { code: 'E_CALL', message: 'options is null, expected an object' });
});

test('answers are those of ask(), one question or several', { skip: missing(RUNTIME, PACK) }, async () => {
  const vqa = await createVqa({ model: PACK, wasm: RUNTIME });
  const told = [];
  const answer = await pipeline(TASK, PACK, { wasm: RUNTIME, progress_callback: (progress) => told.push(progress) });
  const { answers } = await vqa.ask(RED_CIRCLE, COLOR);
  assert.deepEqual(await answer(RED_CIRCLE, COLOR), answers);
  assert.deepEqual(await answer(RED_CIRCLE, COLOR, { top_k: 1 }), answers.slice(0, 1));
  assert.deepEqual(await answer(BLUE_CIRCLE, [COLOR, 'What shape is it?'], { top_k: 1, choices: ['blue', 'circle'] }).then((all) =>
    all.map(([best]) => best.answer)), ['blue', 'circle']);
  assert.deepEqual(told.at(-1), { status: 'ready', task: TASK, model: PACK });
  const [first] = told;
  assert.equal(first.status, 'progress_total');
  assert.ok(first.progress > 0 && first.progress <= 100);
  await assert.rejects(answer(RED_CIRCLE, COLOR, null), { code: 'E_CALL', message: 'options is null, expected an object' });
  await answer.dispose();
  await assert.rejects(answer(RED_CIRCLE, COLOR), { code: 'E_CLOSED' });
});

const skip = missing(RUNTIME, PACK, SAMPLES) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH');
describe('pipeline() in a browser', { skip, timeout: 60_000 }, () => {
  const use = pagesInBrowser();

  test('the example of the README', async () => {
    const logged = use.page.waitForEvent('console', (message) => message.type() === 'log');
    await use.show({ 'app.jsx': example('As in transformers', 'js'), 'index.html': '<!doctype html><html lang="en"><title>Test</title><script type="module" src="app.js"></script></html>' });
    const answers = await (await logged).args()[0].jsonValue();
    const vqa = await createVqa({ model: PACK, wasm: RUNTIME });
    assert.deepEqual(answers, (await vqa.ask(new URL('toys.png', `file://${SAMPLES}`), COLOR, { topK: 2 })).answers);
    assert.deepEqual(use.complaints, []);
  });
});
