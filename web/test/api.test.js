// The public API on the main thread, with the real runtime and pack: right answers, and every kind of bad
// input as one sentence, after which the next good call works.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { createVqa } from '../src/index.js';
import { BLUE_CIRCLE, COMMAND_LINE, PACK, PHOTO_PACK, RED_CIRCLE, RUNTIME, bmp, gif, missing, png, pngFile } from './support.js';

const COLOR = 'what color is the circle?';
const create = (options) => createVqa({ model: PACK, wasm: RUNTIME, ...options });

describe('with the runtime and the pack', { skip: missing(RUNTIME, PACK, PHOTO_PACK) }, () => {
  let vqa;
  before(async () => (vqa = await create()));
  after(() => vqa.close());

  const works = async () => assert.equal((await vqa.ask(RED_CIRCLE, COLOR)).answer, 'red');
  const refuses = async (call, code, message = /./) => {
    await assert.rejects(call, (error) => {
      assert.equal(error.name, 'VqaError', error.stack);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    await works();
  };

  test('answers, best first', async () => {
    const { answers } = await vqa.ask(RED_CIRCLE, COLOR);
    assert.equal(answers.length, 5);
    assert.equal(answers[0].answer, 'red');
    for (let i = 1; i < 5; i++) assert.ok(answers[i].score <= answers[i - 1].score && answers[i].score >= 0);
    assert.equal((await vqa.ask(BLUE_CIRCLE, COLOR)).answer, 'blue');
    assert.equal((await vqa.ask(RED_CIRCLE, 'what shape is it?', { topK: 1 })).answer, 'circle');
  });

  test('a model that is larger than the memory there is: how much it needs, how much there is; a smaller one loads', async (t) => {
    const { Memory } = WebAssembly;
    t.after(() => (WebAssembly.Memory = Memory));
    WebAssembly.Memory = class {
      constructor(options) { // as if a browser gave 4 MiB
        return new Memory({ ...options, maximum: 64 });
      }
    };
    await refuses(create({ model: PHOTO_PACK }), 'E_MEMORY', /^not enough memory for the weights \(6\d{6} bytes\): the runtime has \d+ bytes and may have up to \d+$/);
    const small = await create();
    assert.equal((await small.ask(RED_CIRCLE, COLOR)).answer, 'red');
    small.close();
  });

  test('what is too long is refused before it takes memory', async () => {
    const vqa = await create();
    await vqa.ask(RED_CIRCLE, COLOR);
    const { peakBytes } = vqa.info;
    await refuses(vqa.ask(RED_CIRCLE, 'x'.repeat(10_001)), 'E_QUESTION', /^the question has 10001 characters, at most 10000 bytes are taken$/);
    await refuses(vqa.ask(RED_CIRCLE, 'x'.repeat(5e7)), 'E_QUESTION', /^the question has 50000000 characters/);
    await refuses(vqa.ask(RED_CIRCLE, 'é'.repeat(5001)), 'E_QUESTION', /^the question has 10002 bytes, at most 10000 are taken$/);
    await refuses(vqa.ask(RED_CIRCLE, COLOR, { choices: Array(10_001).fill('red') }), 'E_CALL', /^there are 10001 choices, at most 10000 are taken$/);
    await refuses(vqa.ask(RED_CIRCLE, COLOR, { choices: ['red', 'x'.repeat(1e7)] }), 'E_CALL', /^choice 2 has 10000000 characters/);
    await vqa.ask(RED_CIRCLE, COLOR);
    assert.equal(vqa.info.peakBytes, peakBytes);
    vqa.close();
  });

  test('a header that promises more than there is takes no memory for it', async (t) => {
    const { Memory } = WebAssembly;
    let memory;
    t.after(() => (WebAssembly.Memory = Memory));
    WebAssembly.Memory = class {
      constructor(options) {
        return (memory = new Memory(options));
      }
    };
    const pack = readFileSync(PACK);
    const size = Number(pack.readBigUInt64LE());
    const header = JSON.parse(pack.toString('utf8', 8, 8 + size));
    const promised = 200_000_000;
    const last = Object.values(header).find(({ dtype, shape }) => dtype && shape.length === 1 && shape[0] > 8 && dtype === 'F32');
    const more = promised - (last.data_offsets[1] - last.data_offsets[0]);
    const [, end] = last.data_offsets;
    for (const { data_offsets: at } of Object.values(header).filter(({ data_offsets }) => data_offsets)) {
      if (at[0] >= end) at[0] += more;
      if (at[1] >= end) at[1] += more;
    }
    last.shape = [promised / 4 / 1000, 1000];
    const text = Buffer.from(JSON.stringify(header));
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(text.length));
    await refuses(create({ model: Buffer.concat([prefix, text]) }), 'E_MODEL', /^the pack's header promises 20\d{7} bytes of tensors, of at most \d+$/);
    assert.ok(memory.buffer.byteLength < 8e6, `${memory.buffer.byteLength} bytes`);
  });

  test('one picture, many questions: the same as one by one', async () => {
    const picture = await vqa.encode(RED_CIRCLE);
    for (const question of [COLOR, 'is there a star?', 'how many circles are there?']) {
      assert.deepEqual((await picture.ask(question)).answers, (await vqa.ask(RED_CIRCLE, question)).answers);
    }
    picture.close();
  });

  test('raw outputs: one for each answer, of which the scores are the softmax', async () => {
    const picture = await vqa.encode(RED_CIRCLE);
    const logits = await picture.logits(COLOR);
    assert.ok(logits instanceof Float32Array);
    assert.equal(logits.length, vqa.info.answers);
    const kept = logits.slice();
    const best = await picture.ask(COLOR);
    const sum = logits.reduce((all, logit) => all + Math.exp(logit - Math.max(...logits)), 0);
    assert.ok(Math.abs(best.score * sum - 1) < 1e-5, `${best.score}, ${1 / sum}`);
    assert.notDeepEqual(await picture.logits('is there a star?'), logits);
    assert.deepEqual(logits, kept);
    assert.deepEqual(await picture.logits(COLOR, { choices: ['red', 'blue'] }), logits);
    await refuses(picture.logits(''), 'E_QUESTION', /the question is empty/);
    await refuses(picture.logits(COLOR, { choices: [] }), 'E_CALL', /empty array/);
    picture.close();
    await refuses(picture.logits(COLOR), 'E_CLOSED', /picture is closed/);
  });

  test('every form of a picture gives the same scores', async () => {
    const { answers: expected } = await vqa.ask(RED_CIRCLE, COLOR);
    const data = new Uint8ClampedArray(96 * 96 * 4).fill(255);
    for (let i = 0; i < 96 * 96; i++) if (Math.hypot((i % 96) - 48, Math.floor(i / 96) - 48) < 26) data.fill(0, i * 4 + 1, i * 4 + 3);
    const padded = Buffer.concat([Buffer.alloc(7), RED_CIRCLE, Buffer.alloc(7)]);
    const pictures = {
      blob: new Blob([RED_CIRCLE]), buffer: RED_CIRCLE.slice().buffer, view: padded.subarray(7, -7), pixels: { data, width: 96, height: 96 },
      url: `data:image/png;base64,${Buffer.from(RED_CIRCLE).toString('base64')}`,
    };
    for (const [name, picture] of Object.entries(pictures)) assert.deepEqual((await vqa.ask(picture, COLOR)).answers, expected, name);
  });

  test('where an answer comes from: a map over the picture, and the same answer', async () => {
    const { heatmap, answers } = await vqa.ask(RED_CIRCLE, COLOR, { explain: true });
    assert.deepEqual([heatmap.width, heatmap.height, heatmap.data.length], [6, 6, 36]);
    assert.deepEqual(heatmap.box, { x: 0, y: 0, width: 1, height: 1 });
    assert.equal(Math.max(...heatmap.data), 1);
    assert.ok(Math.min(...heatmap.data) >= 0);
    const plain = await vqa.ask(RED_CIRCLE, COLOR);
    assert.deepEqual(plain.answers, answers);
    assert.equal(plain.heatmap, undefined);
    const picture = await vqa.encode(RED_CIRCLE, { explain: true });
    assert.deepEqual((await picture.ask(COLOR, { explain: true })).heatmap, heatmap);
  });

  test('the same answers and scores as the command line, to the bit', { skip: missing(COMMAND_LINE) }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vqa-'));
    for (const [name, bytes] of Object.entries({ red: RED_CIRCLE, blue: BLUE_CIRCLE })) {
      const file = join(folder, `${name}.png`);
      writeFileSync(file, bytes);
      for (const question of [COLOR, 'how many circles are there?', 'where is the circle? \u{1F534}']) {
        const { answers } = JSON.parse(execFileSync(COMMAND_LINE, ['ask', PACK, file, question, '-k', '5', '--json'], { encoding: 'utf8' }));
        const expected = answers.map(({ answer, score }) => ({ answer, score: Math.fround(score) }));
        assert.deepEqual((await vqa.ask(file, question)).answers, expected);
      }
    }
    rmSync(folder, { recursive: true });
  });

  test('info says what was loaded', () => {
    assert.equal(typeof vqa.info.name, 'string');
    assert.ok(vqa.info.parameters > 1000);
  });

  test('bad pictures', async () => {
    await refuses(vqa.ask(new Blob(['not a picture']), COLOR), 'E_PICTURE');
    await refuses(vqa.ask(new Uint8Array(0), COLOR), 'E_PICTURE');
    await refuses(vqa.ask(RED_CIRCLE.subarray(0, 60), COLOR), 'E_PICTURE');
    await refuses(vqa.ask(pngFile(12000, 12000, deflateSync(Buffer.alloc(9))), COLOR), 'E_PICTURE', /12000/);
    await refuses(vqa.ask({ data: new Uint8Array(3), width: 1, height: 1 }, COLOR), 'E_PICTURE', /3 bytes.*4/);
    await refuses(vqa.ask({ data: new Uint8Array(0), width: 0, height: 0 }, COLOR), 'E_PICTURE');
    await refuses(vqa.ask(new TextEncoder().encode('RIFF\0\0\0\0WEBPVP8 '), COLOR), 'E_PICTURE', /the WebP picture .* use JPEG or PNG$/);
    await refuses(vqa.ask(gif(1, 1, [[0, 0, 0], [0, 0, 0]], () => 0), COLOR), 'E_PICTURE', /the GIF picture .* use JPEG or PNG$/);
    await refuses(vqa.ask(bmp(1, 1, () => [0, 0, 0]), COLOR), 'E_PICTURE', /the BMP picture .* use JPEG or PNG$/);
    await refuses(vqa.ask(new TextEncoder().encode('BM'), COLOR), 'E_PICTURE', /^BMP pictures are not supported; use JPEG or PNG$/);
    await refuses(vqa.ask(new TextEncoder().encode('BM begins this sentence'), COLOR), 'E_PICTURE', /^not a JPEG or PNG picture/);
    await refuses(vqa.ask('/nowhere/picture.png', COLOR), 'E_NETWORK', /\/nowhere\/picture\.png/);
    await refuses(vqa.ask(null, COLOR), 'E_CALL', /picture must be/);
    await refuses(vqa.ask({}, COLOR), 'E_CALL', /picture must be/);
  });

  test('the smallest picture is a picture', async () => {
    assert.equal((await vqa.ask(png(1, 1, () => [255, 0, 0]), COLOR)).answers.length, 5);
  });

  test('bad questions', async () => {
    await refuses(vqa.ask(RED_CIRCLE, ''), 'E_QUESTION');
    await refuses(vqa.ask(RED_CIRCLE, 'x'.repeat(100_000)), 'E_QUESTION', /100000/);
    await refuses(vqa.ask(RED_CIRCLE, undefined), 'E_QUESTION', /undefined/);
    for (const topK of [0, -1, 101, 1.5, 2 ** 32 + 1]) await refuses(vqa.ask(RED_CIRCLE, COLOR, { topK }), 'E_CALL');
  });

  test('strange questions are questions', async () => {
    const { answers: lone } = await vqa.ask(RED_CIRCLE, 'what \ud800 color?');
    assert.deepEqual(lone, (await vqa.ask(RED_CIRCLE, 'what \ufffd color?')).answers);
    assert.equal((await vqa.ask(RED_CIRCLE, 'what color? \u{1F534}')).answers.length, 5);
    await refuses(vqa.ask(RED_CIRCLE, '\u{1F534}\u{1F535}'), 'E_QUESTION', /knows none of the question's words/);
    assert.equal((await vqa.ask(RED_CIRCLE, 'what\0 color')).answers.length, 5);
  });

  test('closed handles say so', async () => {
    const picture = await vqa.encode(RED_CIRCLE);
    picture.close();
    picture.close();
    await refuses(picture.ask(COLOR), 'E_CLOSED', /picture is closed/);
    const other = await create();
    const orphan = await other.encode(RED_CIRCLE);
    const waiting = other.ask(RED_CIRCLE, COLOR);
    other.close();
    await refuses(waiting, 'E_CLOSED');
    await refuses(orphan.ask(COLOR), 'E_CLOSED', /vqa is closed/);
    await refuses(other.encode(RED_CIRCLE), 'E_CLOSED', /vqa is closed/);
    orphan.close();
    other.close();
  });

  test('an aborted call rejects with the reason; the others and the next are answered', async () => {
    const controller = new AbortController();
    const first = vqa.ask(RED_CIRCLE, COLOR);
    const aborted = vqa.ask(BLUE_CIRCLE, COLOR, { signal: controller.signal });
    const last = vqa.ask(BLUE_CIRCLE, COLOR);
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    assert.equal((await first).answer, 'red');
    assert.equal((await last).answer, 'blue');
    await assert.rejects(vqa.encode(RED_CIRCLE, { signal: AbortSignal.abort('enough') }), (reason) => reason === 'enough');
    await works();
  });

  test('a pack cut short or damaged', async () => {
    const pack = readFileSync(PACK);
    for (const length of [0, 1, 7, 8, 9, 1000, pack.length >> 1, pack.length - 1]) {
      await refuses(create({ model: pack.subarray(0, length) }), 'E_MODEL');
    }
    for (const at of [0, 3, 8, 60, 5000, pack.length >> 1, pack.length - 1]) {
      const damaged = Uint8Array.from(pack);
      damaged[at] ^= 0x40;
      await refuses(create({ model: damaged }), 'E_MODEL');
    }
    await refuses(create({ model: new Blob(['<!doctype html><title>missing</title>']) }), 'E_MODEL');
  });
});
