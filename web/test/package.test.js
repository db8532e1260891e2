// The package as it is published, `npm pack`, does the same wherever people use it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { createServer as createViteServer } from 'vite';
import { createVqa } from '../src/index.js';
import { serve } from '../serve.js';
import { ask } from './package/app/ask.js';
import { BROWSERS } from './package/browsers.js';
import { installed } from './package/install.js';
import { esbuilt, extension, helped, newcomer, plain, single, vite, webpack5 } from './package/sites.js';
import { PACK, RUNTIME, SAMPLES, missing, missingBundle } from './support.js';

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const STRICT = { 'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
const BLOB_WORKERS = { 'Content-Security-Policy': `${STRICT['Content-Security-Policy']}; worker-src blob:` };

/** What can be imported without anything being done; 'wasm-vqa/element' defines an element. */
const ENTRIES = ['wasm-vqa', 'wasm-vqa/inline', 'wasm-vqa/isolation', 'wasm-vqa/microphone', 'wasm-vqa/photos', 'wasm-vqa/pipeline', 'wasm-vqa/react', 'wasm-vqa/shapes'];

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));

/** @typedef {{ site: import('./package/sites.js').Site, headers?: Record<string, string>, isolated?: boolean, threads?: boolean }} Served */

/** With and without isolation, which gives threads to all but the single file. @returns {Record<string, Served>} */
const both = (name, site, headers = {}) => ({
  [name]: { site, headers },
  [`${name}, isolated`]: { site, headers: { ...headers, ...ISOLATION }, isolated: true, threads: site !== single },
});

/** What every browser is shown, by the name of its test. */
const SITES = {
  ...both('a static folder', plain),
  ...both('a strict Content-Security-Policy', plain, STRICT),
  ...both('Vite', vite),
  ...both('webpack', webpack5),
  ...both('esbuild', esbuilt),
  ...both('the single file', single),
  'the single file, and a Content-Security-Policy that lets it have a worker': { site: single, headers: BLOB_WORKERS },
};

describe('the package', { skip: missing(RUNTIME, PACK, SAMPLES) || missingBundle(), timeout: 600_000 }, () => {
  let project, packed, remove, answered;
  const servers = [];
  const folders = new Map();

  before(async () => {
    ({ project, packed, remove } = installed());
    cpSync(new URL('package/program.ts', import.meta.url), join(project, 'program.ts'));
    symlinkSync(join(MODULES, '@types'), join(project, 'node_modules/@types'));
    const { answer, score, refusal } = await ask(createVqa, { model: PACK, wasm: RUNTIME }, join(project, 'public/'));
    assert.deepEqual([answer, refusal], ['black', 'VqaError E_CALL']);
    answered = { answer, score, refusal };
  });

  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    remove?.();
  });

  /** Build it, once, and serve it. @param {Served} served @returns {Promise<string>} its address */
  async function online({ site, headers = {} }) {
    if (!folders.has(site)) folders.set(site, await site(project));
    const server = await serve(0, { '/': `${folders.get(site)}/` }, headers);
    servers.push(server);
    return `http://localhost:${server.address().port}/`;
  }

  const run = (...args) => spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });

  test('the tarball holds what package.json names, and no sources', () => {
    const { exports, types } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const named = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)));
    for (const file of [...named, types, './README.md']) assert.ok(packed.includes(file.replace('./', '')), file);
    const others = packed.filter((file) => !/^(package\.json|README\.md|dist\/(LICENSE|sbom\.cdx\.json|[\w.-]+\.(js|wasm|safetensors)|types\/[\w/-]+\.d\.ts))$/.test(file));
    assert.deepEqual(others, []);
  });

  test('whoever imports it and uses nothing of it has nothing of it in the bundle', async () => {
    for (const name of ENTRIES) {
      const stdin = { contents: `import '${name}';`, resolveDir: project };
      const { outputFiles } = await esbuild.build({ stdin, bundle: true, format: 'esm', external: ['react'], write: false, logLevel: 'error' });
      assert.equal(outputFiles[0].text.replace(/^\/\/.*$/gm, '').trim(), '', name);
    }
  });

  for (const name of ['wasm-vqa', 'wasm-vqa/inline']) {
    test(`${name} in Node`, (t) => {
      writeFileSync(join(project, 'node.js'), `import { createVqa } from '${name}';
        import shapes from 'wasm-vqa/shapes';
        import { ask } from './ask.js';
        console.log(JSON.stringify(await ask(createVqa, { model: shapes }, 'public/')));`);
      const { stdout, stderr } = run('node.js');
      assert.equal(stderr, '');
      const { build, ...found } = JSON.parse(stdout);
      assert.deepEqual(found, { ...answered, threads: 1, crossOriginIsolated: false });
      t.diagnostic(`${process.version}: ${build}`);
    });
  }

  test('a Node that is too old is told so in one sentence', () => {
    writeFileSync(join(project, 'old.js'), `import { createVqa } from 'wasm-vqa';
      delete process.getBuiltinModule; // which came with 20.16 and 22.3
      await createVqa({ model: 'no/matter.safetensors' }).catch(({ code, message }) => console.log(code, message));`);
    assert.equal(run('old.js').stdout, `E_WASM this is Node ${process.versions.node}: use Node 20.16, 22.3 or later\n`);
  });

  // The declarations themselves are checked by the build.
  for (const [module, moduleResolution] of [['esnext', 'bundler'], ['node16', 'node16']]) {
    test(`types, for a strict program with moduleResolution ${moduleResolution}`, () => {
      const options = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'es2022' };
      const quiet = { noEmit: true, skipLibCheck: true, types: [] };
      const config = { compilerOptions: { ...options, ...quiet, module, moduleResolution }, files: ['program.ts'] };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
      assert.equal(run(join(MODULES, 'typescript/bin/tsc'), '-p', '.').stdout, '');
    });
  }

  for (const [name, { missing, sharesMemory, again, launch }] of Object.entries(BROWSERS)) {
    describe(`in ${name}`, { skip: missing }, () => {
      let browser;
      before(async () => (browser = await launch()));
      after(() => browser?.close());

      /** Visit a page: it answers, without a complaint. */
      async function answers(t, url, { isolated = false, threads = false }) {
        const { cores, build, ...found } = await browser.visit(url);
        const expected = { ...answered, threads: threads && sharesMemory ? Math.min(cores, 8) : 1, crossOriginIsolated: isolated };
        assert.deepEqual(found, { ...expected, complaints: [] });
        assert.match(build, /^(relaxed-)?simd$/);
        t.diagnostic(`${browser.version}: ${build}, threads: ${found.threads}`);
      }

      for (const [site, served] of Object.entries(SITES).filter(([, { threads }]) => threads || !again)) {
        test(site, async (t) => answers(t, await online(served), served));
      }

      test('a host whose headers can\'t be set: a service worker isolates the page, which is reloaded once', async (t) => {
        const url = await online({ site: helped, headers: { 'Cache-Control': 'no-cache' } });
        let loads = 0;
        servers.at(-1).on('request', (request) => (loads += Number(request.url === '/')));
        await answers(t, url, { isolated: true, threads: true });
        assert.equal(loads, 2);
        await answers(t, url, { isolated: true, threads: true });
        assert.equal(loads, 3);
      });

      if (again) return;

      test('the first example of the README, in an empty Vite project', async () => {
        assert.match(await browser.visit(await online({ site: newcomer })), /^red \(0\.9\d+\)$/);
      });

      test('a page of an extension, Manifest V3', { skip: name !== 'Chromium' && 'extensions are tested in Chromium' }, async (t) => {
        const id = await browser.install(extension(project));
        await answers(t, `chrome-extension://${id}/index.html`, {});
      });

      test('Vite, while developing', async (t) => {
        const server = await createViteServer({ root: project, configFile: false, logLevel: 'warn', server: { port: 0 } });
        t.after(() => server.close());
        await server.listen();
        await answers(t, server.resolvedUrls.local[0], {});
      });
    });
  }
});
