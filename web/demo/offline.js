// The switch that keeps the page's own files in the browser, for use without a network: the list of files, their hashes and
// their version come from files.json, service-worker.js serves what is kept.

import { bytesText } from './format.js';
import { expectBytes } from './src/integrity.js';

const PREFIX = 'ask-a-picture '; // the package removes older caches of its own, which begin with its name
const LIST = 'files.json'; // kept last: a version without it is not whole
const knob = document.getElementById('offline-switch');
const text = document.getElementById('offline-text');

/** Show the switch where it can work, and look for a newer version of what is kept, or the rest of it. The runtime has been fetched, if it can be. */
export async function offerOffline() {
  if (!('serviceWorker' in navigator && 'caches' in window)) return;
  knob.checked = (await begun().catch(() => [])).length > 0;
  document.getElementById('offline').hidden = false;
  if (knob.checked) turnInOrder();
  knob.addEventListener('change', turnInOrder);
}

/** One after the other, also those of other tabs. */
function turnInOrder() {
  const on = knob.checked;
  navigator.locks.request(PREFIX, () => turn(on));
}

async function turn(on) {
  try {
    text.textContent = on ? await keep() : await forget();
  } catch (error) {
    knob.checked = (await whole().catch(() => [])).length > 0;
    const isOffline = error instanceof TypeError; // of fetch(): what is kept is there for that
    if (!knob.checked) text.textContent = `It can't be kept: ${error.message}`;
    else text.textContent = isOffline ? 'Kept in this browser.' : `Kept in this browser as it was: ${error.message}`;
  }
}

/** Keep all files of the newest version, or none of them; then those of older versions go. */
async function keep() {
  const list = await fetchAnew(LIST);
  const { version, files } = await list.clone().json();
  const used = Object.keys(files).filter(isUsed);
  if (!used.some(isRuntime)) throw new Error('no runtime (.wasm) was loaded, and the page would not work without one');
  const before = await whole();
  const newest = PREFIX + version;
  const isNew = !before.includes(newest);
  const cache = await caches.open(newest);
  if (isNew) await Promise.all(used.map((file) => keepFile(cache, file, files[file])));
  await navigator.serviceWorker.register('service-worker.js');
  if (isNew) await cache.put(LIST, list);
  for (const name of before) if (name !== newest) await caches.delete(name);
  await navigator.serviceWorker.ready;
  if (before.length && isNew) return 'A newer version is there: reload to use it.';
  return `Kept in this browser, ${bytesText(await keptBytes())}.`;
}

/** Keep a file, if it is what the list says: whoever stands between may answer in its place. */
async function keepFile(cache, file, hash) {
  const response = await fetchAnew(file);
  await expectBytes(`file ${file}`, new Uint8Array(await response.clone().arrayBuffer()), hash);
  await cache.put(file, response);
}

/** What the server has now: the service worker lets such a request pass, and the browser's own cache is not asked. */
async function fetchAnew(file) {
  const response = await fetch(file, { cache: 'reload' });
  if (!response.ok) throw new Error(`the file ${file} answers with HTTP status ${response.status}`);
  return response;
}

async function forget() {
  for (const name of await begun()) await caches.delete(name);
  await (await navigator.serviceWorker.getRegistration())?.unregister();
  return 'No longer kept.';
}

/** The versions that are kept, and those that a tab which went meanwhile has begun to keep. */
const begun = async () => (await caches.keys()).filter((name) => name.startsWith(PREFIX));

/** The versions that are kept; those that are not whole go. */
async function whole() {
  const found = [];
  for (const name of await begun()) {
    if (await caches.match(LIST, { cacheName: name })) found.push(name);
    else await caches.delete(name);
  }
  return found;
}

const isRuntime = (file) => file.endsWith('.wasm');

/** Of the runtimes, one is enough: that which this browser has taken. */
function isUsed(file) {
  const { href } = new URL(file, location.href);
  return !isRuntime(file) || performance.getEntriesByName(href).length > 0;
}

async function keptBytes() {
  let bytes = 0;
  for (const name of await begun()) {
    for (const response of await (await caches.open(name)).matchAll()) bytes += (await response.blob()).size;
  }
  return bytes;
}
