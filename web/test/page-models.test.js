// The part of the page that loads other models.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { FOLDER, HOST, QUESTION, modelsInBrowser, skip } from './chromium.js';
import { holdModel } from './states.js';
import { RED_CIRCLE, RUNTIME, smallFolder } from './support.js';

describe('other models on the page', { skip, timeout: 300_000 }, () => {
  const use = modelsInBrowser();

  const opened = async () => {
    await use.page.goto(use.demo);
    await use.page.locator('#answers li').first().waitFor();
  };
  const openModels = () => use.page.locator('#models-open').click();
  const loaded = (name) => use.page.locator('#model-name').getByText(name).waitFor();
  const card = () => use.page.locator('#model-card');
  const answered = () => use.page.locator('#answers .asked');

  /** Ask the page about the red circle: its answers become these. */
  async function answers(expected) {
    await use.page.locator('#file').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await use.page.getByLabel('Your question').fill(QUESTION);
    await use.page.getByLabel('Your question').press('Enter');
    await use.page.waitForFunction((text) => [...document.querySelectorAll('#answers li .answer')].map((node) => node.textContent).join() === text, expected.join());
  }
  const best = async (options) => (await use.expected(options)).map(({ answer }) => answer);

  test('by address, with its facts, saved as a pack, and back', async () => {
    await opened();
    await openModels();
    await use.page.getByLabel('Address of a folder').fill(FOLDER);
    await use.page.getByLabel('Weights').selectOption('q4');
    await use.page.getByRole('button', { name: 'Load', exact: true }).click();
    await loaded('owner/small');
    assert.equal(use.page.url(), `${use.demo}?${new URLSearchParams({ model: FOLDER, precision: 'q4' })}`); // opened anew, and may connect
    await openModels();
    assert.equal(await use.page.getByLabel('Weights').inputValue(), 'q4');
    assert.match(await card().textContent(), /owner\/small.*BERT.*54\.9 thousand, as q4.*MB.*Not stated.*without a download, as long as its files stay the same/s);
    assert.ok(await use.page.locator('#about').isHidden() && await use.page.locator('#loading').isHidden());
    await use.page.keyboard.press('Escape');
    await answers(await best({ precision: 'q4' }));

    await openModels();
    const [download] = await Promise.all([use.page.waitForEvent('download'), use.page.getByRole('button', { name: 'Save as a pack' }).click()]);
    assert.equal(download.suggestedFilename(), 'owner-small.q4.safetensors');
    const saved = await download.path();
    assert.deepEqual(await best({ model: new Blob([readFileSync(saved)]) }), await best({ precision: 'q4' }));
    await use.page.getByRole('button', { name: 'Save as a pack', disabled: false }).waitFor();

    await use.page.getByRole('button', { name: 'Back to the built-in model' }).click();
    await use.page.getByText('A small model looks at').waitFor();
    await loaded('Photos');
    assert.equal(use.page.url(), use.demo);
    await use.page.locator('#picture[alt="Your picture mine.png"]').waitFor(); // it comes along
    await openModels();
    assert.ok(await use.page.locator('#about').isVisible() && await card().isHidden());
    await use.page.getByRole('button', { name: 'Close' }).click();
    await use.page.locator('#samples button').nth(1).click();
    await answered().getByText('?').waitFor();
    assert.equal(await use.page.evaluate(() => sessionStorage.length), 0);
    assert.equal(await use.page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(use.serious(), []);
  });

  test('a model that is there before the built-in one: that one is no longer loaded', async () => {
    await use.page.addInitScript(holdModel);
    await use.page.route('**/samples.json', (route) => route.fulfill({ status: 404 }));
    await use.page.goto(use.demo);
    await use.page.getByText('Loading the model: 0.8').waitFor();
    await use.page.locator('#model-folder').setInputFiles(use.path);
    await loaded(/^vqa-small-/);
    await use.page.locator('#answers').getByText('Choose a picture').waitFor();
    assert.equal(await use.page.locator('#answers [role=alert]').count(), 0);
    await answers(await best());
    assert.equal(await use.page.locator('#answers progress').count(), 0);
    assert.deepEqual(use.serious(), []);
  });

  test('a click into the dialog leaves it open, one beside it closes it, an error of saving stands in it', async () => {
    await opened();
    await use.page.locator('#model-folder').setInputFiles(use.path);
    await loaded(/^vqa-small-/);
    await openModels();
    await use.page.locator('#models').click({ position: { x: 5, y: 5 } });
    assert.ok(await use.page.locator('#models').isVisible());
    await use.page.evaluate(() => (URL.createObjectURL = () => { throw new Error('no room'); }));
    await use.page.getByRole('button', { name: 'Save as a pack' }).click();
    await use.page.locator('#models').getByRole('alert').getByText('No room.').waitFor();
    await use.page.mouse.click(2, 2);
    await use.page.locator('#models').waitFor({ state: 'hidden' });
  });

  test('a folder that is chosen, a pack that is dropped', async () => {
    await opened();
    await use.page.locator('#model-folder').setInputFiles(use.path);
    await loaded(/^vqa-small-/);
    assert.equal(use.page.url(), use.demo); // it needs no other server
    await answers(await best());

    const vqa = await createVqa({ model: use.path, wasm: RUNTIME, precision: 'q4' });
    const pack = new Uint8Array(await (await vqa.pack()).arrayBuffer());
    await use.page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], 'small.q4.safetensors'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, [...pack]);
    await card().getByText('as q4').waitFor({ state: 'attached' });
    await answers(await best({ precision: 'q4' }));
  });

  test('a folder that is dropped from outside', async () => {
    await opened();
    const devtools = await use.context.newCDPSession(use.page);
    const data = { items: [], files: [use.path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) await devtools.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
    await loaded(/^vqa-small-/);
    await answers(await best());
  });

  test('what can\'t be loaded is one sentence, and the model before goes on answering', async () => {
    await opened();
    const alert = use.page.locator('#model-error');
    for (const [address, message] of [[`${HOST}/nothing.safetensors`, /HTTP status 404\.$/], [`${HOST}/nothing/`, /^The folder has no config\.json: nothing is at .*\/nothing\/config\.json\.$/],
      ['http://', /address "http:\/\/" is none/], [`${HOST}/tokenizer_config.json`, /^The manifest can't be used/]]) {
      await openModels();
      await use.page.getByLabel('Address of a folder').fill(address);
      await use.page.getByLabel('Address of a folder').press('Enter');
      await alert.getByText(message).waitFor();
      assert.ok(await use.page.locator('#models').isHidden() && await use.page.locator('#loading').isHidden());
    }
    await openModels();
    await use.page.route(`${HOST}/closed/**`, (route) => route.abort());
    await use.page.getByLabel('Address of a folder').fill(`${HOST}/closed/`);
    await use.page.getByLabel('Address of a folder').press('Enter');
    await alert.getByText(/does not let pages of other sites read it/).waitFor();
    await use.page.getByLabel('Your question').fill(QUESTION);
    await use.page.getByLabel('Your question').press('Enter');
    await answered().getByText(QUESTION, { exact: true }).waitFor();
  });

  test('a model that only writes down is refused as the one to ask, and closed', async () => {
    await use.page.addInitScript(() => {
      const { postMessage, terminate } = Worker.prototype;
      const live = (window.live = new Set());
      Worker.prototype.postMessage = function (message, ...rest) {
        live.add(this);
        const { onmessage } = this;
        if (message.call === 'info') {
          this.onmessage = (event) => {
            if (event.data.id === message.id) event.data.result.transcribes = event.data.result.name !== 'photos';
            onmessage.call(this, event);
          };
        }
        return postMessage.call(this, message, ...rest);
      };
      Worker.prototype.terminate = function () {
        live.delete(this);
        terminate.call(this);
      };
    });
    await opened();
    const live = () => use.page.evaluate(() => window.live.size);
    const before = await live();
    await use.page.locator('#model-folder').setInputFiles(use.path);
    await use.page.locator('#model-error').getByText(/writes down what is said, and answers nothing/).waitFor();
    assert.equal(await live(), before);
  });

  test('weights of a precision that there is not: the menu stays as it was', async () => {
    await use.page.goto(`${use.demo}?precision=toString`);
    await use.page.locator('#answers li').first().waitFor();
    assert.equal(await use.page.locator('#precision').inputValue(), 'q8');
  });

  test('a loading that is cancelled', async () => {
    await opened();
    await openModels();
    await use.page.route(`${HOST}/slow/**`, () => {}); // never answered
    await use.page.getByLabel('Address of a folder').fill(`${HOST}/slow/`);
    await use.page.getByRole('button', { name: 'Load', exact: true }).click();
    await use.page.getByRole('button', { name: 'Cancel' }).click();
    await use.page.locator('#loading').waitFor({ state: 'hidden' });
    assert.equal(await use.page.locator('#model-error').textContent(), '');
  });

  test('possible answers', async () => {
    await opened();
    await use.page.getByText('Possible answers').click();
    await use.page.getByLabel('Possible answers').fill('red, blue ,, green');
    await use.page.getByLabel('Possible answers').press('Enter');
    await use.page.locator('#answers li').nth(3).waitFor({ state: 'detached' });
    assert.deepEqual((await use.page.locator('#answers li .answer').allTextContents()).sort(), ['blue', 'green', 'red']);
    await use.page.getByLabel('Possible answers').fill('red, zeppelin');
    await use.page.getByLabel('Possible answers').press('Enter');
    await use.page.locator('#answers').getByRole('alert').getByText(/zeppelin/).waitFor();
    await use.page.getByText('Possible answers').click();
    await use.page.locator('#answers li').nth(4).waitFor();
  });

  test('a model without answers of its own asks for them', async () => {
    await opened();
    const files = Object.entries(smallFolder('clip')).map(([name, buffer]) => ({ name, mimeType: '', buffer }));
    await use.page.locator('#model-files').setInputFiles(files);
    await use.page.locator('#answers').getByText('This model has no answers of its own.').waitFor();
    assert.equal(await use.page.getByLabel('Your question').inputValue(), 'a photo of {}');
    await use.page.getByLabel('Possible answers').fill('the cat, the color, many dogs');
    await use.page.getByLabel('Possible answers').press('Enter');
    await use.page.locator('#answers li').nth(2).waitFor();
    assert.deepEqual((await use.page.locator('#answers li .answer').allTextContents()).sort(), ['many dogs', 'the cat', 'the color']);
    await openModels();
    await use.page.getByRole('button', { name: 'Back to the built-in model' }).click();
    await use.page.locator('#answers li').nth(4).waitFor();
    assert.match(await use.page.getByLabel('Your question').inputValue(), /\?$/);
  });
});
