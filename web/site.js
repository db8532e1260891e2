// The files that the demo page consists of, their hashes and their version: what a browser keeps for use without a network.

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';

/** Folders of pages and modules, with all their files of these kinds, and of the weights the built-in model. @type {[address: string, folder: string, kinds: RegExp][]} */
const FOLDERS = [
  ['', 'web/demo/', /\.(css|js|svg|webmanifest)$/],
  ['icons/', 'web/demo/icons/', /\.png$/],
  ['samples/', 'web/demo/samples/', /\.(jpg|json|png)$/],
  ['src/', 'build/wasm/', /^vqa.*\.wasm$/],
  ['weights/', 'weights/', /^photos\.q8\.safetensors$/],
];

/**
 * The list of files, as the page's offline.js reads it.
 * @param {string} root  of the repository
 * @returns {Promise<{ version: string, files: Record<string, string> }>} the SHA-256 of each in hexadecimal digits, by its address relative to the page; another version: a file has changed
 */
export async function siteFiles(root) {
  /** @type {Record<string, string>} */
  const paths = { './': 'web/demo/index.html' };
  for (const [address, folder, kinds] of FOLDERS) {
    for (const name of await readdir(root + folder)) if (kinds.test(name)) paths[address + name] = folder + name;
  }
  for (const entry of ['index.js', 'microphone.js']) {
    for (const module of await modules(`${root}web/src/`, entry)) paths[`src/${module}`] = `web/src/${module}`;
  }
  /** @type {Record<string, string>} */
  const files = {};
  for (const file of Object.keys(paths).sort()) if (file !== 'service-worker.js') files[file] = hashOf(await readFile(root + paths[file]));
  return { version: hashOf(JSON.stringify(files)).slice(0, 16), files };
}

/** @param {string | Buffer} content */
const hashOf = (content) => createHash('sha256').update(content).digest('hex');

/** A module of a folder, and those of it that it needs. @param {string} folder @param {string} name @returns {Promise<Set<string>>} */
async function modules(folder, name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = await readFile(folder + name, 'utf8');
  for (const [, next] of text.matchAll(/(?:from |import |import\(|new URL\()'\.\/([\w-]+\.js)(?:\?[\w-]+)?'/g)) await modules(folder, next, found);
  return found;
}
