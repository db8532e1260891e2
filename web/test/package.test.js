// The package as it is published, `npm pack`, does the same wherever people use it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { availableParallelism } from 'node:os';
import { createServer as viteServer } from 'vite';
import { createVqa } from '../src/index.js';
import { serve } from '../serve.js';
import { ask } from './package/app/ask.js';
import { BROWSERS } from './package/browsers.js';
import { installed } from './package/install.js';
import { esbuilt, plain, single, vite, webpack5 } from './package/sites.js';
import { PACK, RUNTIME, SAMPLES, missing, missingBundle } from './support.js';

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const STRICT = { 'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

/** What is served how, by the name of its test. @type {Record<string, [site: import('./package/sites.js').Site, headers: Record<string, string>]>} */
const SITES = {
  'a static folder': [plain, {}],
  'a static folder, isolated': [plain, ISOLATION],
  'a strict Content-Security-Policy': [plain, STRICT],
  'a strict Content-Security-Policy, isolated': [plain, { ...STRICT, ...ISOLATION }],
  'Vite': [vite, {}],
  'Vite, isolated': [vite, ISOLATION],
  'webpack': [webpack5, {}],
  'webpack, isolated': [webpack5, ISOLATION],
  'esbuild': [esbuilt, {}],
  'esbuild, isolated': [esbuilt, ISOLATION],
  'the single file': [single, {}],
  'the single file, isolated': [single, ISOLATION],
};

describe('the package', { skip: missing(RUNTIME, PACK, SAMPLES) || missingBundle(), timeout: 300_000 }, () => {
  let project, packed, remove, expected;

  before(async () => {
    ({ project, packed, remove } = installed());
    expected = await ask((options) => createVqa({ ...options, wasm: RUNTIME }), project + '/public/');
  });

  after(() => remove?.());

  describe('in a page', () => {
    const servers = [];
    const urls = {};

    before(async () => {
      const folders = new Map();
      for (const [name, [site, headers]] of Object.entries(SITES)) {
        if (!folders.has(site)) folders.set(site, await site(project));
        const server = await serve(0, { '/': `${folders.get(site)}/` }, headers);
        servers.push(server);
        urls[name] = `http://localhost:${server.address().port}/`;
      }
    });

    after(() => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    });

    for (const [name, { missing, launch }] of Object.entries(BROWSERS)) {
      describe(`in ${name}`, { skip: missing }, () => {
        let browser;
        before(async () => (browser = await launch()));
        after(() => browser?.close());

        for (const [site, [, headers]] of Object.entries(SITES)) {
          test(site, async (t) => {
            const found = await browser.visit(urls[site]);
            t.diagnostic(`${browser.version}: ${JSON.stringify(found)}`);
          });
        }
      });
    }
  });
});
