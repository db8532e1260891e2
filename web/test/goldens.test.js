// The engine against the outputs of the reference implementations, inside a browser: `vqa goldens`, compiled for the web, on the
// same fixtures as tests/goldens.sh.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { servedInBrowser } from './served.js';
import { CHROME, missing } from './support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const TOOLS = join(root, 'build/wasm/tools/');
const SMALL = join(root, 'tests/fixtures');
const MORE = resolve(root, process.env.VQA_FIXTURES || '../shared/fixtures');

/** The full-size ones among them make 350 to 600 MB of weights each. */
const FULL_SIZE = ['realistic/vilt_b32_vqa', 'realistic/clip_vit_b32'];

const skip = missing(join(TOOLS, 'vqa-web.mjs')) || (!CHROME && 'no Chromium found: set CHROME_PATH');

/** In the page: run the program on these files below /fixtures/, and tell its lines as they come. */
async function run({ from, files, args }) {
  const { default: start } = await import('/tools/vqa-web.mjs');
  const { FS, callMain } = await start({ print: console.log, printErr: console.log });
  await Promise.all(files.map(async (file) => {
    const response = await fetch(`${from}${file.split('/').map(encodeURIComponent).join('/')}`);
    if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
    FS.mkdirTree(`/fixtures/${file}`.replace(/\/[^/]+$/, ''));
    FS.writeFile(`/fixtures/${file}`, new Uint8Array(await response.arrayBuffer()));
  }));
  return callMain(['goldens', '/fixtures', ...args]);
}

describe('goldens in a browser', { skip, timeout: 600_000 }, () => {
  const use = servedInBrowser({ mounts: () => ({ '/tools/': TOOLS, '/small/': `${SMALL}/`, '/more/': `${MORE}/` }) });

  async function passes(folder, args) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'));
    const page = await use.browser.newPage();
    const lines = [];
    page.on('console', (message) => {
      if (message.type() !== 'log') return; // a browser asks for favicon.ico and complains
      lines.push(message.text());
      console.log(message.text());
    });
    await page.goto(`${use.url}icon.svg`);
    const status = await page.evaluate(run, { from: folder === SMALL ? '/small/' : '/more/', files, args });
    await page.close();
    assert.equal(status, 0, lines.join('\n'));
    assert.match(lines.at(-1), /^[1-9]\d* passed, 0 failed$/);
  }

  test('small models, pictures and files', () => passes(SMALL, ['--small']));

  test('tokenizers, and more of them', { skip: !existsSync(MORE) && `${MORE} is not there` }, () => passes(MORE, ['--small']));

  for (const name of FULL_SIZE) {
    test(name, { skip: !existsSync(join(MORE, name, 'cases.json')) && `${MORE} does not have it` }, () => passes(MORE, ['--only', name]));
  }
});
