// Builds dist/: index.js, worker.js and the runtimes side by side, the further entry points, which import index.js, the
// single file wasm-vqa.inline.js with the runtimes that have no threads, the built-in models, and sbom.cdx.json, which
// says whose code and weights these are. Types are emitted by tsc.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = fileURLToPath(new URL('.', import.meta.url));
const small = ['vqa.wasm', 'vqa-relaxed.wasm', 'vqa-threads.wasm', 'vqa-relaxed-threads.wasm'];
const full = small.map((name) => name.replace('vqa', 'vqa-full'));
const runtimes = [...small, ...full];
const runtime = (name) => `${here}../build/wasm/${name}`;
const common = { bundle: true, format: 'esm', minify: true, target: 'es2022', logLevel: 'warning' };

/** In the single file, what assets.js points to is inlined. */
const inline = {
  name: 'inline',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/assets\.js$/ }, () => ({ path: `${here}src/assets-inline.js` }));
    onResolve({ filter: /^inline:/ }, ({ path }) => ({ path, namespace: 'inline' }));
    onLoad({ filter: /\.wasm$/, namespace: 'inline' }, async ({ path }) =>
      ({ contents: await readFile(runtime(path.slice('inline:'.length))), loader: 'binary' }));
    onLoad({ filter: /worker\.js$/, namespace: 'inline' }, async () => ({ contents: await readFile(`${here}dist/worker.js`), loader: 'text' }));
  },
};

/** What imports index.js or React leaves them where they are: a page has one of each. What not every page needs comes when it is needed. */
const besides = {
  name: 'besides',
  setup({ onResolve }) {
    onResolve({ filter: /\/(index|engine|header|manifest|sound|sha256)\.js$/ }, ({ kind, path }) => (kind === 'entry-point' ? undefined : { path: `./${basename(path)}`, external: true }));
    onResolve({ filter: /^react$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Files that share nothing. */
const alone = ['index.js', 'engine.js', 'pipeline.js', 'photos.js', 'shapes.js', 'isolation.js', 'isolation-worker.js', 'header.js', 'manifest.js', 'sound.js', 'sha256.js', 'microphone.js', 'microphone-worklet.js'];

/** Entry points that not every page needs, which share lease.js by a file of its own. */
const further = ['element.js', 'react.js'];

await rm(`${here}dist`, { recursive: true, force: true }); // what is there would be packed
await mkdir(`${here}dist`);
for (const name of runtimes) {
  if (!(await stat(runtime(name)).catch(() => null))) {
    console.error(`build/wasm/${name} is missing: build the runtime first, with \`make build\``);
    process.exit(1);
  }
  await copyFile(runtime(name), `${here}dist/${name}`);
}
await copyFile(`${here}../LICENSE`, `${here}dist/LICENSE`);
/** The models in the package, and their licences. */
const models = { photos: { name: 'for research only, see weights/README.md' }, shapes: { id: 'MIT' } };
const sbom = JSON.parse(await readFile(`${here}../build/wasm/sbom.cdx.json`, 'utf8'));
for (const [pack, license] of Object.entries(models)) {
  const name = `${pack}.q8.safetensors`;
  const weights = await readFile(`${here}../weights/${name}`);
  await writeFile(`${here}dist/${name}`, weights);
  const hashes = [{ alg: 'SHA-256', content: createHash('sha256').update(weights).digest('hex') }];
  sbom.components.push({ type: 'machine-learning-model', 'bom-ref': name, name, licenses: [{ license }], hashes });
  sbom.dependencies[0].dependsOn.push(name);
}
sbom.metadata.component.version = JSON.parse(await readFile(`${here}package.json`, 'utf8')).version;
await writeFile(`${here}dist/sbom.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
await build({ ...common, entryPoints: alone.map((name) => `${here}src/${name}`), outdir: `${here}dist`, plugins: [besides] });
await build({ ...common, entryPoints: [`${here}src/worker.js`], outdir: `${here}dist` });
await build({ ...common, entryPoints: further.map((name) => `${here}src/${name}`), outdir: `${here}dist`, splitting: true, chunkNames: 'lease', plugins: [besides] });
await build({ ...common, entryPoints: [`${here}src/index.js`], outfile: `${here}dist/wasm-vqa.inline.js`, plugins: [inline] });

/** Of each file, with gzip. @type {Record<string, number>} */
const packed = {};
for (const name of ['index.js', 'worker.js', 'engine.js', 'header.js', 'manifest.js', 'sound.js', 'sha256.js', 'microphone.js', 'pipeline.js', ...further, 'lease.js', ...runtimes, 'wasm-vqa.inline.js']) {
  const bytes = await readFile(`${here}dist/${name}`);
  packed[name] = gzipSync(bytes, { level: 9 }).length;
  console.log(`dist/${name.padEnd(24)} ${bytes.length} bytes, ${packed[name]} with gzip`);
}

const MOST = 100_000; // bytes with gzip that a page loads before a model that does not take a full runtime
for (const runtime of runtimes) {
  const loaded = packed['index.js'] + packed['worker.js'] + packed[runtime];
  console.log(`a page with ${runtime.padEnd(29)} ${loaded} bytes with gzip`);
  if (small.includes(runtime) && loaded > MOST) {
    console.error(`${runtime}, index.js and worker.js have ${loaded} bytes with gzip, at most ${MOST} are allowed`);
    process.exit(1);
  }
}
