// What the benchmark is asked for.

import { parseArgs } from 'node:util';
import { CLASSES, MODELS } from './models.js';

export const USAGE = `node web/bench/bench.js [--only MODEL[:PRECISION],...] [--threads 1,2] [--rounds 3] [--runs N] [--retries N]
  MODEL ${Object.keys(MODELS).join(', ')}; PRECISION ${Object.keys(CLASSES).join(', ')}; without --only: all
  --threads  how many, each measured by itself
  --rounds   how often each engine gets its turn, every time in a fresh browser
  --runs     answers measured in a round, for every model
  --retries  how often a measurement is repeated that other programs disturb; the quietest counts
  --help     this text`;

/**
 * @param {string[]} args
 * @returns {{ parts: { model: string, kind: string }[], threads: number[], rounds: number, runs?: number, retries: number, help: boolean }}
 *   kind: of CLASSES. Throws a sentence about what can't be understood.
 */
export function readOptions(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({ args, options: { only: text, threads: text, rounds: text, runs: text, retries: text, help: { type: 'boolean' } } });
  const { only = Object.keys(MODELS).join(), threads = '1,2', rounds = '3', runs, retries = '0', help = false } = values;
  return {
    parts: only.split(',').flatMap(readPart),
    threads: threads.split(',').map((text) => readCount('--threads', text, 1, 64)),
    rounds: readCount('--rounds', rounds, 1),
    runs: runs === undefined ? undefined : readCount('--runs', runs, 1),
    retries: readCount('--retries', retries, 0),
    help,
  };
}

/** @param {string} part */
function readPart(part) {
  const [model, kind, ...more] = part.split(':');
  if (!(model in MODELS) || more.length) throw new Error(`--only names '${part}', expected one of ${Object.keys(MODELS).join(', ')}`);
  if (kind !== undefined && !(kind in CLASSES)) throw new Error(`--only names '${part}', expected one of ${Object.keys(CLASSES).join(', ')} behind the colon`);
  return (kind ? [kind] : Object.keys(CLASSES)).map((kind) => ({ model, kind }));
}

/** @param {string} name @param {string} text @param {number} least @param {number} [most] */
function readCount(name, text, least, most = 1000) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new Error(`${name} is '${text}', expected a whole number from ${least} to ${most}`);
  return value;
}
