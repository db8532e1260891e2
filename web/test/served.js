// The demo's server and a browser, for the tests of a describe().

import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../serve.js';
import { CHROME, CHROME_FLAGS } from './support.js';

/** A Chromium. */
export const launchChromium = () => chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });

/**
 * While the tests of a describe() run: the `server`, its address `url`, which ends with a slash, and the `browser`. Hooks that are
 * named after this call find them.
 * @param {object} [options]
 * @param {() => import('../serve.js').Mounts} [options.mounts]  other folders to serve
 * @param {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => unknown} [options.instead]  truthy:
 *   it deals with this request itself
 * @param {() => Promise<any>} [options.launch]  starts the browser
 */
export function servedInBrowser({ mounts = () => ({}), instead, launch = launchChromium } = {}) {
  const use = {};

  before(async () => {
    use.server = await serve(0, mounts());
    const [others] = use.server.listeners('request');
    if (instead) use.server.removeAllListeners('request').on('request', (request, response) => instead(request, response) || others(request, response));
    use.url = `http://localhost:${use.server.address().port}/`;
    use.browser = await launch();
  });

  after(async () => {
    await use.browser?.close();
    use.server?.closeAllConnections();
    use.server?.close();
  });

  return use;
}
