// The project as people put it online: each takes the project's folder and gives one beside it, to be served.

import esbuild from 'esbuild';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import webpack from 'webpack';

/** @typedef {(project: string) => Promise<string> | string} Site */

const DIST = 'node_modules/wasm-vqa/dist';

/** A folder with the page's picture, and, if they are not built, its files. */
function begin(project, name, ...files) {
  const folder = join(project, '..', name);
  cpSync(join(project, 'public'), folder, { recursive: true });
  for (const file of files) cpSync(join(project, file), join(folder, file));
  return folder;
}

/** Without a bundler, the page's module names files: the package's are in the folder wasm-vqa. */
function nameFiles(folder, index) {
  const file = join(folder, 'main.js');
  const code = readFileSync(file, 'utf8');
  writeFileSync(file, code.replace("'wasm-vqa'", `'./wasm-vqa/${index}'`).replace("'wasm-vqa/shapes'", "'./wasm-vqa/shapes.js'"));
}

/** No bundler: the package's files are copied beside the page. @type {Site} */
export function plain(project) {
  const folder = begin(project, 'plain', 'index.html', 'main.js', 'ask.js');
  cpSync(join(project, DIST), join(folder, 'wasm-vqa'), { recursive: true });
  nameFiles(folder, 'index.js');
  return folder;
}

/** The same on a host whose headers can't be set: a service worker adds them. @type {Site} */
export function helped(project) {
  const folder = join(project, '../helped');
  cpSync(plain(project), folder, { recursive: true });
  cpSync(join(folder, 'wasm-vqa/isolation-worker.js'), join(folder, 'isolation-worker.js'));
  const file = join(folder, 'main.js');
  writeFileSync(file, `import { isolate } from './wasm-vqa/isolation.js';\nawait isolate();\n${readFileSync(file, 'utf8')}`);
  return folder;
}

/** The same with the single file. @type {Site} */
export function single(project) {
  const folder = begin(project, 'single', 'index.html', 'main.js', 'ask.js');
  for (const name of ['wasm-vqa.inline.js', 'shapes.js', 'shapes.q8.safetensors']) {
    cpSync(join(project, DIST, name), join(folder, 'wasm-vqa', name));
  }
  nameFiles(folder, 'wasm-vqa.inline.js');
  return folder;
}

/** Vite, as it is without a configuration. @type {Site} */
export async function vite(project) {
  const outDir = join(project, '../vite');
  await build({ root: project, configFile: false, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  return outDir;
}

/** An extension for browsers (Manifest V3) with the same page. @type {Site} */
export function extension(project) {
  const folder = join(project, '../extension');
  cpSync(plain(project), folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({
    manifest_version: 3, name: 'wasm-vqa', version: '1',
    content_security_policy: { extension_pages: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" },
  }));
  return folder;
}

/** Vite, and of the page no more than the first example of the README; its answer is all that the page shows. @type {Site} */
export async function newcomer(project) {
  const root = join(project, 'newcomer');
  const [, example] = /```js\n([^]*?)```/.exec(readFileSync(join(project, DIST, '../README.md'), 'utf8')) ?? [];
  cpSync(join(project, 'index.html'), join(root, 'index.html'));
  writeFileSync(join(root, 'main.js'), `${example}
    document.documentElement.dataset.outcome = JSON.stringify(document.body.textContent.trim());`);
  const outDir = join(project, '../newcomer');
  await build({ root, configFile: false, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  return outDir;
}

/** webpack, as it is without a configuration; but models are larger than it likes. @type {Site} */
export async function webpack5(project) {
  const path = begin(project, 'webpack', 'index.html');
  const stats = await promisify(webpack)({
    mode: 'production', context: project, entry: './main.js', output: { path }, performance: { hints: false },
  });
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
  return path;
}

/** esbuild, which leaves `new URL('./…', import.meta.url)` as it is: what they name is copied beside the bundle. @type {Site} */
export async function esbuilt(project) {
  const outdir = begin(project, 'esbuild', 'index.html');
  await esbuild.build({ entryPoints: [join(project, 'main.js')], bundle: true, format: 'esm', target: 'es2022', minify: true, outdir });
  for (const name of readdirSync(join(project, DIST)).filter((name) => /^worker\.js$|\.wasm$|\.safetensors$/.test(name))) {
    cpSync(join(project, DIST, name), join(outdir, name));
  }
  return outdir;
}
