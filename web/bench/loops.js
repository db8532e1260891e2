// The programs of tests/bench, as many copies as there are threads: in the workers of a page, or as processes.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { CHROME, CHROME_FLAGS } from '../test/support.js';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(`../../build/${name}`, import.meta.url));

/** What is measured where. @type {Record<string, { file: string, open: (file: string, threads: number) => Promise<Program> }>} */
export const BUILDS = {
  simd: { file: path('wasm/tests/bench/bench-kernels.mjs'), open: openInBrowser },
  'relaxed-simd': { file: path('wasm/tests/bench/bench-kernels-relaxed.mjs'), open: openInBrowser },
  native: { file: path('native/tests/bench/bench-kernels'), open: openNatively },
};

/**
 * A kernel with a shape, or instructions to compare it with: see tests/bench/loops.h.
 * @typedef {{ kind: 'kernel' | 'registers' | 'tile', name: string, shape: string, mix: string, work: number }} Loop
 *
 * @typedef {object} Program
 * @property {Loop[]} loops
 * @property {(index: number, rounds: number) => Promise<number[]>} run  milliseconds that so many rounds took in each
 *   thread, all at the same time; of no rounds: 1 where the kernel gives what its definition gives
 * @property {() => Promise<void>} close
 */

/** @param {string} file @param {number} threads @returns {Promise<Program>} */
async function openInBrowser(file, threads) {
  const server = await serve(0, { '/bench/': 'web/bench/page/', '/loops/': 'build/wasm/tests/bench/' });
  const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
  const page = await browser.newPage();
  await page.goto(`http://localhost:${/** @type {any} */ (server.address()).port}/icon.svg`);
  const loops = await page.evaluate(async ({ module, threads }) => {
    const workers = Array.from({ length: threads }, () => new Worker('/bench/loops.js', { type: 'module' }));
    /** @type {(message: object) => Promise<any[]>} what each worker answers */
    const ask = (message) => Promise.all(workers.map((worker) => new Promise((done, reject) => {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    })));
    window.ask = ask;
    return (await ask({ module }))[0];
  }, { module: `/loops/${file.split('/').pop()}`, threads });
  return {
    loops,
    run: (index, rounds) => page.evaluate((message) => window.ask(message), { index, rounds }),
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {string} file @param {number} threads @returns {Promise<Program>} */
async function openNatively(file, threads) {
  const copies = Array.from({ length: threads }, () => {
    const copy = spawn(file, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: copy.stdout })[Symbol.asyncIterator]();
    return { copy, answer: async () => (await lines.next()).value };
  });
  const [list] = await Promise.all(copies.map(({ answer }) => answer()));
  return {
    loops: JSON.parse(list),
    run: (index, rounds) => Promise.all(copies.map(async ({ copy, answer }) => {
      copy.stdin.write(`${index} ${rounds}\n`);
      return Number(await answer());
    })),
    close: async () => copies.forEach(({ copy }) => copy.stdin.end()),
  };
}
