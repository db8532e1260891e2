// Loading from a host on bad days, in Chromium: random schedules of faults, reloads and second tabs. Each load ends with the right
// model or one clear error; when the host is well again the model loads, and what is kept of it is never taken for good if it isn't.
//
// VQA_SCHEDULES=200 npm test -- test/faults.test.js   tries more of them, VQA_SEED=17 begins with another one

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { FAULT_NAMES, FaultyHost, randomNumbers } from './faulty-host.js';
import { CHROME, CHROME_FLAGS, PACK, RUNTIME, VOICE_PACK, missing } from './support.js';

const SCHEDULES = Number(process.env.VQA_SCHEDULES ?? 12);
const SEED = Number(process.env.VQA_SEED ?? 1);
const PART = 400_000;

const skip = missing(RUNTIME, PACK, VOICE_PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A pack as it is, and in parts: files by their names. The manifest names parts by version, as hosts that are well kept do. */
function filesOf(pack, version) {
  const files = { 'pack.safetensors': pack };
  const parts = [];
  for (let at = 0; at < pack.length; at += PART) {
    const bytes = pack.subarray(at, at + PART);
    const file = `pack-${parts.length}.bin`;
    files[file] = bytes;
    parts.push({ file, size: bytes.length, sha256: sha256(bytes) });
  }
  files['pack.json'] = Buffer.from(JSON.stringify({ format: 'vqa-manifest 1', name: version, licence: '', size: pack.length, parts }));
  return files;
}

/** The same files in both versions: those that one lacks are empty there. */
function versionsOf(...packs) {
  const versions = packs.map((pack, i) => filesOf(pack, `version ${i}`));
  const names = new Set(versions.flatMap((files) => Object.keys(files)));
  return versions.map((files) => Object.fromEntries(Array.from(names, (name) => [name, files[name] ?? Buffer.alloc(0)])));
}

/** Runs in the page: load the model; what it is, or why not. `window.loaded` is how far it is. */
async function visit({ model, cache, integrity }) {
  const { createVqa } = await import('/src/index.js');
  window.loaded = 0;
  try {
    const vqa = await createVqa({ model, cache, integrity, threads: 1, onProgress: ({ loaded }) => { window.loaded = loaded; } });
    const bytes = await (await vqa.pack()).arrayBuffer();
    const { cached } = vqa.info;
    vqa.close();
    const hash = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { hash, cached };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

/** Runs in the page before all else: what takes seconds takes a twentieth of them. */
function hurry() {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (work, time = 0, ...rest) => setTimeout(work, time >= 1000 ? time / 20 : time, ...rest);
}

describe('a host on bad days', { skip, timeout: 60_000 + 20_000 * SCHEDULES }, () => {
  const packs = skip ? [] : [PACK, VOICE_PACK].map((file) => readFileSync(file));
  const host = skip ? undefined : new FaultyHost(versionsOf(...packs));
  let server, browser, url;

  before(async () => {
    server = await serve(0);
    const [others] = server.listeners('request');
    server.removeAllListeners('request').on('request', (request, response) => host.handles(request, response) || others(request, response));
    url = `http://localhost:${server.address().port}/`;
    browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
  });

  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  const hashes = packs.map(sha256);

  /** Either model, or one sentence of a kind that says what to do. */
  function expectEnd(found) {
    if (found.hash) return assert.ok(hashes.includes(found.hash), `a model that nobody has made: ${found.hash}`);
    assert.equal(found.name, 'VqaError', JSON.stringify(found));
    assert.match(found.code, /^E_(NETWORK|MODEL|INTEGRITY)$/, found.message);
    assert.match(found.message, /^the |^part |^[a-z]/);
    assert.ok(found.message.length < 600 && !found.message.includes('\n'), found.message);
  }

  async function schedule(seed) {
    const random = randomNumbers(seed);
    host.reset(seed);
    const context = await browser.newContext();
    await context.addInitScript(hurry);
    const newPage = async () => {
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      await page.goto(`${url}icon.svg`);
      return page;
    };
    const model = random() < 0.6 ? '/faulty/pack.safetensors' : '/faulty/pack.json';
    const cache = random() < 0.5 ? 'opfs' : 'cache';
    const visits = 1 + Math.floor(random() * 4);
    host.log.push(`${model}, ${cache}, ${visits} visits`);
    let page = await newPage();
    host.share = 0.2 + 0.6 * random();
    for (let i = 0; i < visits; i++) {
      const kind = random();
      if (kind < 0.5) {
        expectEnd(await page.evaluate(visit, { model, cache }));
      } else if (kind < 0.75) { // the person reloads the page, or leaves it
        const at = random() * packs[0].length;
        const left = page.evaluate(visit, { model, cache }).then(expectEnd, () => {});
        await Promise.race([left, page.waitForFunction((at) => window.loaded >= at, at).catch(() => {})]);
        if (random() < 0.5) {
          await page.reload();
        } else {
          await page.close();
          page = await newPage();
        }
        await left;
      } else {
        const second = await newPage();
        for (const found of await Promise.all([page, second].map((tab) => tab.evaluate(visit, { model, cache })))) expectEnd(found);
        await second.close();
      }
    }
    host.share = 0;
    const healed = await page.evaluate(visit, { model, cache });
    assert.deepEqual(healed, { hash: sha256(host.file('pack.safetensors')), cached: true });
    host.log.push('what is kept');
    const before = host.log.length;
    assert.deepEqual(await page.evaluate(visit, { model, cache }), healed);
    assert.deepEqual(host.log.slice(before).filter((line) => !line.startsWith('HEAD')), []);
    await context.close();
  }

  test(`${SCHEDULES} random schedules of faults, reloads and second tabs`, async (t) => {
    for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
      await schedule(seed).catch((error) => {
        error.message = `schedule ${seed}: ${error.message}\n${host.log.join('\n')}`;
        throw error;
      });
    }
    const sum = [...host.counts.values()].reduce((a, b) => a + b, 0);
    t.diagnostic(`${sum} faults: ${FAULT_NAMES.map((name) => `${host.counts.get(name) ?? 0} x ${name}`).join(', ')}`);
  });
});
