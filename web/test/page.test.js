// The page as people meet it: its five states, with axe's eyes and with the keyboard alone, the camera, the history, where
// the answer came from, and what leaves the device.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { STATES, UNSURE, answered, askOwn, askSuggested } from './states.js';
import { CHROME, CHROME_FLAGS, PHOTO_PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing } from './support.js';

const skip = missing(RUNTIME, PHOTO_PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const QUESTIONS = skip ? [] : JSON.parse(readFileSync(SAMPLES, 'utf8')).map(({ questions }) => questions);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1440, height: 900 } };

describe('the page', { skip, timeout: 300_000 }, () => {
  const servers = [];
  let browser, url, page, pages;

  before(async () => {
    ({ url } = await served());
    browser = await chromium.launch({ executablePath: CHROME,
      args: [...CHROME_FLAGS, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] });
  });

  after(async () => {
    await browser.close();
    servers.forEach(stop);
  });

  beforeEach(() => (pages = []));
  afterEach(() => Promise.all(pages.map((page) => page.context().close())));

  async function served(port = 0) {
    const server = await serve(port);
    servers.push(server);
    return { server, url: `http://localhost:${server.address().port}/` };
  }

  /** A fresh page in a browser of its own; animations would hide colors from axe. */
  async function fresh(options = DESKTOP) {
    page = await browser.newPage({ reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(15_000);
    pages.push(page);
  }

  async function opened(options) {
    await fresh(options);
    await page.goto(url);
    await answered(page);
  }

  /** What axe finds: nothing, or sentences. */
  async function complaints() {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
  }

  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  const best = () => page.locator('#answers li .answer').first();
  const spoken = () => page.getByRole('status').first();
  const upload = (bytes = RED_CIRCLE) =>
    page.locator('#file').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: Buffer.from(bytes) });

  for (const [state, bring] of Object.entries(STATES)) {
    test(`${state}: axe finds nothing, light on a phone and dark on a desk`, async () => {
      for (const options of [{ ...PHONE, colorScheme: 'light' }, { ...DESKTOP, colorScheme: 'dark' }]) {
        await fresh(options);
        await bring(page, url);
        assert.deepEqual(await complaints(), []);
        assert.equal(await width(), options.viewport.width);
      }
    });
  }

  test('axe finds nothing in what opens: folds, models, camera', async () => {
    for (const options of [{ ...PHONE, colorScheme: 'dark' }, { ...DESKTOP, colorScheme: 'light' }]) {
      await opened(options);
      await page.locator('#private summary').click();
      await page.locator('#details summary').click();
      await page.getByText('Possible answers').click();
      assert.deepEqual(await complaints(), []);
      await page.getByRole('button', { name: 'What can I ask?' }).click();
      assert.deepEqual(await complaints(), []);
      assert.ok(await page.locator('#models').evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth));
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Take a photo' }).click();
      await page.locator('#camera-shutter:enabled').waitFor();
      assert.deepEqual(await complaints(), []);
    }
  });

  test('from 320 pixels to 4K, also from right to left, nothing is cut off', async () => {
    await opened();
    for (const dir of ['ltr', 'rtl']) {
      await page.evaluate((dir) => (document.documentElement.dir = dir), dir);
      for (const size of [320, 390, 800, 1440, 3840]) {
        await page.setViewportSize({ width: size, height: Math.round(size * 0.6) });
        assert.equal(await width(), size, `${dir} ${size}`);
        const outside = await page.evaluate(() => [...document.querySelectorAll('main *, header *, footer *')]
          .filter((node) => !node.closest('#samples, #suggestions, .hidden, svg') && node.getClientRects().length)
          .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5 || node.getBoundingClientRect().left < -0.5)
          .map((node) => node.outerHTML.slice(0, 80)));
        assert.deepEqual(outside, [], `${dir} ${size}`);
      }
    }
  });

  test('with the keyboard alone: another sample, a suggested question, the history, the models and back', async () => {
    await opened();
    const reach = async (locator) => {
      for (let i = 0; i < 60; i++) {
        if (await locator.evaluate((node) => node === document.activeElement)) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`not reached: ${locator}`);
    };
    await reach(page.locator('#samples button').nth(3));
    await page.keyboard.press('Enter');
    await answered(page, QUESTIONS[3][0]);
    const suggestion = page.locator('#suggestions button').nth(2);
    await reach(suggestion);
    await page.keyboard.press('Space');
    await answered(page, QUESTIONS[3][2]);
    assert.match(await spoken().textContent(), /\? yes, /);
    assert.ok((await spoken().textContent()).startsWith(QUESTIONS[3][2]));
    await reach(page.locator('#asked button').nth(1));
    await page.keyboard.press('Enter');
    await answered(page, QUESTIONS[3][0]);
    await page.locator('#models-open').focus();
    await page.keyboard.press('Enter');
    await page.locator('#models[open]').waitFor();
    assert.ok(await page.evaluate(() => document.activeElement.closest('dialog')?.id === 'models'));
    await page.keyboard.press('Escape');
    await page.locator('#models').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'models-open');
  });

  test('the history is of this picture, and shows the answers again without asking', async () => {
    await opened();
    assert.ok(await page.locator('#history').isHidden());
    await askSuggested(page, 1);
    await askSuggested(page, 3);
    await askSuggested(page, 1); // again: it moves to the top
    const entries = page.locator('#asked button');
    assert.deepEqual(await entries.locator('.entry-question').allTextContents(),
      [1, 3, 0].map((i) => QUESTIONS[0][i]));
    await page.evaluate(() => (Worker.prototype.postMessage = () => {})); // nobody answers any more
    await entries.nth(1).click();
    await answered(page, QUESTIONS[0][3]);
    assert.equal(await page.getByLabel('Your question').inputValue(), QUESTIONS[0][3]);
    assert.equal(await entries.nth(1).getAttribute('aria-pressed'), 'true');
    await page.locator('#samples button').nth(2).click();
    assert.equal(await entries.count(), 0);
  });

  test('"not sure" is shown and said', async () => {
    await opened();
    assert.equal(await page.locator('#answers .badge').count(), 0);
    await askOwn(page, UNSURE);
    assert.equal(await page.locator('#answers .badge').textContent(), 'not sure');
    assert.match(await spoken().textContent(), /\? Not sure: [\w ]+, \d/);
    assert.match(await page.locator('#asked').textContent(), /not sure: /);
    await askSuggested(page, 1);
    assert.equal(await page.locator('#answers .badge').count(), 0);
  });

  test('a map of relevance: over its part of the picture, in words, shown by its button, by focus, by a tap', async () => {
    await opened(PHONE);
    await page.evaluate(async () => {
      const { showHeat } = await import('./heat.js');
      const data = Float32Array.from({ length: 6 }, (_, i) => Number(i === 2)); // [2, 3], the upper right cell
      showHeat({ width: 3, height: 2, data, box: { x: 0.25, y: 0, width: 0.75, height: 1 } });
    });
    const veil = (x, y) => page.evaluate(([x, y]) => {
      const canvas = document.getElementById('heat');
      return canvas.getContext('2d').getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data[3];
    }, [x, y]);
    assert.equal(await veil(0.875, 0.25), 0);
    assert.ok(await veil(0.1, 0.25) > 150 && await veil(0.5, 0.75) > 150);
    assert.match(await page.locator('#heat-words').textContent(), /top right/);
    const shown = (opacity) => page.locator(`#heat`).evaluate((canvas, opacity) => getComputedStyle(canvas).opacity === opacity, opacity);
    const button = page.getByRole('button', { name: 'Where it looked' });
    assert.ok(await shown('0'));
    await page.locator('#picture').tap();
    assert.ok(await shown('1') && await page.locator('#legend').isVisible());
    assert.deepEqual(await complaints(), []);
    await button.tap();
    assert.ok(await shown('0'));
    await page.keyboard.press('Tab');
    await button.focus();
    assert.ok(await shown('1'));
    await page.evaluate(async () => (await import('./heat.js')).showHeat());
    assert.ok(await button.isHidden() && await page.locator('#heat').isHidden());
  });

  test('the time of each stage and the build are under the details', async () => {
    await opened();
    await page.locator('#details summary').click();
    assert.match(await page.locator('#timings').textContent(), /answered in [\d.]+ ms/);
    assert.match(await page.locator('#stages').textContent(), /Decode the picture[\d.]+ ms.*Look at it[\d.]+ ms.*Answer[\d.]+ ms/s);
    assert.match(await page.locator('#build').textContent(), /6\.\d+ million parameters.*Weights6\.\d+ MB.*Memory.*MB.*Runtime.*simd.*, \d+ kB.*Threads\d/s);
  });

  test('a photo: seen before it is taken, from either camera, and the camera is let go', async () => {
    await opened(PHONE);
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      window.asked = [];
      window.tracks = [];
      mediaDevices.getUserMedia = async (constraints) => {
        window.asked.push(constraints.video.deviceId?.exact ?? constraints.video.facingMode);
        const stream = await open({ video: true });
        window.tracks.push(...stream.getTracks());
        return stream;
      };
      MediaStreamTrack.prototype.getSettings = () => ({ deviceId: 'first' }); // a webcam does not say where it faces
      mediaDevices.enumerateDevices = async () => ['first', 'second'].map((deviceId) => ({ kind: 'videoinput', deviceId }));
    });
    const live = () => page.evaluate(() => window.tracks.filter(({ readyState }) => readyState === 'live').length);
    await page.getByRole('button', { name: 'Take a photo' }).click();
    await page.locator('#camera-shutter:enabled').waitFor();
    await page.getByRole('button', { name: 'Other camera' }).click();
    await page.waitForFunction(() => window.asked.length === 2);
    await page.locator('#camera-shutter:enabled').waitFor();
    assert.deepEqual([await page.evaluate(() => window.asked), await live()], [['environment', 'second'], 1]);
    await page.getByRole('button', { name: 'Use this picture' }).click();
    await page.locator('#picture[alt="Your picture photo.jpg"]').waitFor();
    await answered(page);
    assert.deepEqual([await live(), await page.locator('#camera').isVisible()], [0, false]);

    await page.getByRole('button', { name: 'Take a photo' }).click();
    await page.locator('#camera-shutter:enabled').waitFor();
    await page.evaluate(() => window.tracks.at(-1).dispatchEvent(new Event('ended')));
    await page.locator('#camera').getByRole('alert').getByText(/The camera has stopped/).waitFor();
    assert.ok(await page.locator('#camera-shutter').isDisabled());
    await page.getByRole('button', { name: 'Close the camera' }).click();
    await page.waitForFunction(() => window.tracks.every(({ readyState }) => readyState === 'ended'));
    assert.equal(await page.evaluate(() => document.getElementById('camera-view').srcObject), null);
  });

  test('a camera that is refused is one sentence, and the camera app is offered', async () => {
    await opened();
    await page.evaluate(() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }));
    await page.getByRole('button', { name: 'Take a photo' }).click();
    await page.locator('#camera').getByRole('alert').getByText(/does not let this page use the camera/).waitFor();
    await page.locator('#camera-file').setInputFiles({ name: 'taken.png', mimeType: 'image/png', buffer: Buffer.from(RED_CIRCLE) });
    await page.locator('#picture[alt="Your picture taken.png"]').waitFor();
    assert.ok(await page.locator('#camera').isHidden());
  });

  test('a picture that comes first gets the first suggested question, and what was typed stays', async () => {
    await fresh();
    await page.route('**/samples.json', (route) => route.fulfill({ status: 404 }));
    await page.goto(url);
    await upload();
    await answered(page, 'Is there an animal?');
    assert.equal(await page.getByLabel('Your question').inputValue(), 'Is there an animal?');

    const held = new Promise((resolve) => page.route('**/weights/**', resolve));
    await page.reload();
    await page.getByLabel('Your question').fill('what color is the circle?');
    await upload();
    await (await held).continue();
    await answered(page, 'what color is the circle?');
  });

  test('a predicted value has no score, a hint is said', async () => {
    await opened();
    await page.evaluate(async () => {
      const { showAnswers, showHint } = await import('./answers.js');
      showHint('Write down answers.');
      window.said = document.getElementById('spoken').textContent;
      showAnswers({ text: 'How high?' }, { answer: '1.5', score: 1.5, scored: false, sure: true, answers: [{ answer: '1.5', score: 1.5 }] });
    });
    assert.equal(await page.evaluate(() => window.said), 'Write down answers.');
    assert.deepEqual([await page.locator('#answers li').allTextContents(), await spoken().textContent()], [['1.5'], 'How high? 1.5']);
    assert.equal(await page.locator('#answers .bar').count(), 0);
  });

  test('pasted text stays text, though a picture of it comes along', async () => {
    await opened();
    const paste = (target, types) => page.evaluate(([target, types]) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(['x'], 'x.txt', { type: 'text/plain' }));
      clipboardData.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
      for (const type of types) clipboardData.setData(type, 'words');
      return document.querySelector(target).dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, [target, types]);
    assert.equal(await paste('#question', ['text/plain']), true);
    assert.equal(await paste('#question', []), false);
    assert.equal(await page.locator('#picture').getAttribute('alt'), 'Your picture x.png');
  });

  test('a picture too large to come along is one sentence after the page has opened anew', async () => {
    await opened();
    await page.evaluate(async () => (await import('./carried.js')).carry(new File([new Uint8Array(2_000_001)], 'large.png')));
    await page.reload();
    await page.getByRole('alert').getByText('Your picture large.png could not come along: choose it again.').waitFor();
    await page.addInitScript(() => Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } }));
    await page.reload();
    await answered(page);
    await page.evaluate(async () => (await import('./carried.js')).carry(new File(['x'], 'x.png')));
  });

  test('what has left the device is counted: nothing for pictures, samples and questions', async () => {
    await opened();
    await upload();
    await askOwn(page, 'what color is the circle?');
    await page.locator('#samples button').nth(4).click();
    await answered(page, QUESTIONS[4][0]);
    const left = page.locator('#left');
    assert.match(await left.textContent(), /: 0 requests since the model was ready\.$/);
    await page.evaluate(() => fetch('icon.svg').then((response) => response.text()));
    await left.getByText(/: 1 request since the model was ready, \d+ bytes received, none to another server\.$/).waitFor();
    await page.locator('#private summary').click();
    assert.match(await page.locator('#requests').textContent(), /^localhost:\d+ \(this page's own files\): 1 request, \d+ bytes received/);
  });

  test('the page can\'t connect to another server, unless its address names a model there', async () => {
    const other = 'https://models.example/';
    const reaches = () => page.evaluate((other) => fetch(other).then(() => true, () => false), other);
    await opened();
    await page.route(`${other}**`, (route) => route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } }));
    assert.equal(await reaches(), false);
    assert.match(await page.locator('#policy').textContent(), /refuse every connection to another server/);
    await page.goto(`${url}?model=${encodeURIComponent('/x.safetensors')}`);
    await page.getByRole('alert').getByText(/HTTP status 404/).waitFor(); // at its own server it may ask
    assert.equal(await reaches(), false);
    const asked = [];
    page.on('request', (request) => request.url().startsWith(other) && asked.push(request.url()));
    await page.goto(`${url}?model=${encodeURIComponent(`${other}x.safetensors`)}`);
    await answered(page);
    await page.getByText(`This link wants to load a model from models.example: ${other}x.safetensors`).waitFor();
    assert.deepEqual([await complaints(), asked], [[], []]);
    await page.getByRole('button', { name: 'Load it' }).click();
    await page.getByRole('alert').getByText(/HTTP status 404/).waitFor();
    assert.equal(await reaches(), true);
    assert.match(await page.locator('#policy').textContent(), /opened with a model from another server/);
    await page.reload(); // it was agreed to
    await page.getByRole('alert').getByText(/HTTP status 404/).waitFor();
  });

  test('where its policy is not in force the page does not begin', async () => {
    await fresh();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    for (const answer of [(route) => route.abort(), (route) => route.fulfill({ contentType: 'text/html', body: '<p>Log in' })]) {
      await page.route('**/policy.js', answer);
      await page.goto(url);
      await page.getByRole('alert').getByText(/^This page does not begin: policy\.js, .+ could not be loaded\. Reload the page\.$/).waitFor();
      assert.equal(await page.locator('body :not(main, h1, [role=alert])').count(), 0); // nothing else is there or claimed
      await page.unroute('**/policy.js');
    }
    assert.deepEqual(asked.filter((path) => /^.(weights|samples)\//.test(path)), []);
    assert.deepEqual(await complaints(), []);
    await page.reload();
    await answered(page);
  });

  test('its workers are files of its own', async () => {
    await opened();
    assert.equal(await page.evaluate(() => new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
      new Worker(URL.createObjectURL(new Blob(['postMessage(0)']))).onmessage = () => resolve('it ran');
    })), 'worker-src');
  });

  test('samples that are web pages or break off are left out, and the page goes on', async () => {
    await fresh();
    const { server, url } = await served();
    const webPage = (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Log in');
    const cut = (response) => response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': 999 }).write('x', () => response.destroy());
    let answers = {};
    const [others] = server.listeners('request');
    server.removeAllListeners('request').on('request', (request, response) => (answers[request.url]?.(response) ?? others(request, response)));
    const [first, second, third] = JSON.parse(readFileSync(SAMPLES, 'utf8'));
    answers = { [`/samples/${first.file}`]: webPage, [`/samples/${second.file}`]: cut };
    await page.goto(url);
    await answered(page, third.questions[0]);
    assert.equal(await page.locator('#samples button').count(), QUESTIONS.length - 2);
    answers = { '/samples/samples.json': webPage };
    await page.reload();
    await page.locator('#picture-hint').waitFor();
    await page.locator('#offline').waitFor();
    await upload();
    await answered(page);
  });

  test('a picture that comes along does not wait for the samples', async () => {
    await opened();
    await page.evaluate(async (bytes) => (await import('./carried.js')).carry(new File([new Uint8Array(bytes)], 'mine.png', { type: 'image/png' })), [...RED_CIRCLE]);
    await page.route('**/samples.json', () => {}); // never answered
    await page.reload();
    await page.locator('#picture[alt="Your picture mine.png"]').waitFor();
    await answered(page);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  test('it can be installed: a manifest, icons of the sizes it says', async () => {
    const manifest = await (await fetch(`${url}manifest.webmanifest`)).json();
    assert.deepEqual([manifest.display, manifest.start_url], ['standalone', './']);
    for (const { src, type, sizes } of manifest.icons) {
      const response = await fetch(url + src);
      assert.equal(response.headers.get('content-type'), type);
      if (type !== 'image/png') continue;
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
    }
    await opened();
    const devtools = await page.context().newCDPSession(page);
    const { errors } = await devtools.send('Page.getAppManifest');
    assert.deepEqual(errors, []);
  });
});

function stop(server) {
  server.closeAllConnections();
  server.close();
}
