// When a page is reloaded to be isolated, and when not; package.test.js does it in browsers.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { isolate } from '../src/isolation.js';

/** A page and its tab. @type {{ reloads: number, warned: string[], stored: Map<string, string> }} */
let page;

/** @param {(script: string) => Promise<{ scope: string }>} [register] */
function browser(t, register) {
  const define = (name, value) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
  };
  define('navigator', { serviceWorker: register && { register, ready: Promise.resolve() } });
  define('location', { href: 'https://example.com/app/page.html', reload: () => page.reloads++ });
  define('sessionStorage', {
    getItem: (key) => page.stored.get(key) ?? null,
    setItem: (key, value) => page.stored.set(key, value),
    removeItem: (key) => page.stored.delete(key),
  });
  t.mock.method(console, 'warn', (sentence) => page.warned.push(sentence));
  return { isolated: () => define('crossOriginIsolated', true) };
}

const registered = async () => ({ scope: 'https://example.com/app/' });
const REFUSED = 'wasm-vqa: the page is not cross-origin isolated:';

beforeEach(() => (page = { reloads: 0, warned: [], stored: new Map() }));

/** It settles, or the page is reloaded, for which it waits. */
const settled = (promise) => Promise.race([promise, new Promise((resolve) => setImmediate(resolve, 'reloading'))]);

test('a page is reloaded once, then it is isolated or stays as it is', async (t) => {
  const { isolated } = browser(t, registered);
  assert.equal(await settled(isolate()), 'reloading');
  assert.equal(await settled(isolate()), false);
  assert.deepEqual(page.warned, [`${REFUSED} the browser did not isolate it when it was reloaded`]);
  isolated();
  assert.equal(await isolate(), true);
  assert.equal(page.stored.size, 0);
  assert.equal(page.reloads, 1);
});

test('a page that can\'t be isolated stays as it is', async (t) => {
  browser(t);
  assert.equal(await isolate(), false);
  browser(t, async () => ({ scope: 'https://example.com/app/scripts/' }));
  assert.equal(await isolate('scripts/isolation-worker.js'), false);
  browser(t, async () => { throw new TypeError('it is not there'); });
  assert.equal(await isolate(), false);
  assert.deepEqual(page.warned, [
    `${REFUSED} there are no service workers, which need https or localhost`,
    `${REFUSED} scripts/isolation-worker.js is for pages below https://example.com/app/scripts/`,
    `${REFUSED} isolation-worker.js can't be a service worker: it is not there`,
  ]);
  assert.equal(page.reloads, 0);
});

test('a frame that may have neither service workers nor a session stays as it is', async (t) => {
  const { isolated } = browser(t, registered);
  const refuse = () => { throw new DOMException('the frame is sandboxed', 'SecurityError'); };
  const { navigator, sessionStorage } = globalThis;
  Object.defineProperty(sessionStorage, 'getItem', { value: refuse });
  assert.equal(await isolate(), false);
  Object.defineProperty(navigator, 'serviceWorker', { get: refuse });
  assert.equal(await isolate(), false);
  assert.deepEqual(page.warned, Array(2).fill(`${REFUSED} isolation-worker.js can't be a service worker: the frame is sandboxed`));
  isolated();
  Object.defineProperty(sessionStorage, 'removeItem', { value: refuse });
  assert.equal(await isolate(), true);
  assert.equal(page.reloads, 0);
});
