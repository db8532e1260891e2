// Draws the pictures that are made of the page: its icons, screenshots of its five states on a phone and on a desktop
// (build/screenshots), and those that the README shows (demo/screenshot.png, demo/states.png).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from './serve.js';
import { STATES } from './test/states.js';
import { CHROME, CHROME_FLAGS } from './test/support.js';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const all = path('../build/screenshots/');
const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1440, height: 900 } },
};

mkdirSync(all, { recursive: true });
mkdirSync(path('demo/icons/'), { recursive: true });
const server = await serve(0);
const url = `http://localhost:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: CHROME, args: CHROME_FLAGS });

const icon = dataUrl(readFileSync(path('demo/icon.svg')), 'image/svg+xml');
await draw(path('demo/icons/192.png'), 192, 192, `<img src="${icon}" style="width: 100%">`);
await draw(path('demo/icons/512.png'), 512, 512, `<img src="${icon}" style="width: 100%">`);
await draw(path('demo/icons/maskable.png'), 512, 512, `<div style="background: #0f6b62"><img src="${icon}" style="width: 76%; margin: 12%"></div>`);

const shots = {};
for (const scheme of ['light', 'dark']) {
  for (const [size, device] of Object.entries(SIZES)) {
    for (const [state, bring] of Object.entries(STATES)) {
      const page = await browser.newPage({ ...device, colorScheme: scheme, reducedMotion: 'reduce' });
      await bring(page, url);
      await page.mouse.move(0, 0);
      await page.evaluate(() => document.activeElement?.blur());
      const name = `${state}-${size}-${scheme}`;
      shots[name] = await page.screenshot();
      writeFileSync(`${all}${name}.png`, shots[name]);
      await page.close();
    }
  }
}

writeFileSync(path('demo/screenshot.png'), shots['answered-desktop-light']);
const phones = Object.keys(STATES).map((state, i) => `<img src="${dataUrl(shots[`${state}-phone-${i % 2 ? 'dark' : 'light'}`], 'image/png')}">`);
await draw(path('demo/states.png'), 1300, 552, `<style>body { display: flex; gap: 10px; padding: 10px; background: #8a8f8d } img { width: 248px; border-radius: 8px }</style>${phones.join('')}`);

await browser.close();
server.closeAllConnections();
server.close();

/** Draw a page of this size with this content into a file. */
async function draw(file, width, height, content) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.setContent(`<style>body { margin: 0 } div { overflow: hidden } img { display: block }</style>${content}`);
  await page.locator('img').last().evaluate((image) => image.decode());
  await page.screenshot({ path: file, omitBackground: true });
  await page.close();
}

function dataUrl(bytes, type) {
  return `data:${type};base64,${bytes.toString('base64')}`;
}
