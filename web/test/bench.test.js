// The benchmark: what it computes from its figures, the weights it makes for onnxruntime, and that both engines answer the same.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bar, met } from '../bench/bar.js';
import { Bench, servedBytes } from '../bench/browser.js';
import { CLASSES, MODELS, prepare, readTask } from '../bench/models.js';
import { readOptions } from '../bench/options.js';
import { median } from '../bench/page/statistics.js';
import { Pack } from '../bench/packs.js';
import { quantizeBlocks, quantizeColumns, quantizeTensor } from '../bench/precisions.js';
import { SAME_SCORES, scoreDifference, tokenDifference } from '../bench/scores.js';
import { spectrogram } from '../bench/spectrogram.js';
import { cell, table } from '../bench/table.js';
import { CHROME, COMMAND_LINE, PACK, RUNTIME, missing, missingBundle } from './support.js';

test('medians', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('options', () => {
  const { parts, threads, rounds, runs, retries } = readOptions(['--only', 'vilt-b32:q8,shapes', '--threads', '2', '--runs', '20']);
  assert.deepEqual(parts, [
    { model: 'vilt-b32', kind: 'q8' },
    { model: 'shapes', kind: 'f32' }, { model: 'shapes', kind: 'q8' }, { model: 'shapes', kind: 'q4' },
  ]);
  assert.deepEqual([threads, rounds, runs, retries], [[2], 3, 20, 0]);
  assert.equal(readOptions([]).parts.length, 12);
  for (const [args, sentence] of /** @type {[string[], RegExp][]} */ ([
    [['--only', 'clip'], /^--only names 'clip', expected one of vilt-b32, seed-bert-vit, shapes, whisper-tiny$/],
    [['--only', 'shapes:int8'], /^--only names 'shapes:int8', expected one of f32, q8, q4 behind the colon$/],
    [['--threads', '1,0'], /^--threads is '0', expected a whole number from 1 to 64$/],
    [['--rounds', 'x'], /^--rounds is 'x', expected a whole number from 1 to 1000$/],
  ])) assert.throws(() => readOptions(args), { message: sentence });
});

test('tables', () => {
  assert.equal(table(['name', 'ms'], [['a', '1.5'], ['bcdef', '-']]), '| name  |  ms |\n|-------|----:|\n| a     | 1.5 |\n| bcdef |   - |\n');
  assert.deepEqual([cell(2.25, 1), cell(undefined), cell(NaN, 2)], ['2.3', '-', '-']);
});

test('the bar: the fastest counts, on as many threads', () => {
  const result = (engine, precision, threads, median_ms, more) => ({ model: 'vilt-b32', engine, precision, threads, median_ms, ...more });
  const rows = bar(/** @type {any} */ ([
    result('wasm-vqa', 'q8', 1, 200, { wasm_bytes: 130, model_bytes: 100, runtime_gzip_bytes: 90_000, ready_ms: 100, load_ms: 200, first_ms: 300 }),
    result('wasm-vqa', 'q8', 2, 100, { runtime_gzip_bytes: 101_000 }),
    result('onnxruntime-web', 'int8', 1, 500, { ready_ms: 900, load_ms: 1000, first_ms: 900 }),
    result('wasm-vqa', 'q4', 1, 250, { runtime_gzip_bytes: 90_000 }),
    result('onnxruntime-web', 'q4', 1, 750),
    result('wasm-vqa', 'f32', 2, 300, { runtime_gzip_bytes: 90_000 }), // nothing to compare with
    result('onnxruntime-web', 'int8-per-channel', 1, 400, { ready_ms: 500, load_ms: 1100, first_ms: 650 }),
    { ...result('wasm-vqa', 'q8', 2, 300, { hear_ms: 50, runtime_gzip_bytes: 200_000 }), model: 'whisper-tiny' }, // a full build
    { ...result('onnxruntime-web', 'int8', 2, 750), model: 'whisper-tiny' },
  ]));
  const measured = Object.fromEntries(rows.filter((row) => met(row) !== undefined).map((row) => [row.row, [row.measured, met(row)]]));
  assert.deepEqual(measured, {
    'vilt-b32, 1T: q8 against the faster int8, times faster': [2, true],
    'vilt-b32, 1T: q4 against q4, times faster': [3, false],
    'vilt-b32, 1T: fastest quantized against fastest quantized, times faster': [2, true],
    'whisper-tiny, 2T: encoder and 20 tokens, q8 against the faster int8, times faster': [2.5, true],
    'whisper-tiny q8, 2T: log-mel of 30 s, ms': [50, true],
    'vilt-b32 q8, 1T: bytes in memory to ready, times faster': [5, true],
    'vilt-b32 q8, 1T: nothing to the first answer, times faster': [3.5, true],
    'runtime, 1T: kB with gzip': [90, true],
    'runtime, 2T: kB with gzip': [101, false],
    'vilt-b32 q8, 1T: WebAssembly memory, times the pack': [1.3, false],
    'vilt-b32 q8: 2 threads against 1, times faster': [2, true],
  });
});

test("onnxruntime's 8 and 4 bits are within half a step of the weights", () => {
  const weights = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 7) * (i % 2 ? 0.1 : 1));
  const tensor = quantizeTensor(weights), columns = quantizeColumns(weights, 2), blocks = quantizeBlocks(weights);
  weights.forEach((w, i) => {
    const near = (value, scale) => assert.ok(Math.abs(value - w) <= Math.abs(scale) * 0.501, `weight ${i} is ${w} and became ${value}`);
    near((tensor.q[i] - tensor.zero[0]) * tensor.scale[0], tensor.scale[0]);
    near(columns.q[i] * columns.scale[i % 2], columns.scale[i % 2]);
    const scale = blocks.scale[i >> 5], level = (blocks.q[i >> 1] >> (i % 2 * 4)) & 15;
    if (level < 15) near((level - 8) * scale, scale); // the largest step of the other sign is cut off
  });
});

test('differences of scores', () => {
  const expected = [{ answer: 'a', score: 0.5 }, { answer: 'b', score: 0.25 }, { answer: 'c', score: 0 }];
  assert.equal(scoreDifference(expected, [{ answer: 'b', score: 0.5 }, { answer: 'a', score: 0.5 }]), 0.5);
  assert.equal(tokenDifference([1, 2, 3, 4], [1, 2, 4]), 0.5);
});

const fixture = (name) => fileURLToPath(new URL(`../../tests/fixtures/${name}`, import.meta.url));

test("onnxruntime's spectrogram is the reference's", () => {
  const { buffer } = new Uint8Array(readFileSync(fixture('whisper_logmel/audio_16k_mono.wav')));
  const frames = spectrogram(Float32Array.from(new Int16Array(buffer, 44), (sample) => sample / 32768));
  const expected = new Pack(fixture('whisper_logmel/expected.safetensors')).floats('logmel_chunk2s');
  assert.equal(frames.length, expected.length);
  expected.forEach((x, i) => assert.ok(Math.abs(frames[i] - x) < 1e-4, `value ${i} is ${frames[i]}, expected ${x}`));
});

/** A folder of the small Whisper of the fixtures that writes ten tokens of every sound. */
function writingFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'vqa-'));
  for (const name of ['model.safetensors', 'preprocessor_config.json']) cpSync(fixture(`whisper/${name}`), join(folder, name));
  for (const name of ['vocab.json', 'merges.txt']) cpSync(fixture(`realistic/whisper_tiny/${name}`), join(folder, name));
  const config = JSON.parse(readFileSync(fixture('whisper/config.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, max_length: 11, suppress_tokens: [config.eos_token_id] }));
  return folder;
}

const ORT = new URL('../node_modules/onnxruntime-web/dist/ort.wasm.min.mjs', import.meta.url);
const skip = missing(COMMAND_LINE, RUNTIME, PACK) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH') ||
  (!existsSync(ORT) && 'onnxruntime-web is missing: npm ci');

describe('window.bench', { skip, timeout: 300_000 }, () => {
  test('both engines answer the same in float32', async () => {
    prepare('shapes', CLASSES.f32);
    const bench = await Bench.open();
    try {
      for (const { engine, precision } of CLASSES.f32) {
        const { runtime, answers, all_ms, wasm_bytes } = await bench.run(engine, { model: 'shapes', precision, runs: 3 });
        assert.ok(scoreDifference(readTask('shapes').answers, answers) <= SAME_SCORES, engine);
        assert.equal(all_ms.length, 3);
        assert.ok(wasm_bytes > 5e6 && servedBytes(runtime).gzip > 50e3, engine);
      }
    } finally {
      bench.close();
    }
  });

  test('both engines write the same tokens in float32', async () => {
    const folder = writingFolder(), model = 'whisper-small';
    MODELS[model] = { folder: () => folder, seconds: 2, runs: 2, warmup: 0 };
    prepare(model, CLASSES.f32);
    rmSync(folder, { recursive: true });
    const bench = await Bench.open();
    try {
      for (const { engine, precision } of CLASSES.f32) {
        const { tokens, hear_ms, all_ms } = await bench.run(engine, { model, precision, runs: 2, warmup: 0 });
        assert.deepEqual(tokens, readTask(model).tokens, engine);
        assert.deepEqual([tokens.length, all_ms.length, hear_ms > 0], [10, 2, engine === 'wasm-vqa']);
      }
    } finally {
      bench.close();
    }
  });
});
