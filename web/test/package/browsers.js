// The browsers that must run the package, each behind the same few calls.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';
import { CHROME, CHROME_FLAGS, FIREFOX } from '../support.js';

/**
 * @typedef {object} Browser
 * @property {string} version
 * @property {(url: string) => Promise<any>} visit  load a page, anew unless it differs from the last one only behind a #, and give its outcome
 * @property {(folder: string) => Promise<string>} [install]  an extension, and give its id
 * @property {() => Promise<void>} close
 */

const WEBKIT = '/usr/bin/WebKitWebDriver';
const XVFB = '/usr/bin/Xvfb';
const noWebKit = [WEBKIT, XVFB].every((file) => existsSync(file)) ? false : 'no WebKitWebDriver and Xvfb found';

/** How long a page may take to come to an end, in milliseconds. */
const PATIENCE = 180_000;

/**
 * sharesMemory: whether pages that are cross-origin isolated can have threads. WebKitGTK knows how, as Safari does, but must be told to;
 * again: it is there for the threads only.
 * @type {Record<string, { missing: string | false, sharesMemory: boolean, again?: boolean, launch: () => Promise<Browser> }>}
 */
export const BROWSERS = {
  Chromium: {
    missing: !CHROME && 'no Chromium found: set CHROME_PATH',
    sharesMemory: true,
    launch: () => puppeteered({ executablePath: CHROME, args: CHROME_FLAGS, enableExtensions: true, pipe: true }),
  },
  Firefox: {
    missing: !FIREFOX && 'no Firefox found: set FIREFOX_PATH',
    sharesMemory: true,
    launch: () => puppeteered({ browser: 'firefox', executablePath: FIREFOX }),
  },
  WebKitGTK: { missing: noWebKit, sharesMemory: false, launch: webkit },
  'WebKitGTK, told to share memory': { missing: noWebKit, sharesMemory: true, again: true, launch: () => webkit({ JSC_useSharedArrayBuffer: '1' }) },
};

/** In a page: what main.js tells. */
const outcome = () => document.documentElement.dataset.outcome;

/** @param {import('puppeteer-core').LaunchOptions} options @returns {Promise<Browser>} */
async function puppeteered(options) {
  const browser = await puppeteer.launch(options);
  return {
    version: await browser.version(),
    async visit(url) {
      const page = await browser.newPage();
      try {
        await page.goto(url);
        const handle = await page.waitForFunction(outcome, { polling: 100, timeout: PATIENCE });
        return JSON.parse(await handle.jsonValue());
      } finally {
        await page.close();
      }
    },
    install: (folder) => browser.installExtension(folder),
    close: () => browser.close(),
  };
}

/** WebKitGTK's small browser, on a display that nobody sees, told by WebDriver what to do. @param {Record<string, string>} [settings] @returns {Promise<Browser>} */
async function webkit(settings = {}) {
  const screen = spawn(XVFB, ['-displayfd', '3', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [display] = await Promise.race([once(screen.stdio[3], 'data'), once(screen, 'exit')]);
  const port = await freePort();
  const driver = spawn(WEBKIT, [`--port=${port}`], { env: { ...process.env, ...settings, DISPLAY: `:${String(display).trim()}` }, stdio: 'ignore' });

  function stop() {
    driver.kill();
    screen.kill();
  }

  /** A WebDriver command. */
  async function call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(value.message);
    return value;
  }

  try {
    await until(() => call('GET', '/status').catch(() => undefined)); // it listens
    const { sessionId, capabilities } = await call('POST', '/session', { capabilities: {} });
    const session = `/session/${sessionId}`;
    return {
      version: `${capabilities.browserName}/${capabilities.browserVersion}`,
      async visit(url) {
        await call('POST', `${session}/url`, { url });
        return JSON.parse(await until(() => call('POST', `${session}/execute/sync`, { script: `return (${outcome})()`, args: [] })));
      },
      async close() {
        await call('DELETE', session).finally(stop);
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Wait for what is asked again and again. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
async function until(ask) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(100)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited ${PATIENCE} ms in vain`);
}

/** A port that nobody listens on. @returns {Promise<number>} */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    server.close(() => resolve(port));
  });
});
