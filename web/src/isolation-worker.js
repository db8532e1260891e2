// A service worker that makes pages cross-origin isolated; isolation.js installs it. All else passes it by.

/** What isolation asks headers of, as Request.destination names it. */
const ISOLATED = ['document', 'iframe', 'frame', 'worker', 'sharedworker'];

const scope = /** @type {any} */ (self);

scope.addEventListener('install', () => scope.skipWaiting());
scope.addEventListener('fetch', (/** @type {any} */ event) => {
  if (ISOLATED.includes(event.request.destination)) event.respondWith(isolated(event.request));
});

/**
 * The host's answer, and the headers.
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function isolated(request) {
  const response = await fetch(request);
  if (!response.status) return response; // a redirect, which the browser follows, or something that is another host's
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
