// Compares this engine with onnxruntime-web: the same models, pictures and questions, in a headless Chromium, by turns.
// Prints what it took and what of the bar is met; build/bench.json has it all. `make bench` runs it.

import { statSync } from 'node:fs';
import { cpus } from 'node:os';
import { CHROME, COMMAND_LINE, PACK, RUNTIME, missing, missingBundle } from '../test/support.js';
import { bar, met } from './bar.js';
import { Bench, servedBytes } from './browser.js';
import { CLASSES, MODELS, modelFiles, prepare, readTask } from './models.js';
import { USAGE, readOptions } from './options.js';
import { median } from './page/statistics.js';
import { writeReport } from './report.js';
import { SAME_SCORES, difference } from './scores.js';
import { cell, table } from './table.js';

/** Cores that may be busy with other programs before a measurement counts as disturbed. */
const QUIET = 0.15;

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
if (options.help) {
  console.log(USAGE);
  process.exit();
}
const unable = missing(COMMAND_LINE, RUNTIME, PACK) || missingBundle() || (!CHROME && 'no Chromium found: set CHROME_PATH');
if (unable) stop(unable);

for (const { model, kind } of options.parts) prepare(model, CLASSES[kind]);
const bench = await Bench.open();

/** One measurement; of several, if others disturb it, the quietest. */
async function quietest(engine, asked) {
  let best = await bench.run(engine, asked);
  for (let i = 0; i < options.retries && best.other_cores > QUIET; i++) {
    const again = await bench.run(engine, asked);
    if (again.other_cores < best.other_cores) best = again;
  }
  return best;
}

/** One turn of one side: loading and answering, then loading from memory. */
async function turn(model, { engine, precision }, threads) {
  const { runs, warmup } = MODELS[model];
  const asked = { model, precision, threads };
  const measured = await quietest(engine, { ...asked, runs: options.runs ?? runs, warmup });
  const { load_ms: ready_ms } = await quietest(engine, { ...asked, inMemory: true, runs: 0, warmup: 0 });
  return { ...measured, ready_ms };
}

/** Why measurements failed. @type {string[]} */
const failures = [];

/** The turns of each side, A B A B; one that fails is left out. */
async function turnsOf(model, sides, threads) {
  const turns = sides.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, side] of sides.entries()) {
      const name = `${model}, ${side.engine} ${side.precision}, ${threads} thread${threads > 1 ? 's' : ''}`;
      try {
        turns[i].push(await turn(model, side, threads));
        console.error(`${name}: ${cell(turns[i].at(-1).median_ms, 1)} ms`);
      } catch (error) {
        failures.push(`${name}: ${error.message.split('\n')[0].replace(/^page\.evaluate: (\w*Error: )?/, '')}`);
        console.error(failures.at(-1));
      }
    }
  }
  return turns;
}

/** All turns of one side as one result, without the ratio. @returns {import('./bar.js').Result} */
function resultOf(model, { engine, precision }, threads, turns) {
  const middle = (name) => median(turns.map((turn) => turn[name]));
  const most = (name) => Math.max(...turns.map((turn) => turn[name]));
  const all_ms = turns.map((turn) => turn.all_ms);
  const [{ build, second_ms, hear_ms, runtime }] = turns;
  const files = modelFiles(model, { engine, precision });
  const { raw, gzip } = servedBytes(runtime);
  return {
    model, precision, threads, engine, build,
    load_ms: middle('load_ms'), ready_ms: middle('ready_ms'), first_ms: middle('first_ms'), median_ms: middle('median_ms'),
    min_ms: Math.min(...all_ms.flat()), second_ms: second_ms && middle('second_ms'), hear_ms: hear_ms && middle('hear_ms'), all_ms,
    wasm_bytes: most('wasm_bytes'), model_bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    runtime_bytes: raw, runtime_gzip_bytes: gzip,
    score_difference: difference(readTask(model), turns[0]),
    other_cores: most('other_cores'), browser: `Chromium ${bench.version}`, cpu: cpus()[0].model,
  };
}

/** The peak of our memory: where there is a worker, the page knows it only as it is after loading. */
async function memoryAfterAnswers({ model, precision }) {
  const { wasm_bytes } = await bench.run('wasm-vqa', { model, precision, runs: 1, warmup: 0, worker: false });
  return wasm_bytes;
}

/** @type {import('./bar.js').Result[]} */
const results = [];
for (const { model, kind } of options.parts) {
  for (const threads of options.threads) {
    const sides = CLASSES[kind];
    const turns = await turnsOf(model, sides, threads);
    for (const [i, side] of sides.entries()) {
      if (!turns[i].length) continue;
      const result = resultOf(model, side, threads, turns[i]);
      if (side.engine === 'wasm-vqa' && threads === 1) {
        const bytes = await memoryAfterAnswers(result).catch((error) => void failures.push(`${model}, memory: ${error.message}`));
        result.wasm_bytes = Math.max(result.wasm_bytes, bytes ?? NaN);
      }
      if (kind === 'f32' && !(result.score_difference <= SAME_SCORES)) {
        failures.push(`${model}: the float32 scores of ${side.engine} differ by ${result.score_difference}, at most ${SAME_SCORES} is allowed: its graph is another one`);
      }
      const ours = results.find((r) => r.model === model && r.threads === threads && r.engine === 'wasm-vqa' && r.precision === sides[0].precision);
      results.push({ ...result, ratio: ours && result.median_ms / ours.median_ms });
    }
  }
}
bench.close();
writeReport(results, (row) => 'kernel' in row);

console.log(`Chromium ${bench.version}, ${cpus()[0].model}; milliseconds, medians of ${options.rounds} rounds\n`);
console.log(table(
  ['model', 'engine', 'precision', 'threads', 'load', 'ready', 'first', 'median', 'min', 'ratio', 'second', 'log-mel', 'wasm MB', 'model MB', 'runtime kB', 'gzip kB', 'scores', 'others'],
  results.map((r) => [
    r.model, r.engine, r.precision, String(r.threads), cell(r.load_ms), cell(r.ready_ms), cell(r.first_ms, 1), cell(r.median_ms, 1), cell(r.min_ms, 1),
    cell(r.ratio, 2), cell(r.second_ms, 1), cell(r.hear_ms, 1), cell(r.wasm_bytes / 1e6, 1), cell(r.model_bytes / 1e6, 1), cell(r.runtime_bytes / 1e3), cell(r.runtime_gzip_bytes / 1e3),
    cell(r.score_difference, 5), cell(r.other_cores, 2),
  ]),
));
const rows = bar(results), measured = rows.filter((row) => met(row) !== undefined);
console.log(table(['bar', 'target', 'measured', ''], measured.map((row) => [
  row.row, `${row.most ? 'at most' : 'at least'} ${row.target}`, cell(row.measured, 2), met(row) ? 'met' : 'not met',
])));
if (measured.length < rows.length) console.log(`${rows.length - measured.length} more rows were not measured.`);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exitCode = failures.length ? 1 : 0;
