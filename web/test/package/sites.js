// The project as people put it online: each takes the project's folder and gives one beside it, to be served.

import esbuild from 'esbuild';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import webpack from 'webpack';

/** @typedef {(project: string) => Promise<string> | string} Site */

const DIST = 'node_modules/wasm-vqa/dist';

/** A folder with the page's model and picture, and, if they are not built, its files. */
function begin(project, name, ...files) {
  const folder = join(project, '..', name);
  cpSync(join(project, 'public'), folder, { recursive: true });
  for (const file of files) cpSync(join(project, file), join(folder, file));
  return folder;
}

/** In a module of the page, another package's name. */
function rename(folder, name) {
  const file = join(folder, 'main.js');
  writeFileSync(file, readFileSync(file, 'utf8').replace("'wasm-vqa'", `'${name}'`));
}

/** No bundler: the package's files are copied beside the page. @type {Site} */
export function plain(project) {
  const folder = begin(project, 'plain', 'index.html', 'main.js', 'ask.js');
  cpSync(join(project, DIST), join(folder, 'wasm-vqa'), { recursive: true });
  rename(folder, './wasm-vqa/index.js');
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
  cpSync(join(project, DIST, 'wasm-vqa.inline.js'), join(folder, 'wasm-vqa.inline.js'));
  rename(folder, './wasm-vqa.inline.js');
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

/** webpack, as it is without a configuration. @type {Site} */
export async function webpack5(project) {
  const path = begin(project, 'webpack', 'index.html');
  const stats = await promisify(webpack)({ mode: 'production', context: project, entry: './main.js', output: { path } });
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
  return path;
}

/** esbuild, which leaves `new URL('./…', import.meta.url)` as it is: the runtimes and the worker are copied beside the bundle. @type {Site} */
export async function esbuilt(project) {
  const outdir = begin(project, 'esbuild', 'index.html');
  await esbuild.build({ entryPoints: [join(project, 'main.js')], bundle: true, format: 'esm', target: 'es2022', minify: true, outdir });
  for (const name of ['worker.js', 'vqa.wasm', 'vqa-relaxed.wasm', 'vqa-threads.wasm', 'vqa-relaxed-threads.wasm']) {
    cpSync(join(project, DIST, name), join(outdir, name));
  }
  return outdir;
}
