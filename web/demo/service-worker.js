// Serves the page's own files from where offline.js has put them, so that the page opens without a network. It keeps
// nothing itself: no picture, question or model comes by here that is not fetched anew from the network.

const PREFIX = 'ask-a-picture ';
const LIST = 'files.json'; // the last file of a version: one without it is not whole
const FOR_BUNDLERS = /\.js\?no-inline$/; // it is the same file

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { method, url, mode, cache } = event.request;
  if (method !== 'GET' || cache === 'reload' || !url.startsWith(self.registration.scope)) return; // 'reload' wants what the server has
  const found = kept(mode === 'navigate' || FOR_BUNDLERS.test(url) ? withoutQuery(url) : url).catch(() => undefined); // a broken cache is none
  event.respondWith(found.then((response) => response ?? fetch(event.request)));
});

/** The page is the same file, whatever model its address names. */
const withoutQuery = (url) => url.split(/[?#]/)[0];

/** A file of the page, if it is kept: the promise of a Response or undefined. */
async function kept(url) {
  for (const name of await caches.keys()) {
    const here = { cacheName: name };
    const found = name.startsWith(PREFIX) && await caches.match(LIST, here) && await caches.match(url, here);
    if (found) return found;
  }
  return undefined;
}
