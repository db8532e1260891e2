// Asking by voice, in Chromium, whose microphone plays a file: the microphone of the package, and the page's button.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { createVqa } from '../src/index.js';
import { serve } from '../serve.js';
import { hearingFolder, tone, wav } from './hearing.js';
import { answered, askOwn } from './states.js';
import { CHROME, CHROME_FLAGS, PACK, RUNTIME, SAMPLES, SPOKEN, VOICE_PACK, missing } from './support.js';

const skip = missing(RUNTIME, PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1440, height: 900 } };

/** A Chromium whose microphone plays this WAV file, once or again and again. */
const listeningTo = (file, flag = '') => chromium.launch({ executablePath: CHROME,
  args: [...CHROME_FLAGS, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${file}${flag}`] });

describe('asking by voice', { skip, timeout: 300_000 }, () => {
  let server, browser, folder, url, page, errors;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vqa-voice-'));
    writeFileSync(join(folder, 'tone.wav'), wav(tone(3, 48_000), 48_000));
    server = await serve(0);
    url = `http://localhost:${server.address().port}/`;
    browser = await listeningTo(join(folder, 'tone.wav'));
  });

  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => (errors = []));
  afterEach(async () => {
    await page.context().close();
    assert.deepEqual(errors, []);
  });

  async function fresh(options = DESKTOP) {
    page = await browser.newPage({ reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(15_000);
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.addInitScript(watchMicrophone);
  }

  const tracks = () => page.evaluate(() => window.tracks.map(({ readyState }) => readyState));

  describe('the microphone', () => {
    beforeEach(async () => {
      await fresh();
      await page.goto(`${url}icon.svg`); // under the policy of the page, without its scripts
    });

    /** Run this in the page with openMicrophone(); what it throws as { code, message }. */
    const inPage = (use) => page.evaluate(`(async () => {
      const { openMicrophone } = await import('./src/microphone.js');
      try {
        return await (${use})(openMicrophone);
      } catch ({ name, code, message }) {
        return { name, code, message };
      }
    })()`);

    test('what it hears: samples at a rate, levels meanwhile, and the device is let go', async () => {
      assert.deepEqual(await tracks(), []);
      const { count, sampleRate, loudest, levels } = await inPage(async (openMicrophone) => {
        const levels = [];
        const heard = new Promise((resolve) => (window.heard = resolve));
        const microphone = await openMicrophone({ onLevel: (level) => levels.push(level) > 30 && window.heard() });
        await heard;
        const { samples, sampleRate } = await microphone.stop();
        return { count: samples.length, sampleRate, loudest: samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0), levels };
      });
      assert.ok(sampleRate >= 8000 && count === Math.round(levels.at(-1).seconds * sampleRate) && levels.at(-1).seconds > 1, `${count} at ${sampleRate}`);
      assert.ok(loudest > 0.1 && loudest <= 1, String(loudest));
      assert.ok(levels.every(({ rms, peak }) => rms >= 0 && rms <= peak && peak <= 1));
      assert.ok(Math.abs(Math.max(...levels.map(({ peak }) => peak)) - Math.min(1, loudest)) < 1e-6);
      assert.deepEqual(await tracks(), ['ended']);
    });

    test('closed or aborted it is let go, and gives nothing', async () => {
      const closed = await inPage(async (openMicrophone) => {
        const microphone = await openMicrophone();
        microphone.close();
        microphone.close();
        return microphone.stop();
      });
      assert.deepEqual([closed.name, closed.code], ['VqaError', 'E_CLOSED']);
      const aborted = await inPage(async (openMicrophone) => {
        const controller = new AbortController();
        const microphone = await openMicrophone({ signal: controller.signal });
        controller.abort();
        return microphone.stop();
      });
      assert.equal(aborted.code, 'E_CLOSED');
      const opening = await inPage(async (openMicrophone) => {
        const controller = new AbortController();
        const open = navigator.mediaDevices.getUserMedia;
        navigator.mediaDevices.getUserMedia = (constraints) => {
          controller.abort(); // while the person is asked
          return open(constraints);
        };
        return openMicrophone({ signal: controller.signal });
      });
      assert.equal(opening.name, 'AbortError');
      await page.waitForFunction(() => window.tracks.length === 3 && window.tracks.every(({ readyState }) => readyState === 'ended'));
      const before = await inPage((openMicrophone) => openMicrophone({ signal: AbortSignal.abort() }));
      assert.equal(before.name, 'AbortError');
      assert.equal((await tracks()).length, 3); // it was not even asked for
    });

    test('after 30 seconds it hears no more', async () => {
      const { seconds, most } = await inPage(async (openMicrophone) => {
        let most = 0;
        let tell;
        const full = new Promise((resolve) => (tell = resolve));
        const { AudioWorkletNode } = window;
        let node;
        window.AudioWorkletNode = class extends AudioWorkletNode { // pieces of a second each come at once
          constructor(...args) {
            super(...args);
            node = this;
          }
        };
        const microphone = await openMicrophone({ onLevel: ({ seconds }) => (most = seconds) >= 30 && tell() });
        const piece = new Float32Array(node.context.sampleRate);
        for (let i = 0; i < 32; i++) node.port.onmessage({ data: piece });
        await full;
        const { samples, sampleRate } = await microphone.stop();
        return { seconds: samples.length / sampleRate, most };
      });
      assert.ok(seconds >= 30 && seconds < 31 && most === seconds, `${seconds}, ${most}`);
      assert.deepEqual(await tracks(), ['ended']);
    });

    test('without leave, without a device, without https: one sentence each', async () => {
      const refused = async (change, message) => {
        await page.evaluate(change);
        assert.deepEqual(await inPage((openMicrophone) => openMicrophone()), { name: 'VqaError', code: 'E_MICROPHONE', message });
      };
      await refused(() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }),
        "the microphone can't be used: this page may not use it: allow it in the address bar or in the settings");
      await refused(() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotFoundError'); }), "the microphone can't be used: there is none");
      await refused(() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotReadableError'); }),
        "the microphone can't be used: something else uses it, or it is switched off");
      await refused(() => (navigator.mediaDevices.getUserMedia = undefined), "the microphone can't be used: this browser has none for pages");
      await refused(() => Object.defineProperty(window, 'isSecureContext', { value: false }), "the microphone can't be used: the page needs https or localhost for it");
    });

    test('when it has stopped nothing stays on the signal', async () => {
      const left = await inPage(async (openMicrophone) => {
        const { signal } = new AbortController();
        let left = 0;
        const { addEventListener, removeEventListener } = signal;
        signal.addEventListener = (...args) => (left++, addEventListener.apply(signal, args));
        signal.removeEventListener = (...args) => (left--, removeEventListener.apply(signal, args));
        const microphone = await openMicrophone({ signal });
        await microphone.stop();
        return left;
      });
      assert.equal(left, 0);
    });

    test('a browser that refuses to make sound is one sentence', async () => {
      await page.evaluate(() => (window.AudioContext = class { constructor() { throw new DOMException('too many', 'NotSupportedError'); } }));
      assert.deepEqual(await inPage((openMicrophone) => openMicrophone()),
        { name: 'VqaError', code: 'E_MICROPHONE', message: "the microphone can't be used: too many" });
    });

    test('without its worklet it is not opened', async () => {
      await page.evaluate(() => {
        const { addModule } = Worklet.prototype;
        Worklet.prototype.addModule = function () {
          return addModule.call(this, 'nothing.js');
        };
      });
      const { code, message } = await inPage((openMicrophone) => openMicrophone());
      assert.equal(code, 'E_NETWORK');
      assert.match(message, /^microphone-worklet\.js can't be loaded: /);
      assert.deepEqual(await tracks(), []);
    });
  });

  describe('the page', () => {
    const talk = () => page.getByRole('button', { name: 'Hold to talk' });
    const entries = () => page.locator('#asked li');
    const spoken = /^\s*Spoken, \d+\.\d s$/;

    const files = () => Object.entries(hearingFolder()).map(([name, buffer]) => ({ name, mimeType: '', buffer }));

    /** The page with a model that hears. */
    async function opened(options) {
      await fresh(options);
      await page.goto(url);
      await answered(page);
      assert.ok(await page.locator('#talk').isHidden());
      await page.locator('#models-open').click();
      await page.locator('#model-files').setInputFiles(files());
      await talk().waitFor();
      await page.locator('#answers[aria-busy=false] ol').waitFor();
    }

    /** Wait until it listens and so many seconds were heard. */
    const heard = (seconds) => page.waitForFunction((seconds) => {
      const [listening, time] = ['listening', 'listening-time'].map((id) => document.getElementById(id));
      return !listening.hidden && time.textContent !== '' && Number(time.textContent.slice(2)) >= seconds;
    }, seconds);

    async function complaints() {
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run());
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
    }

    test('held by the mouse it listens, let go it answers; the history shows what was said', async () => {
      await opened();
      assert.deepEqual(await tracks(), []);
      await talk().hover();
      await page.mouse.down();
      await heard(1);
      assert.equal(await page.locator('#talk-hint').textContent(), 'Let go to ask, Esc cancels');
      assert.ok(await page.evaluate(() => Number(document.getElementById('level').style.getPropertyValue('--level')) >= 0));
      assert.deepEqual(await tracks(), ['live']);
      await page.mouse.move(5, 5);
      await page.mouse.up(); // wherever it is by then
      await page.locator('#answers .asked').getByText(spoken).waitFor();
      assert.deepEqual(await tracks(), ['ended']);
      assert.ok(await page.locator('#question').isVisible());
      assert.equal(await page.locator('#question').inputValue(), '');
      assert.match(await entries().first().locator('.entry-question').textContent(), spoken);
      assert.equal(await entries().first().getByRole('img', { name: 'Spoken:' }).count(), 1);
      await page.locator('#details summary').click();
      assert.match(await page.locator('#stages').textContent(), /Listen[\d.]+ ms/);

      await askOwn(page, 'what color is it?');
      await entries().nth(1).locator('button').click();
      await page.locator('#answers .asked').getByText(spoken).waitFor();
      assert.equal(await page.locator('#question').inputValue(), '');
      await page.getByText('Possible answers').click();
      await page.getByLabel('Possible answers, separated').fill('cat, dog');
      await page.getByLabel('Possible answers, separated').blur();
      await page.waitForFunction(() => document.querySelectorAll('#answers li').length === 2); // it was asked again
    });

    test('a short press begins and a second one ends, also by the keyboard, and Ask ends it too', async () => {
      await opened();
      await talk().focus();
      const presses = [() => talk().click(), () => page.keyboard.press('Space'), () => page.keyboard.press('Enter'), () => talk().evaluate((node) => node.click())];
      for (const [i, press] of presses.entries()) {
        await press();
        await page.locator('#listening').waitFor();
        await page.locator('#talk-hint').getByText('Press again to ask').waitFor();
        assert.equal(await talk().getAttribute('aria-pressed'), 'true');
        await press();
        await page.waitForFunction((count) => document.querySelectorAll('#asked li').length === count, i + 2);
        assert.equal(await talk().getAttribute('aria-pressed'), 'false');
      }
      await talk().click();
      await heard(0);
      await page.getByRole('button', { name: 'Ask', exact: true }).click();
      await page.waitForFunction(() => document.querySelectorAll('#asked li').length === 6);
      assert.ok((await tracks()).every((state) => state === 'ended'));
    });

    test('held by a key; Escape, the cross and another tab forget what was said', async () => {
      await opened();
      await talk().focus();
      await page.keyboard.down('Space');
      await heard(1);
      await page.keyboard.up('Space');
      await page.locator('#answers .asked').getByText(spoken).waitFor();
      const count = await entries().count();
      const cancels = [() => page.keyboard.press('Escape'), () => page.getByRole('button', { name: 'Cancel', exact: true }).click(), () => page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { value: true });
        document.dispatchEvent(new Event('visibilitychange'));
      })];
      for (const cancel of cancels) {
        await talk().click();
        await heard(0);
        await cancel();
        assert.ok(await page.locator('#listening').isHidden() && await page.locator('#question').isVisible());
        assert.ok((await tracks()).every((state) => state === 'ended'));
      }
      assert.equal(await entries().count(), count);
    });

    test('a press that the device takes back, and one that ends before the microphone is open, leave it closed', async () => {
      await opened();
      const count = await entries().count();
      await talk().hover();
      await page.mouse.down();
      await heard(0);
      await talk().dispatchEvent('pointercancel');
      assert.ok(await page.locator('#listening').isHidden());
      assert.deepEqual(await tracks(), ['ended']);
      await page.mouse.up();

      await page.evaluate(() => {
        const { mediaDevices } = navigator;
        const open = mediaDevices.getUserMedia;
        const allowed = new Promise((resolve) => (window.allow = resolve));
        mediaDevices.getUserMedia = async (constraints) => {
          window.isAsking = true;
          await allowed;
          return open(constraints);
        };
      });
      await page.mouse.down();
      await page.waitForFunction(() => window.isAsking);
      await page.waitForTimeout(500); // it is held, not pressed
      await page.mouse.up();
      await page.evaluate(() => window.allow());
      await page.waitForFunction(() => window.tracks.length === 2 && window.tracks[1].readyState === 'ended');
      assert.ok(await page.locator('#listening').isHidden());
      assert.equal(await talk().getAttribute('aria-pressed'), 'false');
      assert.equal(await entries().count(), count);
    });

    test('axe finds nothing while it listens and after, and nothing is cut off', async () => {
      for (const options of [{ ...PHONE, colorScheme: 'light' }, { ...DESKTOP, colorScheme: 'dark' }]) {
        await opened(options);
        assert.deepEqual(await complaints(), []);
        await talk().click();
        await heard(0);
        assert.deepEqual(await complaints(), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), options.viewport.width);
        await talk().click();
        await page.locator('#answers .asked').getByText(spoken).waitFor();
        assert.deepEqual(await complaints(), []);
        if (options.isMobile) await page.context().close();
      }
    });

    test('a sound file is asked, chosen or dropped, and one that is none is a sentence', async () => {
      await opened();
      const choose = (name, buffer) => page.locator('#sound-file').setInputFiles({ name, mimeType: 'audio/wav', buffer: Buffer.from(buffer) });
      await choose('mine.wav', wav(tone(1)));
      await page.locator('#answers .asked').getByText('mine.wav').waitFor();
      await choose('none.wav', Buffer.from('RIFF\0\0\0\0WAVE'));
      await page.locator('#answers').getByRole('alert').waitFor();
      assert.equal(await page.locator('#answers button').count(), 0); // there is nothing to try again
      await page.evaluate((bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.wav', { type: 'audio/wav' }));
        document.getElementById('stage').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      }, [...wav(tone(1))]);
      await page.locator('#answers .asked').getByText('dropped.wav').waitFor();
      await page.getByText(/^Your picture never/).click();
      assert.match(await page.locator('#left').textContent(), /: 0 requests since/);
    });

    test('a microphone that is refused is a sentence, and a model that takes no sound says so', async () => {
      await opened();
      await page.evaluate(() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }));
      await talk().click();
      await page.locator('#answers').getByRole('alert').getByText(/^The microphone can't be used: this page may not use it/).waitFor();
      assert.equal(await talk().getAttribute('aria-pressed'), 'false');
      await page.locator('#models-open').click();
      await page.getByRole('button', { name: 'Back to the built-in model' }).click();
      await talk().waitFor({ state: 'hidden' });
      await page.locator('#sound-file').setInputFiles({ name: 'mine.wav', mimeType: 'audio/wav', buffer: Buffer.from(wav(tone(1))) });
      await page.getByText('This model takes no sound: write your question.').first().waitFor();
    });

    test('with a model that writes down, what was said becomes a question that can be changed', async () => {
      await fresh();
      await page.addInitScript(writeDown, ' what color is the circle?');
      await page.goto(url);
      await answered(page);
      await page.locator('#models-open').click();
      await page.locator('#transcriber-files').setInputFiles(files());
      await talk().waitFor();
      await talk().click();
      await heard(0);
      await talk().click();
      await page.getByText('Change what was written down, or ask it as it is.').first().waitFor();
      const question = page.getByLabel('Your question');
      assert.equal(await question.inputValue(), 'what color is the circle?');
      assert.ok(await question.evaluate((node) => node === document.activeElement));
      await question.press('Enter');
      await answered(page, 'what color is the circle?');
      await page.locator('#models-open').click();
      assert.match(await page.locator('#transcriber-text').textContent(), /^model writes down what you say/);
      await page.getByRole('button', { name: 'Do without it' }).click();
      await talk().waitFor({ state: 'hidden' });
    });

    test('a writer that crashed is loaded anew, and then writes down what was said', async () => {
      await fresh();
      await page.addInitScript(writeDown, 'what color is the circle?');
      await page.goto(url);
      await answered(page);
      await page.locator('#models-open').click();
      await page.locator('#transcriber-files').setInputFiles(files());
      await talk().waitFor();
      await page.evaluate(() => {
        const { postMessage } = Worker.prototype;
        Worker.prototype.postMessage = function (message, ...rest) {
          if (message.call !== 'transcribe') return postMessage.call(this, message, ...rest);
          window.crashed ??= this;
          if (window.crashed !== this) return postMessage.call(this, message, ...rest);
          return void queueMicrotask(() => this.onmessage({ data: { id: message.id, error: { code: 'E_CRASH', message: 'the runtime stopped' } } }));
        };
      });
      await page.locator('#sound-file').setInputFiles({ name: 'mine.wav', mimeType: 'audio/wav', buffer: Buffer.from(wav(tone(1))) });
      await page.locator('#answers').getByRole('alert').getByText('The runtime stopped.').waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('Change what was written down, or ask it as it is.').first().waitFor();
      assert.equal(await page.getByLabel('Your question').inputValue(), 'what color is the circle?');
    });

    test('a model that does not write down is refused as one that does', async () => {
      await fresh();
      await page.goto(url);
      await answered(page);
      await page.locator('#models-open').click();
      await page.locator('#transcriber-files').setInputFiles(files());
      await page.getByRole('alert').getByText('Model does not write down what is said: that takes a Whisper model.').waitFor();
      assert.ok(await page.locator('#talk').isHidden());
    });

    test('one from another server opens the page anew, and a link to one asks', async () => {
      await fresh();
      const other = 'https://models.example/whisper/';
      const asked = [];
      await page.route('https://models.example/**', (route) => {
        asked.push(route.request().url());
        return route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } });
      });
      await page.goto(`${url}?speech=${encodeURIComponent(other)}`);
      await answered(page);
      await page.getByText(`This link wants to load a model from models.example: ${other}`).waitFor();
      assert.deepEqual(asked, []);
      await page.goto(url);
      await answered(page);
      await page.locator('#models-open').click();
      await page.getByLabel('Address of a Whisper model').fill(other);
      await page.getByLabel('Address of a Whisper model').press('Enter');
      await page.getByRole('alert').getByText(/HTTP status 404|nothing is at/).waitFor();
      assert.equal(new URL(page.url()).searchParams.get('speech'), other);
      assert.ok(asked.length > 0);
    });
  });
});

const skipVoice = skip || missing(VOICE_PACK, SPOKEN);

describe('the voice pack', { skip: skipVoice, timeout: 120_000 }, () => {
  const toys = JSON.parse(skipVoice ? '[]' : readFileSync(SAMPLES, 'utf8')).find(({ file }) => file === 'toys.png');
  for (const name of skipVoice ? [] : readdirSync(SPOKEN)) {
    const words = name.replace('.wav', '').replaceAll('-', ' ');
    test(`"${words}", said into the microphone, is answered as in writing`, async (t) => {
      const vqa = await createVqa({ model: PACK, wasm: RUNTIME });
      const { answer } = await vqa.ask(join(SAMPLES, '..', toys.file), words);
      vqa.close();
      const sound = join(SPOKEN, name);
      const server = await serve(0);
      const browser = await listeningTo(sound, '%noloop');
      t.after(async () => {
        await browser.close();
        server.closeAllConnections();
        server.close();
      });
      const page = await browser.newPage();
      page.setDefaultTimeout(15_000);
      await page.goto(`http://localhost:${server.address().port}/?model=weights/${VOICE_PACK.split('/').pop()}`);
      await page.locator('#talk').waitFor();
      await page.getByRole('button', { name: toys.alt }).click();
      await page.locator('#answers[aria-busy=false] ol').waitFor();
      await page.locator('#talk').hover();
      await page.mouse.down();
      const bytes = readFileSync(sound);
      const seconds = Math.ceil((bytes.length - 44) / bytes.readUInt32LE(28)); // bytes a second
      await page.waitForFunction((seconds) => Number(document.getElementById('listening-time').textContent.slice(2)) >= seconds, seconds);
      await page.mouse.up();
      await page.locator('#answers .asked').getByText(/Spoken, /).waitFor();
      assert.equal(await page.locator('#answers li .answer').first().textContent(), answer);
    });
  }
});

/* In the page: every track that it was given. */
function watchMicrophone() {
  window.tracks = [];
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await open(constraints);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}

/* In the page: every model that hears says that it writes down, and writes this. */
function writeDown(text) {
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    const { onmessage } = this;
    if (message.call === 'transcribe') {
      const data = { id: message.id, result: { transcript: { text, language: 'en', segments: [] }, peakBytes: 1 } };
      return void queueMicrotask(() => onmessage({ data }));
    }
    if (message.call === 'info') {
      this.onmessage = (event) => {
        const { id, result } = event.data;
        if (id === message.id) result.transcribes = result.hears;
        onmessage(event);
      };
    }
    return postMessage.call(this, message, ...rest);
  };
}
