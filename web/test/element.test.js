// <visual-qa> in Chromium, from the built package.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { example, pagesInBrowser, until } from './entries.js';
import { CHROME, PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing, missingBundle } from './support.js';

const skip = missing(RUNTIME, PACK, SAMPLES) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH');
const MODEL = '/weights/shapes.q8.safetensors';
const COLOR = 'What color is the circle?';

test('without a DOM the element can be imported', async () => {
  assert.equal(typeof (await import('../src/element.js')).VisualQaElement, 'function');
});

describe('<visual-qa>', { skip, timeout: 120_000 }, () => {
  const use = pagesInBrowser();
  const html = (body) => `<!doctype html><html lang="en"><title>Test</title><script type="module" src="wasm-vqa/element.js"></script>${body}</html>`;
  const best = () => use.page.locator('visual-qa [part=answer]').first();
  const state = (name) => use.page.locator(`visual-qa[state=${name}]`).first().waitFor();

  test('the example of the README answers, under a policy of default-src \'self\'', async () => {
    await use.show({ 'index.html': example('An element', 'html') });
    await best().waitFor();
    const vqa = await createVqa({ model: PACK, wasm: RUNTIME });
    const { answer, answers } = await vqa.ask(new URL('toys.png', `file://${SAMPLES}`), COLOR);
    assert.equal(await best().textContent(), answer);
    assert.equal(await use.page.getByRole('listitem').count(), answers.length);
    assert.equal(await use.page.getByRole('img', { name: 'Drawn toys' }).count(), 1);
    assert.match(await use.page.getByRole('status').textContent(), new RegExp(`circle\\? ${answer}, \\d`));
    assert.deepEqual(await use.page.evaluate(() => [
      document.adoptedStyleSheets.length, document.querySelectorAll('style, link').length, document.querySelectorAll('[style]').length,
    ]), [0, 0, 0]);
    assert.equal(use.asked('toys.png'), 1);
    assert.deepEqual(use.complaints, []);
  });

  test('asked on with the keyboard, about pictures that are chosen and dropped', async () => {
    await use.show({ 'index.html': html(`<visual-qa model="${MODEL}"></visual-qa>`) });
    await state('ready');
    const file = { name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) };
    await use.page.getByLabel('Choose a picture').setInputFiles(file);
    await use.page.getByRole('img', { name: 'mine.png' }).waitFor();
    await use.page.getByLabel('Your question').fill(COLOR);
    await use.page.getByLabel('Your question').press('Enter');
    await best().getByText('red', { exact: true }).waitFor();
    assert.equal(await use.page.locator('visual-qa').getAttribute('question'), COLOR);

    await use.page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 96 });
      const context = canvas.getContext('2d');
      context.fillStyle = '#fff';
      context.fillRect(0, 0, 96, 96);
      context.fillStyle = '#00f';
      context.beginPath();
      context.arc(48, 48, 26, 0, 7);
      context.fill();
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([await new Promise((resolve) => canvas.toBlob(resolve))], 'blue.png'));
      document.querySelector('visual-qa').shadowRoot.querySelector('[part=stage]')
        .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await best().getByText('blue', { exact: true }).waitFor();
    assert.deepEqual(use.complaints, []);
  });

  test('several share a model, one that moves keeps it, the last one closes it', async () => {
    const one = `<visual-qa model="${MODEL}" src="/toys.png" question="${COLOR}"></visual-qa>`;
    await use.show({ 'index.html': html(`<main>${one}${one}</main><aside></aside>`) });
    await use.page.locator('visual-qa').nth(1).locator('[part=answer]').first().waitFor();
    await best().waitFor();
    const workers = use.workers.length;
    await use.page.evaluate(async () => {
      const [first, second] = document.querySelectorAll('visual-qa');
      second.remove();
      const answered = new Promise((resolve) => first.addEventListener('answer', resolve, { once: true }));
      document.querySelector('aside').append(first);
      first.question = 'What shape is it?';
      await answered;
    });
    assert.equal(use.asked('.safetensors'), 1);
    assert.equal(use.workers.length, workers);
    await use.page.evaluate(() => document.querySelector('visual-qa').remove());
    await until(use.page, () => use.workers.length, 0);
    assert.deepEqual(use.complaints, []);
  });

  test('events, properties set before it is defined, and a newer question in the place of an older one', async () => {
    await use.show({
      'page.js': `
        window.said = [];
        const element = document.createElement('visual-qa');
        Object.assign(element, { model: '${MODEL}', question: 'How many shapes are there?' });
        for (const name of ['ready', 'answer', 'error']) {
          element.addEventListener(name, ({ detail, error }) => said.push([name, detail?.question ?? detail?.name ?? error.code, detail?.answer]));
        }
        document.body.append(element);
        await import('./wasm-vqa/element.js');
        const circle = new Uint8Array(96 * 96 * 4).fill(255);
        for (let i = 0; i < 96 * 96; i++) if (Math.hypot(i % 96 - 48, i / 96 - 48) < 26) circle.set([255, 0, 0], 4 * i);
        element.picture = { data: circle, width: 96, height: 96 };
        await new Promise((resolve) => element.addEventListener('ready', resolve, { once: true }));
        element.question = 'What shape is it?';
        element.question = '${COLOR}';
      `,
      'index.html': '<!doctype html><html lang="en"><title>Test</title><body><script type="module" src="page.js"></script></html>',
    });
    await best().waitFor();
    const said = await use.page.evaluate(() => window.said);
    const { name } = (await createVqa({ model: PACK, wasm: RUNTIME })).info;
    assert.deepEqual(said, [['ready', name, undefined], ['answer', COLOR, 'red']]);
    assert.deepEqual(await use.page.evaluate(() => {
      const { result, state, picture, choices } = document.querySelector('visual-qa');
      return [result.answer, state, picture.width, choices];
    }), ['red', 'ready', 96, []]);
  });

  test('it fits 280 pixels', async () => {
    await use.page.setViewportSize({ width: 280, height: 600 });
    await use.show({ 'index.html': html(`<visual-qa model="${MODEL}" src="/toys.png" question="${COLOR}"></visual-qa>`) });
    await best().waitFor();
    assert.equal(await use.page.evaluate(() => document.documentElement.scrollWidth), 280);
  });

  test('choices are ranked', async () => {
    await use.show({ 'index.html': html(`<visual-qa model="${MODEL}" src="/toys.png" question="${COLOR}" choices="red, blue"></visual-qa>`) });
    await best().waitFor();
    assert.deepEqual((await use.page.locator('visual-qa [part=answer]').allTextContents()).sort(), ['blue', 'red']);
  });

  test('what fails is a sentence in its place, and can be tried again', async () => {
    for (const [missing, sentence] of [['**/weights/**', /HTTP status 404/], ['**/toys.png', /toys\.png can't be fetched: HTTP status 404\.$/]]) {
      await use.page.route(missing, (route) => route.fulfill({ status: 404 }));
      await use.show({ 'index.html': html(`<visual-qa model="${MODEL}" src="/toys.png" question="${COLOR}"></visual-qa>`) });
      const alert = use.page.getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.textContent(), sentence);
      await state('failed');
      await use.page.unroute(missing);
      await use.page.getByRole('button', { name: 'Try again' }).click();
      await best().waitFor();
      assert.equal(await alert.count(), 0);
    }
    await use.show({ 'index.html': html('<visual-qa></visual-qa>') });
    await use.page.getByRole('alert').getByText('has no model').waitFor();
    await use.page.locator('visual-qa').evaluate((element, model) => { element.model = model; }, MODEL);
    await state('ready');
  });

  test('a picture that is none: the sentence, and the next picture works', async () => {
    await use.show({ 'index.html': html(`<visual-qa model="${MODEL}" question="${COLOR}"></visual-qa>`) });
    await state('ready');
    const choose = use.page.getByLabel('Choose a picture');
    await choose.setInputFiles({ name: 'diary.png', mimeType: 'image/png', buffer: Buffer.from('dear diary') });
    await use.page.getByRole('alert').waitFor();
    assert.equal(await use.page.getByRole('img').count(), 0);
    await choose.setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await best().getByText('red', { exact: true }).waitFor();
  });

  test('a picture that tells that it is too large is not decoded, also not to be shown', async () => {
    await use.show({ 'index.html': html(`<visual-qa model="${MODEL}" question="${COLOR}"></visual-qa>`) });
    await state('ready');
    await use.page.evaluate(() => {
      const { createImageBitmap } = window;
      window.decoded = 0;
      window.createImageBitmap = (...args) => (window.decoded++, createImageBitmap(...args));
    });
    const buffer = Buffer.from([...Buffer.from('GIF89a'), 0, 64, 0, 64, 0, 0, 0]);
    await use.page.getByLabel('Choose a picture').setInputFiles({ name: 'large.gif', mimeType: 'image/gif', buffer });
    await use.page.getByRole('alert').getByText('The picture is 16384 x 16384').waitFor();
    assert.equal(await use.page.evaluate(() => window.decoded), 0);
  });
});
