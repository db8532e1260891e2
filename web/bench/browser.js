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

/** Milliseconds after which a measurement is given up. */
const LIMIT = 600_000;

/** A server of the pages, and browsers for them. */
export class Bench {
  #server;

  /** @param {import('node:http').Server} server @param {string} version  the browser's */
  constructor(server, version) {
    this.#server = server;
    this.version = version;
  }

  /** @returns {Promise<Bench>} */
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
    const { page: path, runtime: folder } = PAGES[engine];
    /** @type {Set<string>} */
    const runtime = new Set();
    const note = (/** @type {import('node:http').IncomingMessage} */ { url }) => url.startsWith(folder) && runtime.add(url);
    this.#server.on('request', note);
    const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });
    const limit = setTimeout(() => browser.close(), LIMIT);
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(120_000); // of a page to load, where others keep the machine busy
      await page.goto(`http://localhost:${/** @type {any} */ (this.#server.address()).port}${path}`);
      await page.waitForFunction('window.bench');
      const before = cpuTimes();
      const result = await page.evaluate((options) => window.bench(options), options);
      return { ...result, runtime, other_cores: otherCores(before, cpuTimes()) };
    } finally {
      clearTimeout(limit);
      await browser.close();
      this.#server.off('request', note);
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
