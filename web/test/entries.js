// The examples of README.md for the further entry points, made into pages: a folder with the package beside them.

import { build } from 'esbuild';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { servedInBrowser } from './served.js';

const web = fileURLToPath(new URL('..', import.meta.url));
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** The first example in this language below this heading of README.md. */
export function example(heading, language) {
  const [, section] = readFileSync(join(web, 'README.md'), 'utf8').split(`\n## ${heading}\n`);
  return new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(section)[1];
}

/** A folder that has the package installed, as built. */
export function consumer() {
  const folder = mkdtempSync(join(tmpdir(), 'vqa-consumer-'));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['react', 'react-dom']) symlinkSync(join(web, 'node_modules', name), join(folder, 'node_modules', name));
  symlinkSync(web, join(folder, 'node_modules/wasm-vqa'));
  return folder;
}

/**
 * What the tests of a describe() use: a `page`, `show(files)`, which goes to a page that is made of these scripts
 * and pages, and what the page asked the server for (`requests`), complained about and ran as workers.
 */
export function pagesInBrowser() {
  let folder;

  before(() => {
    folder = consumer();
    for (const file of readdirSync(join(web, 'dist'))) {
      if (/\.wasm$|^worker\.js$/.test(file)) copyFileSync(join(web, 'dist', file), join(folder, file)); // beside what is bundled
    }
  });
  const served = servedInBrowser({
    mounts: () => ({ '/example/wasm-vqa/': 'web/dist/', '/example/': `${folder}/`, '/toys.png': 'web/demo/samples/toys.png' }),
  });
  const use = Object.assign(served, { requests: [], complaints: [], workers: [] });
  after(() => rmSync(folder, { recursive: true }));

  beforeEach(async () => {
    use.page = await use.browser.newPage();
    use.page.setDefaultTimeout(15_000);
    for (const list of [use.requests, use.complaints, use.workers]) list.length = 0;
    use.page.on('console', (message) => ['error', 'warning'].includes(message.type()) && use.complaints.push(message.text()));
    use.page.on('pageerror', (error) => use.complaints.push(error.message));
    use.page.on('request', (request) => use.requests.push(new URL(request.url()).pathname));
    use.page.on('worker', (worker) => {
      use.workers.push(worker);
      worker.on('close', () => use.workers.splice(use.workers.indexOf(worker), 1));
    });
    await use.page.route('**/example/', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': POLICY } });
    });
  });

  afterEach(() => use.page.close());

  /** Scripts (.jsx) are bundled to .js. */
  use.show = async (files) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const scripts = Object.keys(files).filter((name) => name.endsWith('.jsx')).map((name) => join(folder, name));
    await build({ entryPoints: scripts, outdir: folder, bundle: true, format: 'esm', jsx: 'automatic', logLevel: 'warning',
      define: { 'process.env.NODE_ENV': '"development"' } });
    await use.page.goto(`${use.url}example/`);
  };

  /** How often the page asked for a file. */
  use.asked = (end) => use.requests.filter((path) => path.endsWith(end)).length;
  return use;
}

/** Wait until a value is this, seen by `read`. */
export async function until(page, read, expected) {
  while (await read() !== expected) await page.evaluate(() => new Promise(requestAnimationFrame));
}
