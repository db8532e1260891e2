// Loading from a host on bad days, in Chromium: random schedules of faults, reloads and second tabs. Each load ends with the right
// model or one clear error, also of what is kept when nobody is there; when the host is well again the model loads.
//
// VQA_SCHEDULES=200 npm test -- test/faults.test.js   tries more of them, VQA_SEED=17 begins with another one

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { hurry } from './chromium.js';
import { FAULT_NAMES, FaultyHost, OF_RESTS, TOLD, randomNumbers } from './faulty-host.js';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RUNTIME, VOICE_PACK, missing, smallFolder } from './support.js';

const SCHEDULES = Number(process.env.VQA_SCHEDULES ?? 12);
const SEED = Number(process.env.VQA_SEED ?? 1);
const PART = 400_000;

const PACKED = '/faulty/pack.safetensors';
const IN_PARTS = '/faulty/pack.json';
const FOLDER = '/faulty/folder/';

/** What is loaded, in turn; promised: with the hash of its first version. @type {[model: string, promised?: boolean][]} */
const TURNS = [[PACKED], [IN_PARTS], [FOLDER], [PACKED, true], [IN_PARTS], [FOLDER], [PACKED], [IN_PARTS, true], [FOLDER]];

const skip = missing(RUNTIME, PACK, VOICE_PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH');
const sha256 = (bytes, encoding = 'hex') => createHash('sha256').update(bytes).digest(encoding);

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

/** A folder whose second version has other weights: each with its sign turned. @returns {Record<string, Buffer>[]} */
function folders() {
  const folder = smallFolder();
  const weights = Buffer.from(folder['model.safetensors']);
  for (let at = 8 + Number(weights.readBigUInt64LE(0)) + 3; at < weights.length; at += 4) weights[at] ^= 0x80;
  return [folder, { ...folder, 'model.safetensors': weights }];
}

/** The same files in both versions: those that one lacks are empty there. */
function versionsOf(...packs) {
  const versions = folders().map((folder, i) => ({ ...folder, ...filesOf(packs[i], `version ${i}`) }));
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

describe('a host on bad days', { skip, timeout: 60_000 + 20_000 * SCHEDULES }, () => {
  const packs = skip ? [] : [PACK, VOICE_PACK].map((file) => readFileSync(file));
  const host = skip ? undefined : new FaultyHost(versionsOf(...packs));
  /** Those of the models in both versions, by address; a folder's is that of the pack which it becomes. */
  const hashes = { [PACKED]: packs.map((pack) => sha256(pack)), [IN_PARTS]: packs.map((pack) => sha256(pack)), [FOLDER]: [] };
  const use = servedInBrowser({ instead: (request, response) => host.handles(request, response) });

  before(async () => {
    const context = await use.browser.newContext();
    for (host.version of [0, 1]) hashes[FOLDER].push((await (await newPage(context)).evaluate(visit, { model: FOLDER, cache: false })).hash);
    assert.equal(new Set(hashes[FOLDER]).size, 2);
    await context.close();
  });

  async function newPage(context) {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${use.url}icon.svg`);
    return page;
  }

  /** One of these models, or one sentence of a kind that says what to do. */
  function expectEnd(found, right) {
    if (found.hash) return assert.ok(right.includes(found.hash), `a model that nobody has made: ${found.hash}`);
    assert.equal(found.name, 'VqaError', JSON.stringify(found));
    assert.match(found.code, /^E_(NETWORK|MODEL|INTEGRITY)$/, found.message);
    assert.match(found.message, /^the |^part |^[a-z]/);
    assert.ok(found.message.length < 600 && !found.message.includes('\n'), found.message);
  }

  async function schedule(seed) {
    const random = randomNumbers(seed);
    host.reset(seed);
    const context = await use.browser.newContext();
    await context.addInitScript(hurry);
    const [model, promised] = TURNS[seed % TURNS.length];
    const cache = random() < 0.5 ? 'opfs' : 'cache';
    const visits = 1 + Math.floor(random() * 4);
    const file = model === FOLDER ? 'model.safetensors' : model.split('/').pop();
    const integrity = promised && `sha256-${sha256(host.file(file), 'base64')}`;
    const right = promised ? hashes[model].slice(0, 1) : hashes[model];
    const load = async (page) => {
      const found = await page.evaluate(visit, { model, cache, integrity });
      expectEnd(found, right);
      return found;
    };
    host.faults = model === FOLDER ? TOLD : FAULT_NAMES;
    host.log.push(`${model}, ${cache}, ${visits} visits${promised ? ', promised' : ''}`);
    let page = await newPage(context);
    host.share = 0.2 + 0.6 * random();
    for (let i = 0; i < visits; i++) {
      const kind = random();
      if (kind < 0.5) {
        await load(page);
      } else if (kind < 0.75) { // the person reloads the page, or leaves it
        const at = random() * host.file(file).length;
        const left = page.evaluate(visit, { model, cache, integrity }).then((found) => expectEnd(found, right), () => {});
        await Promise.race([left, page.waitForFunction((at) => window.loaded >= at, at).catch(() => {})]);
        if (random() < 0.5) {
          await page.reload();
        } else {
          await page.close();
          page = await newPage(context);
        }
        await left;
      } else {
        const second = await newPage(context);
        await Promise.all([page, second].map(load));
        await second.close();
      }
      host.isGone = true;
      host.log.push(`nobody is there: ${JSON.stringify(await load(page))}`);
      host.isGone = false;
    }
    host.share = 0;
    if (promised) host.version = 0;
    const healed = await load(page);
    assert.deepEqual(healed, { hash: hashes[model][host.version], cached: true });
    host.log.push('what is kept');
    const before = host.log.length;
    assert.deepEqual(await load(page), healed);
    assert.deepEqual(host.log.slice(before).filter((line) => !line.startsWith('HEAD')), []);
    host.isGone = true;
    assert.deepEqual(await load(page), healed);
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
    t.diagnostic(`${sum} faults: ${FAULT_NAMES.map((name) => `${host.count(name)} x ${name}`).join(', ')}`);
  });

  for (const fault of [...OF_RESTS, 'changes its file']) {
    test(`a host that breaks off, and then ${fault}`, async () => {
      const context = await use.browser.newContext();
      await context.addInitScript(hurry);
      const page = await newPage(context);
      for (const [i, model] of [PACKED, IN_PARTS, FOLDER, FOLDER, FOLDER, FOLDER].entries()) {
        host.reset(SEED + i);
        host.faults = ['breaks off', fault];
        host.share = 1;
        const found = await page.evaluate(visit, { model, cache: false });
        if (!['ignores ranges', 'sends less of a range'].includes(fault)) expectEnd(found, hashes[model]); // it can't be used
        else assert.deepEqual(found, { hash: hashes[model][0], cached: false }, `${model}\n${host.log.join('\n')}`);
      }
      await context.close();
    });
  }

  test('a host that answers 416 in between: what the browser itself keeps of the file is not believed', async () => {
    for (const model of [PACKED, IN_PARTS, FOLDER]) {
      const context = await use.browser.newContext();
      const page = await newPage(context);
      const right = { hash: hashes[model][0], cached: false };
      host.reset(SEED);
      assert.deepEqual(await page.evaluate(visit, { model, cache: false }), right);
      [host.faults, host.share] = [['416'], 1];
      expectEnd(await page.evaluate(visit, { model, cache: false }), []);
      host.share = 0;
      assert.deepEqual(await page.evaluate(visit, { model, cache: false }), right, `${model}\n${host.log.join('\n')}`);
      await context.close();
    }
  });

  test('everything has gone wrong', { skip: SCHEDULES < 12 && 'too few schedules' }, () => {
    assert.deepEqual(FAULT_NAMES.filter((name) => !host.count(name)), []);
  });
});
