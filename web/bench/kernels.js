// How fast each kernel is, and what part of this machine's peak: node web/bench/kernels.js [--builds simd,relaxed-simd,native]
// [--threads 1,2] [--rounds 40]. Prints tables and adds the rows to build/bench.json.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CHROME, missing } from '../test/support.js';
import { BUILDS } from './loops.js';
import { cpuTimes, otherCores } from './noise.js';
import { median } from './page/statistics.js';
import { writeReport } from './report.js';
import { cell, table } from './table.js';

/** Milliseconds that a loop should take: short, so that some are not disturbed. */
const SHORT = 5;

/**
 * @typedef {object} KernelRow  in GOP/s of all threads together (an operation is a product or a sum), or in nanoseconds a value
 * @property {string} kernel  '' for a peak
 * @property {string} kind  'kernel'; or 'registers', 'tile': what its instructions reach without anything else
 * @property {string} shape  rows x in x out, or the values of a row
 * @property {string} mix  the instructions of a product
 * @property {string} build
 * @property {number} threads
 * @property {'GOP/s' | 'ns'} unit
 * @property {number} median
 * @property {number} best
 * @property {number} [of_tile]  the median as part of the tile's
 * @property {number} [of_registers]
 * @property {number} [best_of_tile]  the best as part of the tile's best
 * @property {number} [other_cores]  busy with other programs meanwhile
 */

/** How many rounds take about SHORT milliseconds, once the code is as fast as it gets. @param {(rounds: number) => Promise<number[]>} run */
async function roundsFor(run) {
  let rounds = 1;
  for (let enough = 0; enough < 3;) {
    const ms = Math.max(...await run(rounds));
    if (ms > SHORT / 2) enough++;
    rounds = Math.max(1, Math.round(rounds * Math.min(10, SHORT / Math.max(ms, 0.01))));
  }
  return rounds;
}

/**
 * Measure one build: kernels and peaks by turns, `times` each.
 * @param {string} build  one of BUILDS
 * @param {number} threads
 * @param {number} times
 * @returns {Promise<KernelRow[]>} Throws a sentence where a kernel does not give what its definition gives.
 */
export async function measureKernels(build, threads, times) {
  const program = await BUILDS[build].open(BUILDS[build].file, threads);
  try {
    const { loops, run } = program;
    const before = cpuTimes();
    const rounds = [];
    for (const [i, { name, shape }] of loops.entries()) {
      if ((await run(i, 0)).includes(0)) throw new Error(`${build}: ${name} of ${shape} does not give what its definition gives`);
      rounds.push(await roundsFor((rounds) => run(i, rounds)));
    }
    /** Work a nanosecond. @type {number[][]} */
    const speeds = loops.map(() => []);
    for (let time = 0; time < times; time++) {
      for (const [i, { work }] of loops.entries()) {
        const ms = await run(i, rounds[i]);
        speeds[i].push(ms.reduce((sum, ms) => sum + work * rounds[i] / ms / 1e6, 0));
      }
    }
    const rows = loops.map((loop, i) => rowOf(loop, speeds[i], threads));
    const busy = otherCores(before, cpuTimes());
    return rows.map((row) => ({ ...row, build, threads, ...shares(row, rows), other_cores: busy }));
  } finally {
    await program.close();
  }
}

/** @param {import('./loops.js').Loop} loop @param {number[]} speeds @param {number} threads */
function rowOf({ kind, name, shape, mix }, speeds, threads) {
  const middle = median(speeds), best = Math.max(...speeds);
  const figures = mix ? { unit: 'GOP/s', median: middle, best } : { unit: 'ns', median: threads / middle, best: threads / best };
  return { kernel: name, kind, shape, mix, ...figures };
}

/** What a kernel reaches of the peaks of its instructions. */
function shares({ kind, mix, median, best }, rows) {
  if (kind !== 'kernel' || !mix) return {};
  const peak = (/** @type {string} */ kind) => rows.find((row) => row.kind === kind && row.mix === mix);
  const tile = peak('tile'), registers = peak('registers');
  return {
    ...(tile && { of_tile: median / tile.median, best_of_tile: best / tile.best }),
    ...(registers && { of_registers: median / registers.median }),
  };
}

/** @param {KernelRow[]} rows  of one build and number of threads */
function print(rows) {
  const [{ build, threads, other_cores }] = rows;
  const percent = (/** @type {number | undefined} */ share) => cell(share && share * 100);
  console.log(`${build}, ${threads} thread${threads > 1 ? 's' : ''}; others kept ${cell(other_cores, 2)} cores busy\n`);
  console.log(table(
    ['kernel', 'shape', 'instructions', 'median', 'best', '', '% of tile', 'best', '% of registers'],
    rows.map((row) => [
      row.kernel || (row.kind === 'tile' ? 'PEAK as a tile' : 'PEAK in registers'), row.shape, row.mix,
      cell(row.median, row.unit === 'ns' ? 2 : 1), cell(row.best, row.unit === 'ns' ? 2 : 1), row.unit,
      percent(row.of_tile), percent(row.best_of_tile), percent(row.of_registers),
    ]),
  ));
}

/** @param {string} sentence @returns {never} */
function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({ options: { builds: text, threads: text, rounds: text } });
  const { builds = Object.keys(BUILDS).join(), threads = '1,2', rounds = '40' } = values;
  const unknown = builds.split(',').find((build) => !(build in BUILDS));
  if (unknown !== undefined) throw new Error(`--builds names '${unknown}', expected one of ${Object.keys(BUILDS).join(', ')}`);
  const count = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (!/^[1-9]\d*$/.test(value)) throw new Error(`${name} is '${value}', expected a whole number from 1 on`);
    return Number(value);
  };
  return {
    builds: builds.split(','),
    threads: threads.split(',').map((value) => count('--threads', value)),
    rounds: count('--rounds', rounds),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let options;
  try {
    options = readOptions();
  } catch (error) {
    stop(error.message);
  }
  const unable = missing(...options.builds.map((build) => BUILDS[build].file)) || (!CHROME && 'no Chromium found: set CHROME_PATH');
  if (unable) stop(unable);
  const all = [];
  for (const build of options.builds) {
    for (const threads of options.threads) {
      const rows = await measureKernels(build, threads, options.rounds);
      print(rows);
      all.push(...rows);
    }
  }
  for (const { build, shape, of_tile } of all.filter(({ kernel, shape, threads }) => kernel === 'matmul_q8' && /^4 x/.test(shape) && threads === 1)) {
    console.log(`bar: ${build}, q8 ${shape}, share of its tile's peak: at least 85 %, measured ${cell(of_tile * 100)} %: ${of_tile >= 0.85 ? 'met' : 'not met'}`);
  }
  writeReport(all, (row) => !('kernel' in row));
}
