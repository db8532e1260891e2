// useVqa() in Chromium, from the built package and React's development build.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { example, pagesInBrowser, until } from './entries.js';
import { BLUE_CIRCLE, CHROME, PACK, RED_CIRCLE, RUNTIME, missing, missingBundle } from './support.js';

const skip = missing(RUNTIME, PACK) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH');
const html = '<!doctype html><html lang="en"><title>Test</title><body><div id="root"></div><script type="module" src="app.js"></script></html>';
const file = { name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) };

/** Several components, in `window.seen` what each shows, and their `ask` in `window.asks`. */
const COMPONENTS = `
  import { StrictMode, useEffect, useState } from 'react';
  import { createRoot } from 'react-dom/client';
  import { useVqa } from 'wasm-vqa/react';

  window.asks = {};
  window.seen = {};
  function One({ name }) {
    const [model, setModel] = useState('/weights/shapes.q8.safetensors');
    const { ask, vqa, result, status, error } = useVqa({ model });
    useEffect(() => { window.asks[name] = ask; window.setModel = setModel; }, [ask, name]);
    window.seen[name] = { status, answer: result?.answer, code: error?.code, loaded: vqa !== undefined };
    return <output id={name}>{status} {result?.answer}</output>;
  }
  window.root = createRoot(document.getElementById('root'));
  root.render(<StrictMode><One name="a" /><One name="b" /></StrictMode>);
`;

describe('useVqa()', { skip, timeout: 120_000 }, () => {
  const use = pagesInBrowser();

  test('the example of the README answers; StrictMode loads once', async () => {
    await use.show({ 'app.jsx': example('A React hook', 'jsx'), 'index.html': html });
    await use.page.getByLabel('Picture').setInputFiles(file);
    await use.page.getByRole('button', { name: 'Ask' }).click();
    const output = use.page.getByRole('status');
    await output.waitFor();
    assert.equal(await output.textContent(), 'red');
    await use.page.getByLabel('Question').fill('What shape is it?');
    await use.page.getByLabel('Question').press('Enter');
    await output.getByText('circle').waitFor();
    assert.equal(use.asked('.safetensors'), 1);
    assert.deepEqual(use.complaints, []);
  });

  test('components share a model, a newer question takes the place of an older one, and the last component closes it', async () => {
    await use.show({ 'app.jsx': COMPONENTS, 'index.html': html });
    await use.page.locator('#b', { hasText: 'ready' }).waitFor();
    const [replaced, kept, empty, after] = await use.page.evaluate(async (pictures) => {
      const [red, blue] = pictures.map((bytes) => new Uint8Array(bytes));
      const color = 'What color is the circle?';
      const [replaced, kept] = await Promise.all([asks.a(red, color), asks.a(blue, color)]);
      const empty = [await asks.b(red, ''), { ...seen.b }];
      return [replaced, kept.answer, empty, (await asks.b(red, color)).answer];
    }, [[...RED_CIRCLE], [...BLUE_CIRCLE]]);
    assert.deepEqual([replaced, kept, after], [undefined, 'blue', 'red']);
    assert.equal(empty[0], undefined);
    await use.page.locator('#a', { hasText: 'ready blue' }).waitFor();
    await use.page.locator('#b', { hasText: 'ready red' }).waitFor();
    assert.equal(use.asked('.safetensors'), 1);
    await use.page.evaluate(() => root.unmount());
    await until(use.page, () => use.workers.length, 0);
    assert.equal(await use.page.evaluate(() => asks.a(new Uint8Array(1), 'why?')), undefined);
    assert.deepEqual(use.complaints, []);
  });

  test('another model takes the place of the first; what fails is tried anew by asking', async () => {
    await use.page.route('**/other.safetensors', (route) => route.fulfill({ status: 404 }));
    await use.show({ 'app.jsx': COMPONENTS, 'index.html': html });
    await use.page.locator('#b', { hasText: 'ready' }).waitFor();
    await use.page.evaluate(() => setModel('/other.safetensors'));
    await use.page.locator('output', { hasText: 'failed' }).waitFor();
    const failed = await use.page.evaluate(() => Object.values(seen).find(({ status }) => status === 'failed'));
    assert.deepEqual(failed, { status: 'failed', answer: undefined, code: 'E_NETWORK', loaded: false });
    await use.page.route('**/other.safetensors', (route) => route.continue({ url: `${use.url}weights/shapes.q8.safetensors` }));
    const answers = await use.page.evaluate((bytes) => Promise.all(
      Object.values(asks).map(async (ask) => (await ask(new Uint8Array(bytes), 'What color is the circle?')).answer)), [...RED_CIRCLE]);
    assert.deepEqual(answers, ['red', 'red']);
  });
});
