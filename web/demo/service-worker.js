// Serves the page's own files from where offline.js has put them, so that the page opens without a network. It keeps
// nothing itself: no picture, question or model comes by here that is not fetched anew from the network.

const PREFIX = 'ask-a-picture ';
const FOR_BUNDLERS = /\.js\?no-inline$/; // it is the same file

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { method, url, mode } = event.request;
  if (method !== 'GET' || !url.startsWith(self.registration.scope)) return;
  const found = kept(mode === 'navigate' || FOR_BUNDLERS.test(url) ? withoutQuery(url) : url).catch(() => undefined); // a broken cache is none
  event.respondWith(found.then((response) => response ?? fetch(event.request)));
});

/** The page is the same file, whatever model its address names. */
const withoutQuery = (url) => url.split(/[?#]/)[0];

/** A file of the page, if it is kept: the promise of a Response or undefined. */
async function kept(url) {
  for (const name of await caches.keys()) {
    const found = name.startsWith(PREFIX) && await (await caches.open(name)).match(url);
    if (found) return found;
  }
  return undefined;
}
