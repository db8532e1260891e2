// Compares this engine with onnxruntime-web: the same models, pictures and questions, in a headless Chromium, by turns.
// Prints what it took and what of the bar is met; build/bench.json has it all. `make bench` runs it.

import { statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CHROME, COMMAND_LINE, PACK, RUNTIME, missing, missingBundle } from '../test/support.js';
import { bar, met } from './bar.js';
import { Bench, servedBytes } from './browser.js';
import { CLASSES, MODELS, modelFile, prepare, readTask } from './models.js';
import { USAGE, readOptions } from './options.js';
import { median } from './page/statistics.js';
import { cell, table } from './table.js';

const REPORT = fileURLToPath(new URL('../../build/bench.json', import.meta.url));

/** Cores that may be busy with other programs before a round counts as disturbed. */
const QUIET = 0.15;

/** Most that scores of the same graph in float32 may differ by. */
const SAME_SCORES = 1e-3;

/** @param {string} sentence @returns {never} */
function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  stop(`${error.message}\n${USAGE}`);
}
const unable = missing(COMMAND_LINE, RUNTIME, PACK) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH');
if (unable) stop(unable);

const { parts, threads, rounds, retries } = options;
for (const { model, kind } of parts) prepare(model, CLASSES[kind]);
const bench = await Bench.open();

/** A run; of several that others disturb, the quietest. */
async function quietest(engine, asked) {
  let best = await bench.run(engine, asked);
  for (let i = 0; i < retries && best.other_cores > QUIET; i++) {
    const again = await bench.run(engine, asked);
    if (again.other_cores < best.other_cores) best = again;
  }
  return best;
}

/** One turn of one engine: the measurement itself, and loading from memory. */
async function turn(model, { engine, precision }, threads) {
  const { runs, warmup } = MODELS[model];
  const asked = { model, precision, threads };
  const measured = await quietest(engine, { ...asked, runs: options.runs ?? runs, warmup });
  const { load_ms: ready_ms } = await quietest(engine, { ...asked, inMemory: true, runs: 0, warmup: 0 });
  return { ...measured, ready_ms };
}

/** The peak of our memory: where there is a worker the page knows it only as it is after loading. */
async function memoryAfterAnswers(model, precision) {
  const { wasm_bytes } = await bench.run('wasm-vqa', { model, precision, runs: 1, warmup: 0, worker: false });
  return wasm_bytes;
}

/** The largest difference from the answers that the command line gives with float32. */
function scoreDifference(model, answers) {
  const scores = new Map(answers.map(({ answer, score }) => [answer, score]));
  return Math.max(...readTask(model).answers.map(({ answer, score }) => Math.abs(score - (scores.get(answer) ?? 0))));
}

/** All turns of one side as one result. @returns {import('./bar.js').Result} */
function resultOf(model, side, threads, turns) {
  const middle = (name) => median(turns.map((turn) => turn[name]));
  const all_ms = turns.map((turn) => turn.all_ms);
  const { raw, gzip } = servedBytes(turns[0].runtime);
  return {
    model, precision: side.precision, threads, engine: side.engine,
    load_ms: middle('load_ms'), ready_ms: middle('ready_ms'), first_ms: middle('first_ms'), median_ms: middle('median_ms'),
    min_ms: Math.min(...all_ms.flat()), second_ms: turns[0].second_ms && middle('second_ms'), all_ms,
    wasm_bytes: Math.max(...turns.map((turn) => turn.wasm_bytes)), model_bytes: statSync(modelFile(model, side)).size,
    runtime_bytes: raw, runtime_gzip_bytes: gzip, score_difference: scoreDifference(model, turns[0].answers),
    other_cores: Math.max(...turns.map((turn) => turn.other_cores)), browser: `Chromium ${bench.version}`, cpu: cpus()[0].model,
  };
}

/** @type {import('./bar.js').Result[]} */
const results = [];
for (const { model, kind } of parts) {
  for (const count of threads) {
    const turns = CLASSES[kind].map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, side] of CLASSES[kind].entries()) {
        const name = `${model}, ${side.engine} ${side.precision}, ${count} thread${count > 1 ? 's' : ''}`;
        try {
          const measured = await turn(model, side, count);
          turns[i].push(measured);
          console.error(`${name}: ${cell(measured.median_ms, 1)} ms`);
        } catch (error) {
          console.error(`${name}: ${error.message.split('\n')[0]}`);
        }
      }
    }
    for (const [i, side] of CLASSES[kind].entries()) {
      if (!turns[i].length) continue;
      const result = resultOf(model, side, count, turns[i]);
      if (side.engine === 'wasm-vqa' && count === 1) result.wasm_bytes = Math.max(result.wasm_bytes, await memoryAfterAnswers(model, side.precision));
      if (kind === 'f32' && result.score_difference > SAME_SCORES) {
        stop(`${model}: ${side.engine}'s float32 scores differ by ${result.score_difference}: the graph is another one`);
      }
      results.push(result);
    }
  }
}
bench.close();

writeFileSync(REPORT, JSON.stringify(results, null, 1));
console.log(`Chromium ${bench.version}, ${cpus()[0].model}; ms are medians of ${rounds} rounds\n`);
console.log(table(
  ['model', 'engine', 'precision', 'threads', 'load', 'ready', 'first', 'median', 'min', 'second', 'wasm MB', 'model MB', 'runtime kB', 'gzip kB', 'scores', 'others'],
  results.map((r) => [
    r.model, r.engine, r.precision, String(r.threads), cell(r.load_ms), cell(r.ready_ms), cell(r.first_ms, 1), cell(r.median_ms, 1), cell(r.min_ms, 1),
    cell(r.second_ms, 1), cell(r.wasm_bytes / 1e6, 1), cell(r.model_bytes / 1e6, 1), cell(r.runtime_bytes / 1e3), cell(r.runtime_gzip_bytes / 1e3),
    cell(r.score_difference, 5), cell(r.other_cores, 2),
  ]),
));
const rows = bar(results), measured = rows.filter((row) => met(row) !== undefined);
console.log(table(['bar', 'target', 'measured', ''], measured.map((row) => [
  row.row, `${row.most ? 'at most' : 'at least'} ${row.target}`, cell(row.measured, 2), met(row) ? 'met' : 'not met',
])));
if (measured.length < rows.length) console.log(`${rows.length - measured.length} more rows were not measured.`);
