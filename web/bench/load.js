// Loads a full-size folder in a headless Chromium and says what it took: node web/bench/load.js [FOLDER] [PICTURE] [QUESTION]

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { CHROME, CHROME_FLAGS, COMMAND_LINE, RUNTIME, fullSizeFolder, missing } from '../test/support.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [folder = missing(COMMAND_LINE) ? '' : fullSizeFolder('vilt_b32_vqa'), picture = here('../demo/samples/toys.png'), question = 'what color is the circle?'] =
  process.argv.slice(2);

const unable = missing(RUNTIME) || (!CHROME && 'no Chromium found: set CHROME_PATH') ||
  (!existsSync(join(folder, 'config.json')) && `${folder} has no config.json: give the folder of a model`);
if (unable) {
  console.error(unable);
  process.exit(1);
}

/** What runs in the page. */
async function measure({ model, precision, bytes, question }) {
  const { createVqa } = await import('/src/index.js');
  const timed = async (work) => {
    const start = performance.now();
    return [await work(), performance.now() - start];
  };
  const [vqa, load] = await timed(() => createVqa({ model, precision, cache: false }));
  const choices = vqa.info.choices === 'required' ? ['red', 'green', 'blue'] : undefined;
  const [handle, encode] = await timed(() => vqa.encode(new Uint8Array(bytes)));
  const [best, ask] = await timed(() => handle.ask(question, { choices }));
  const [pack, save] = await timed(() => vqa.pack());
  vqa.close();
  const keeping = await createVqa({ model, precision }); // into the cache
  keeping.close();
  const [again, cached] = await timed(() => createVqa({ model, precision }));
  again.close();
  return { info: vqa.info, load, encode, ask, best, pack: pack.size, save, cached: again.info.cached && cached };
}

const name = basename(resolve(folder));
const server = await serve(0, { [`/models/${name}/`]: `${resolve(folder)}/` });
const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
const megabytes = (size) => `${(size / 1e6).toFixed(1)} MB`;

console.log(`${resolve(folder)}: ${megabytes(statSync(join(folder, 'model.safetensors')).size)}, Chromium ${browser.version()}`);
for (const precision of ['q8', 'q4']) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  await page.goto(`http://localhost:${server.address().port}/icon.svg`);
  const model = `/models/${encodeURIComponent(name)}/`;
  const found = await page.evaluate(measure, { model, precision, bytes: [...readFileSync(picture)], question });
  const { info } = found;
  const rows = {
    'load': seconds(found.load),
    'WebAssembly memory at its peak': `${megabytes(info.peakBytes)}, ${megabytes(info.weightBytes)} of it weights`,
    'look at the picture, answer': `${seconds(found.encode)}, ${seconds(found.ask)}: ${found.best.answer}`,
    'pack': `${megabytes(found.pack)}, saved in ${seconds(found.save)}`,
    'load from the cache': found.cached === false ? 'it was not kept' : seconds(found.cached),
  };
  console.log(`${precision}: ${info.architecture}, ${info.summary}`);
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(32)}${value}`);
  await context.close();
}

await browser.close();
server.closeAllConnections();
server.close();
