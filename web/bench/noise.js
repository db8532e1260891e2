// How many cores other programs keep busy meanwhile: what they take, no measurement can use.

import { readFileSync, readdirSync } from 'node:fs';

const TICKS = 100; // a second, of /proc

/** @typedef {{ all: number, own: number, at: number }} CpuTimes  seconds: of everything, of this process and those it started, and the clock */

/** What has been used so far; undefined where the system does not tell. @returns {CpuTimes | undefined} */
export function cpuTimes() {
  let total;
  try {
    total = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
  } catch {
    return undefined; // no Linux
  }
  const [user, nice, system, , , irq, softirq, steal] = total;
  /** @type {Map<number, { parent: number, ticks: number }>} */
  const processes = new Map();
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number); // from the state on
      processes.set(Number(name), { parent: fields[1], ticks: fields[11] + fields[12] + fields[13] + fields[14] });
    } catch {
      // it has ended
    }
  }
  let own = 0;
  for (const [id, { ticks }] of processes) {
    let ancestor = id;
    while (ancestor > 1 && ancestor !== process.pid) ancestor = processes.get(ancestor)?.parent ?? 0;
    if (ancestor === process.pid) own += ticks;
  }
  return { all: (user + nice + system + irq + softirq + steal) / TICKS, own: own / TICKS, at: performance.now() / 1000 };
}

/** Cores that others kept busy between two readings. @param {CpuTimes | undefined} from @param {CpuTimes | undefined} to */
export function otherCores(from, to) {
  return from && to ? Math.max(0, (to.all - from.all - (to.own - from.own)) / (to.at - from.at)) : undefined;
}
