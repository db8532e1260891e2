// Nothing of the page begins where policy.js has not settled how far it may connect: what this throws ends app.js, too.

import { element } from './dom.js';

if (!document.documentElement.dataset.connects) {
  const sentence = 'This page does not begin: policy.js, which keeps it from sending your picture to another server, could not be loaded. Reload the page.';
  const message = element('p', 'error', sentence);
  message.setAttribute('role', 'alert');
  document.body.replaceChildren(element('main', '', element('h1', '', 'Ask a picture'), message));
  throw new Error(sentence);
}
