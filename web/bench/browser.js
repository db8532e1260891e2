// One measurement: a page in a browser of its own, so that nothing is compiled, cached or in memory yet.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { fileFor, serve } from '../serve.js';
import { CHROME, CHROME_FLAGS } from '../test/support.js';
import { cpuTimes, otherCores } from './noise.js';

const MOUNTS = { '/bench/': 'web/bench/page/', '/models/': 'build/bench/', '/ort/': 'web/node_modules/onnxruntime-web/dist/' };

/** Each engine's page, and where its runtime is served. */
const PAGES = {
  'wasm-vqa': { page: '/bench/vqa.html', runtime: '/dist/' },
  'onnxruntime-web': { page: '/bench/ort.html', runtime: '/ort/' },
};

/** A server of the pages, and browsers for them. */
export class Bench {
  /** @param {import('node:http').Server} server @param {string} version */
  constructor(server, version) {
    this.#server = server;
    this.#url = `http://localhost:${/** @type {any} */ (server.address()).port}`;
    this.version = version;
  }
  #server;
  #url;

  static async open() {
    const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
    const version = browser.version();
    await browser.close();
    return new Bench(await serve(0, MOUNTS), version);
  }

  /**
   * Measure.
   * @param {keyof typeof PAGES} engine
   * @param {import('./page/protocol.js').BenchOptions} options
   * @returns {Promise<import('./page/protocol.js').BenchResult & { runtime: Set<string>, other_cores: number | undefined }>}
   *   runtime: the paths of the files that the engine fetched of itself; other_cores: how many were busy with other things
   */
  async run(engine, options) {
    const { page: path, runtime: prefix } = PAGES[engine];
    const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
    try {
      const context = await browser.newContext();
      const runtime = new Set();
      context.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.startsWith(prefix)) runtime.add(pathname);
      });
      const page = await context.newPage();
      await page.goto(this.#url + path);
      await page.waitForFunction('window.bench');
      const before = cpuTimes();
      const result = await page.evaluate((options) => window.bench(options), options);
      return { ...result, runtime, other_cores: otherCores(before, cpuTimes()) };
    } finally {
      await browser.close();
    }
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Bytes of files that were served, as they are and with gzip. @param {Iterable<string>} paths */
export function servedBytes(paths) {
  const files = [...paths].map((path) => readFileSync(/** @type {string} */ (fileFor(path, MOUNTS))));
  const sum = (/** @type {(file: Buffer) => number} */ size) => files.reduce((total, file) => total + size(file), 0);
  return { raw: sum((file) => file.length), gzip: sum((file) => gzipSync(file, { level: 9 }).length) };
}
