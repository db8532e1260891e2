// What has left the device: the requests that the browser says the page has made since the model was ready.

import { element } from './dom.js';
import { bytesText } from './format.js';

const $ = (id) => document.getElementById(id);

/** What holds, by <html data-connects>: see policy.js. */
const POLICIES = {
  here: 'This page\'s policy (Content-Security-Policy: connect-src \'self\') makes the browser refuse every connection to another server.',
  elsewhere: 'This page was opened with a model from another server, so its policy (Content-Security-Policy) lets it connect to other servers until you go back to the built-in model. Nothing but the model is asked for there.',
};

let since = Infinity; // in milliseconds, when everything was there
const seen = []; // PerformanceResourceTiming of every request over the network

/** Begin to count. */
export function watchRequests() {
  new PerformanceObserver((list) => {
    seen.push(...list.getEntries().filter(({ name }) => /^https?:/.test(name)));
    show();
  }).observe({ type: 'resource', buffered: true });
  $('policy').textContent = POLICIES[document.documentElement.dataset.connects];
}

/** Everything is there: what is requested from now on is not for the model. */
export function countFromNow() {
  since = performance.now();
  show();
}

/** Whether the page may connect to other servers. */
export const mayConnect = () => document.documentElement.dataset.connects === 'elsewhere';

function show() {
  if (since === Infinity) return;
  const counted = seen.filter(({ startTime }) => startTime >= since);
  const servers = [...new Set(counted.map(serverOf))];
  const others = servers.filter((server) => server !== location.host);
  $('left').textContent = `Your picture never leaves this device: ${countText(counted)} since the model was ready${
    counted.length ? `, ${receivedText(counted)}, ${others.length ? `to ${others.join(', ')}` : 'none to another server'}` : ''}.`;
  $('requests').replaceChildren(...servers.map((server) => {
    const own = server === location.host ? ' (this page\'s own files)' : '';
    const entries = counted.filter((entry) => serverOf(entry) === server);
    return element('li', '', `${server}${own}: ${countText(entries)}, ${receivedText(entries)}`);
  }));
}

const serverOf = ({ name }) => new URL(name).host;

const countText = ({ length }) => `${length} ${length === 1 ? 'request' : 'requests'}`;
const receivedText = (entries) => `${bytesText(entries.reduce((sum, { transferSize }) => sum + transferSize, 0))} received`;
