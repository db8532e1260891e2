// The switch that keeps the page's own files in the browser, for use without a network: the list of files and its
// version come from files.json, service-worker.js serves what is kept.

import { bytesText } from './format.js';

const PREFIX = 'ask-a-picture '; // the package removes older caches of its own, which begin with its name
const knob = document.getElementById('offline-switch');
const text = document.getElementById('offline-text');

/** Show the switch where it can work, and look for a newer version of what is kept. The runtime has been fetched, if it can be. */
export async function offerOffline() {
  if (!('serviceWorker' in navigator && 'caches' in window)) return;
  knob.checked = (await versions().catch(() => [])).length > 0;
  document.getElementById('offline').hidden = false;
  let turning = knob.checked ? turn(true) : Promise.resolve();
  knob.addEventListener('change', () => {
    const on = knob.checked;
    turning = turning.then(() => turn(on)); // one after the other
  });
}

async function turn(on) {
  try {
    text.textContent = on ? await keep() : await forget();
  } catch (error) {
    knob.checked = (await versions().catch(() => [])).length > 0;
    text.textContent = knob.checked ? 'Kept in this browser.' : `It can't be kept: ${error.message}`;
  }
}

/** Keep all files of the newest version, or none of them; then those of older versions go. */
async function keep() {
  const response = await fetch('files.json', { cache: 'no-cache' });
  if (!response.ok) throw new Error(`the list of its files, files.json, answers with HTTP status ${response.status}`);
  const { version, files } = await response.json();
  const used = files.filter(isUsed);
  if (!used.some(isRuntime)) throw new Error('no runtime (.wasm) was loaded, and the page would not work without one');
  const before = await versions();
  const newest = PREFIX + version;
  const isNew = !before.includes(newest);
  try {
    if (isNew) await (await caches.open(newest)).addAll(used);
    await navigator.serviceWorker.register('service-worker.js');
  } catch (error) {
    if (isNew) await caches.delete(newest);
    throw error;
  }
  for (const name of before) if (name !== newest) await caches.delete(name);
  await navigator.serviceWorker.ready;
  if (before.length && isNew) return 'A newer version is there: reload to use it.';
  return `Kept in this browser, ${bytesText(await keptBytes())}.`;
}

async function forget() {
  for (const name of await versions()) await caches.delete(name);
  await (await navigator.serviceWorker.getRegistration())?.unregister();
  return 'No longer kept.';
}

const versions = async () => (await caches.keys()).filter((name) => name.startsWith(PREFIX));

const isRuntime = (file) => file.endsWith('.wasm');

/** Of the runtimes, one is enough: that which this browser has taken. */
function isUsed(file) {
  const { href } = new URL(file, location.href);
  return !isRuntime(file) || performance.getEntriesByName(href).length > 0;
}

async function keptBytes() {
  let bytes = 0;
  for (const name of await versions()) {
    for (const response of await (await caches.open(name)).matchAll()) bytes += (await response.blob()).size;
  }
  return bytes;
}
