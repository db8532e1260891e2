// What has left the device: the requests that the browser says the page has made since the model was ready.

import { element } from './dom.js';
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
export const mayConnect = () => Boolean(new URLSearchParams(location.search).get('model'));

function show() {
  if (since === Infinity) return;
  const counted = seen.filter(({ startTime }) => startTime >= since);
  const servers = [...new Set(counted.map(serverOf))];
  const others = servers.filter((server) => server !== location.host);
  $('left').textContent = `Your picture never leaves this device: ${sumText(counted)} since the model was ready${
    counted.length ? `, ${others.length ? `to ${others.join(', ')}` : 'none to another server'}` : ''}.`;
  $('requests').replaceChildren(...servers.map((server) => {
    const own = server === location.host ? ' (this page\'s own files)' : '';
    return element('li', '', `${server}${own}: ${sumText(counted.filter((entry) => serverOf(entry) === server))}`);
  }));
}

const serverOf = ({ name }) => new URL(name).host;

/** How many requests, and the bytes that came for them. */
function sumText(entries) {
  const bytes = entries.reduce((sum, { transferSize }) => sum + transferSize, 0);
  return `${entries.length} ${entries.length === 1 ? 'request' : 'requests'}, ${bytesText(bytes)}`;
}
