// build/bench.json: the rows of whole models and those of kernels, each replaced by the run that measures them.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REPORT = fileURLToPath(new URL('../../build/bench.json', import.meta.url));

/**
 * Write rows, and keep what is there of the other kind.
 * @param {object[]} rows
 * @param {(row: object) => boolean} kept  whether a row that is there stays
 */
export function writeReport(rows, kept) {
  const there = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : [];
  writeFileSync(REPORT, JSON.stringify([...there.filter(kept), ...rows], null, 1));
}
