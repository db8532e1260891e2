// What has left the device: the requests that the browser says the page has made since the model was ready.

import { bytesText } from './format.js';

const $ = (id) => document.getElementById(id);

let since = Infinity; // in milliseconds, when everything was there
const seen = []; // PerformanceResourceTiming of every request over the network

/** Begin to count. */
export function watchRequests() {
  new PerformanceObserver((list) => {
    seen.push(...list.getEntries().filter(({ name }) => /^https?:/.test(name)));
    show();
  }).observe({ type: 'resource', buffered: true });
  $('policy').textContent = mayConnect()
    ? 'This page was opened with a model from another server, so its policy (Content-Security-Policy) lets it connect to other servers until you go back to the built-in model. Nothing but the model is asked for there.'
    : 'Its policy (Content-Security-Policy: connect-src \'self\') makes the browser refuse every connection to another server.';
}

/** Everything is there: what is requested from now on is not for the model. */
export function countFromNow() {
  since = performance.now();
  show();
}

/** Whether the page may connect to other servers: see policy.js. */
export const mayConnect = () => new URLSearchParams(location.search).get('model') !== null;

function show() {
  const counted = seen.filter(({ startTime }) => startTime >= since);
  const elsewhere = counted.filter(({ name }) => new URL(name).origin !== location.origin);
  const bytes = counted.reduce((sum, { transferSize }) => sum + transferSize, 0);
  const requests = `${counted.length} ${counted.length === 1 ? 'request' : 'requests'}`;
  $('left').textContent = since === Infinity
    ? 'Your picture never leaves this device.'
    : `Your picture never leaves this device: ${requests}, ${bytesText(bytes)} since the model was ready${
      counted.length ? `, ${elsewhere.length || 'none'} to another server` : ''}.`;
  $('requests').replaceChildren(...counted.map(({ name, transferSize }) =>
    Object.assign(document.createElement('li'), { textContent: `${name}: ${bytesText(transferSize)} received` })));
}
