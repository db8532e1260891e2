// The page and the package in a real browser: CHROME_PATH, or a Chromium where it usually is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { residentMemory, unreadable } from './renderer.js';
import { servedInBrowser } from './served.js';
import { CHROME, PHOTO_PACK, PACK, RED_CIRCLE, RED_CIRCLE_AVIF, RUNTIME, SAMPLES, bmp, gif, inCircle, missing, missingBundle, tinyRuntime } from './support.js';

const skip = missing(RUNTIME, PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');

const COLOR = 'what color is the circle?';

describe('in a browser', { skip, timeout: 300_000 }, () => {
  const use = servedInBrowser();
  let page, complaints, requests;

  beforeEach(async () => {
    page = await use.browser.newPage({ viewport: { width: 360, height: 740 } });
    page.setDefaultTimeout(15_000);
    complaints = [];
    requests = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
  });

  afterEach(() => page.close());

  const best = () => page.locator('#answers li .answer').first();
  const opened = async () => {
    await page.goto(use.url);
    await best().waitFor();
  };
  const drop = (name, bytes) => page.evaluate(([name, bytes]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, [name, [...bytes]]);

  test('the first visit explains itself', async () => {
    await opened();
    const [sample] = JSON.parse(readFileSync(SAMPLES, 'utf8'));
    assert.equal(await page.getByLabel('Your question').inputValue(), sample.questions[0]);
    const vqa = await createVqa({ model: PHOTO_PACK, wasm: RUNTIME });
    const expected = await vqa.ask(new URL(sample.file, `file://${SAMPLES}`), sample.questions[0]);
    assert.equal(await best().textContent(), expected.answer);
    assert.equal(await page.locator('#answers li').count(), 5);
    assert.match(await page.locator('#spoken').textContent(), new RegExp(`${expected.answer}, \\d`));
    assert.match(await page.locator('#timings').textContent(), /\d ms/);
    assert.deepEqual(complaints, []);
  });

  test('a picture of one\'s own and a question from the keyboard', async () => {
    await opened();
    await page.locator('#file').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await page.getByLabel('Your question').fill(COLOR);
    await page.getByLabel('Your question').press('Enter');
    await best().getByText('red', { exact: true }).waitFor();
    await page.getByLabel('Your question').fill('what shape is it?');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await best().getByText('circle', { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('samples and suggested questions are one click away', async () => {
    await opened();
    const samples = page.locator('#samples button');
    await samples.nth(1).click();
    assert.equal(await samples.nth(1).getAttribute('aria-pressed'), 'true');
    assert.equal(await samples.nth(0).getAttribute('aria-pressed'), 'false');
    const second = page.locator('#suggestions button').nth(1);
    const question = await second.textContent();
    await second.click();
    await page.locator('#answers .asked').getByText(question, { exact: true }).waitFor();
  });

  test('a text file named .png: the sentence stands in its place, and the next picture works', async () => {
    await opened();
    await drop('holiday.png', Buffer.from('dear diary'));
    const alert = page.locator('#picture-error');
    await alert.getByText(/./).waitFor();
    assert.match(await alert.textContent(), /^[A-Z].*\.$/);
    await drop('circle.png', RED_CIRCLE);
    await page.locator('#answers li').first().waitFor();
    assert.equal(await alert.textContent(), '');
    assert.equal(await page.locator('#picture').getAttribute('alt'), 'Your picture circle.png');
  });

  test('dragged text and addresses are left alone or refused in one sentence', async () => {
    await opened();
    const drag = (target, type, data) => page.evaluate(([target, type, data]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData(type, data);
      return ['dragenter', 'dragover', 'drop'].map((name) =>
        document.querySelector(target).dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true })));
    }, [target, type, data]);
    const alert = page.locator('#picture-error');
    assert.deepEqual(await drag('#question', 'text/plain', 'why?'), [true, true, true]);
    assert.deepEqual(await drag('#question', 'text/uri-list', use.url), [true, true, true]);
    assert.deepEqual(await drag('#stage', 'text/plain', 'why?'), [true, true, true]);
    assert.equal(await alert.textContent(), '');
    assert.deepEqual(await drag('#stage', 'text/uri-list', use.url), [true, false, false]);
    assert.match(await alert.textContent(), /only files can be dropped here/);
    assert.ok(await alert.isVisible() && await page.locator('#picture').isVisible());
    const [sentence, stage] = [await alert.boundingBox(), await page.locator('#stage').boundingBox()];
    assert.ok(sentence.y + sentence.height <= stage.y + stage.height);
    assert.equal(await page.locator('.drop-here').count(), 0);
    await drop('circle.png', RED_CIRCLE);
    assert.equal(await alert.textContent(), '');
  });

  test('it works without what the oldest browsers lack', async () => {
    await page.addInitScript(() => {
      delete AbortSignal.prototype.throwIfAborted; // Chrome 100
      delete AbortSignal.prototype.reason; // Chrome 98
      delete AbortSignal.any;
      delete Promise.withResolvers;
      delete Array.fromAsync;
      delete ReadableStream.prototype[Symbol.asyncIterator];
      for (const name of Object.keys(Element.prototype)) if (/^(aria|role$)/.test(name)) delete Element.prototype[name]; // Firefox 119
    });
    await opened();
    assert.equal(await page.locator('#samples [aria-pressed=true]').count(), 1);
    assert.equal(await page.locator('#answers .bar[aria-hidden=true]').count(), 5);
    await page.getByLabel('Your question').fill('');
    await page.getByLabel('Your question').press('Enter');
    await page.locator('#answers [role=alert]').waitFor();
    assert.equal(await page.locator('#answers').getAttribute('aria-busy'), 'false');
    await page.getByLabel('Your question').fill(COLOR);
    await page.getByLabel('Your question').press('Enter');
    await best().waitFor();
    assert.deepEqual(complaints, []);
  });

  test('an empty question: the sentence stands in place of the answers, and the next question works', async () => {
    await opened();
    await page.getByLabel('Your question').fill('');
    await page.getByLabel('Your question').press('Enter');
    await page.locator('#answers').getByRole('alert').waitFor();
    await page.getByLabel('Your question').fill(COLOR);
    await page.getByLabel('Your question').press('Enter');
    await best().waitFor();
  });

  test('nothing leaves the device, and once loaded it works offline', async () => {
    await opened();
    await page.context().setOffline(true);
    requests.length = 0;
    await drop('circle.png', RED_CIRCLE);
    await page.getByLabel('Your question').fill(COLOR);
    await page.getByLabel('Your question').press('Enter');
    await best().getByText('red', { exact: true }).waitFor();
    assert.deepEqual(requests.filter((address) => !address.startsWith('blob:')), []);
  });

  test('every request goes to the page\'s own origin', async () => {
    await opened();
    assert.ok(requests.length > 5);
    assert.deepEqual(requests.filter((address) => !address.startsWith(use.url) && !address.startsWith(`blob:${use.url}`)), []);
  });

  test('a model that is missing is one sentence, and can be tried again', async () => {
    await page.route('**/weights/**', (route) => route.fulfill({ status: 404 }));
    await page.goto(use.url);
    const alert = page.locator('#answers').getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.textContent(), /HTTP status 404/);
    await page.unroute('**/weights/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await best().waitFor();
  });

  test('without its samples the page waits for a picture', async () => {
    await page.route('**/samples.json', (route) => route.fulfill({ status: 404 }));
    await page.goto(use.url);
    await page.locator('#answers').getByText('Choose a picture').waitFor();
    await page.getByLabel('Your question').press('Enter');
    await drop('circle.png', RED_CIRCLE);
    await page.getByLabel('Your question').fill(COLOR);
    await page.getByLabel('Your question').press('Enter');
    await best().waitFor();
  });

  test('the policy is in force: a script in the page does not run', async () => {
    await opened();
    assert.equal(await page.evaluate(() => {
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }));
      return window.ran;
    }), undefined);
    assert.match(complaints.join(), /Content Security Policy/);
  });

  test('it fits 360 pixels, and everything to click has a name', async () => {
    await opened();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    for (const control of await page.locator('button:visible').all()) {
      assert.match(await control.evaluate((node) => node.textContent.trim() || node.querySelector('img').alt), /\w/);
    }
    await page.getByLabel('Choose a picture').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Take a photo' }).waitFor();
  });

  for (const entry of ['src/index.js', 'dist/index.js', 'dist/wasm-vqa.inline.js']) {
    const unbuilt = entry.startsWith('dist') && !skip && missingBundle();
    test(`${entry}: the same answers in a worker, on the page and in node, to the bit`, { skip: unbuilt }, async () => {
      await page.goto(`${use.url}icon.svg`); // a bare page, whose policy allows workers from a Blob
      const inPage = await page.evaluate(async ([entry, bytes, question]) => {
        const { createVqa } = await import(`/${entry}`);
        const results = [];
        for (const worker of [true, false]) {
          const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors', worker });
          results.push((await vqa.ask(new Uint8Array(bytes), question)).answers);
          vqa.close();
        }
        return results;
      }, [entry, [...RED_CIRCLE], COLOR]);
      const vqa = await createVqa({ model: PACK, wasm: RUNTIME });
      const { answers: expected } = await vqa.ask(RED_CIRCLE, COLOR);
      assert.deepEqual(inPage, [expected, expected]);
    });
  }

  test('everything that a page can draw is a picture', async () => {
    await page.goto(use.url);
    const [red, white] = [[255, 0, 0], [255, 255, 255]];
    const files = {
      png: [...RED_CIRCLE],
      gif: [...gif(96, 96, [white, red], (x, y) => Number(inCircle(x, y)))],
      bmp: [...bmp(96, 96, (x, y) => (inCircle(x, y) ? red : white))],
      avif: [...RED_CIRCLE_AVIF],
    };
    const answers = await page.evaluate(async ([files, question]) => {
      const { createVqa } = await import('/src/index.js');
      const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors' });
      const blob = new Blob([new Uint8Array(files.png)], { type: 'image/png' });
      const bitmap = await createImageBitmap(blob);
      const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 96 });
      const context = canvas.getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const offscreen = new OffscreenCanvas(96, 96);
      offscreen.getContext('2d').drawImage(bitmap, 0, 0);
      const img = new Image();
      img.src = URL.createObjectURL(blob);
      await img.decode();
      const video = Object.assign(document.createElement('video'), { muted: true, srcObject: canvas.captureStream() });
      const playing = video.play();
      context.drawImage(bitmap, 0, 0); // a frame comes when the canvas is drawn on
      await playing;
      const webp = await new Promise((resolve) => canvas.toBlob(resolve, 'image/webp', 1));
      const frame = new VideoFrame(canvas, { timestamp: 0, alpha: 'discard' });
      const [gif, bmp, avif] = [files.gif, files.bmp, files.avif].map((bytes) => new Uint8Array(bytes));
      const pictures = { blob, gif, bmp, bitmap, canvas, offscreen, img, imageData: context.getImageData(0, 0, 96, 96), webp, avif, video, frame };
      const best = {};
      for (const [name, picture] of Object.entries(pictures)) {
        const { answers, decodedBy } = await vqa.ask(picture, question);
        best[name] = { ...answers[0], decodedBy };
      }
      frame.close();
      best.empty = await vqa.ask(new Image(), question).catch(({ code }) => code);
      vqa.close();
      return best;
    }, [files, COLOR]);
    const { webp, avif, video, frame, empty, ...exact } = answers; // these lose a little
    for (const { answer, decodedBy } of [webp, avif, video, frame]) assert.deepEqual([answer, decodedBy], ['red', 'browser']);
    assert.equal(empty, 'E_PICTURE');
    const by = { blob: 'engine', imageData: 'caller' };
    for (const [name, answer] of Object.entries(exact)) assert.deepEqual(answer, { ...exact.blob, decodedBy: by[name] ?? 'browser' }, name);
    assert.equal(exact.blob.answer, 'red');
  });

  test('close ends the worker, and calls under way reject', async () => {
    await opened();
    const ended = [];
    page.on('worker', (worker) => ended.push(worker.waitForEvent('close')));
    const codes = await page.evaluate(async (bytes) => {
      const { createVqa } = await import('/src/index.js');
      const codes = [];
      for (let i = 0; i < 5; i++) {
        const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors', threads: 1 });
        const underWay = vqa.ask(new Uint8Array(bytes), 'why?').catch(({ code }) => code);
        vqa.close();
        codes.push(await underWay, await vqa.encode(new Uint8Array(bytes)).catch(({ code }) => code));
      }
      await createVqa({ model: new Blob(['no pack']), threads: 1 }).catch(({ code }) => codes.push(code));
      return codes;
    }, [...RED_CIRCLE]);
    assert.deepEqual(codes, [...Array(10).fill('E_CLOSED'), 'E_MODEL']);
    assert.equal(ended.length, 6);
    await Promise.all(ended);
  });

  test('twenty times loaded, asked and closed leave neither workers nor memory', { skip: unreadable || missingBundle() }, async () => {
    await page.goto(`${use.url}icon.svg`); // the demo has workers of its own
    const megabytes = await residentMemory(use.browser, page);
    const cycles = (count) => page.evaluate(async ([count, bytes, question]) => {
      const { createVqa } = await import('/src/index.js');
      // fetched once: what watches this browser keeps all that it fetches
      globalThis.model ??= await (await fetch('/weights/shapes.q8.safetensors')).arrayBuffer();
      globalThis.wasm ??= await WebAssembly.compileStreaming(fetch('/dist/vqa-threads.wasm'));
      for (let i = 0; i < count; i++) {
        const vqa = await createVqa({ model: globalThis.model, wasm: globalThis.wasm, threads: 2 });
        await vqa.ask(new Uint8Array(bytes), question);
        vqa.close();
      }
    }, [count, [...RED_CIRCLE], COLOR]);
    await cycles(5);
    const before = await megabytes();
    await cycles(20);
    let grown = Infinity;
    for (let i = 0; i < 30 && (grown >= 15 || page.workers().length); i++) { // browsers take their time to end workers
      await new Promise((done) => setTimeout(done, 500));
      grown = await megabytes() - before;
    }
    assert.ok(grown < 15, `${grown} MB more after 20 cycles`); // of one that stays it would be 3 each
    assert.equal(page.workers().length, 0);
  });

  test('a file of the page\'s own file system is a model', async () => {
    await page.goto(use.url);
    const said = await page.evaluate(async ([bytes, question]) => {
      const { createVqa } = await import('/src/index.js');
      const directory = await navigator.storage.getDirectory();
      const model = await directory.getFileHandle('m.safetensors', { create: true });
      const writable = await model.createWritable();
      await (await fetch('/weights/shapes.q8.safetensors')).body.pipeTo(writable);
      const vqa = await createVqa({ model });
      const { answer } = await vqa.ask(new Uint8Array(bytes), question);
      vqa.close();
      await directory.removeEntry('m.safetensors');
      return [answer, await createVqa({ model }).catch(({ code, message }) => `${code} ${message}`)];
    }, [[...RED_CIRCLE], COLOR]);
    assert.equal(said[0], 'red');
    assert.match(said[1], /^E_NETWORK the model m.safetensors can't be opened: /);
  });

  test('in a worker: the caller keeps the bytes, an aborted call rejects with the reason, a trap is reported', async () => {
    await page.goto(use.url);
    const said = await page.evaluate(async ([bytes, question, trapping]) => {
      const { createVqa } = await import('/src/index.js');
      const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors' });
      const controller = new AbortController();
      const kept = new Uint8Array(bytes);
      const picture = await vqa.encode(kept);
      const aborted = picture.ask(question, { signal: controller.signal }).catch(({ name }) => name);
      controller.abort();
      const said = [kept.length === bytes.length, await aborted, (await picture.ask(question)).answer];
      vqa.close();
      const broken = await createVqa({ model: new Uint8Array(1), wasm: new Uint8Array(trapping) });
      said.push(await broken.ask(new Uint8Array(1), question).catch(({ code }) => code));
      broken.close();
      return said;
    }, [[...RED_CIRCLE], COLOR, [...tinyRuntime({ vqa_ask: 'trap' })]]);
    assert.deepEqual(said, [true, 'AbortError', 'red', 'E_CRASH']);
  });

  test('with and without a worker the same is refused, and too large a canvas is not read', async () => {
    await page.goto(use.url);
    const said = await page.evaluate(async (bytes) => {
      const { createVqa } = await import('/src/index.js');
      let drawn = 0;
      CanvasRenderingContext2D.prototype.drawImage = () => (drawn += 1);
      const picture = new Uint8Array(bytes);
      const said = [];
      for (const worker of [true, false]) {
        const vqa = await createVqa({ model: '/weights/shapes.q8.safetensors', worker });
        const refused = (...args) => vqa.ask(...args).catch(({ code, message }) => `${code} ${message}`);
        said.push([
          await refused(picture, Symbol('why')), await refused(picture, 'why?', { topK: () => 1 }),
          await refused({ data: picture, width: Symbol('w'), height: 1 }, 'why?'), await refused(new OffscreenCanvas(20000, 20000), 'why?'),
        ]);
        vqa.close();
      }
      return { said, drawn };
    }, [...RED_CIRCLE]);
    const expected = ['E_QUESTION the question is Symbol(why), expected a string', 'E_CALL topK is of type function, expected a whole number',
      'E_CALL width is Symbol(w), expected a whole number',
      'E_PICTURE the picture is 20000 x 20000 = 400000000 pixels, at most 50000000 are taken'];
    assert.deepEqual(said, { said: [expected, expected], drawn: 0 });
  });

  test('a worker that cannot start is one sentence, and no further runtime is fetched', async () => {
    await page.goto(`${use.url}icon.svg`);
    await page.route('**/src/worker.js', (route) => route.fulfill({ status: 404 }));
    const error = await page.evaluate(async () => {
      const { createVqa } = await import('/src/index.js');
      return createVqa({ model: '/weights/shapes.q8.safetensors' }).catch(({ code, message }) => ({ code, message }));
    });
    assert.deepEqual(error, { code: 'E_WASM', message: 'the worker failed: its script could not be loaded' });
    assert.equal(requests.filter((address) => address.endsWith('.wasm')).length, 1);
  });
});
