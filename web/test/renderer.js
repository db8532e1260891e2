// How much memory the pages of a Chromium take.

import { existsSync, readFileSync } from 'node:fs';

/** For `test(name, { skip })`. */
export const unreadable = !existsSync('/proc/self/status') && 'memory is read from /proc';

/**
 * A function that gives the megabytes that the renderers have resident now, garbage of `page` collected before.
 * @param {import('playwright-core').Browser} browser @param {import('playwright-core').Page} page
 */
export async function residentMemory(browser, page) {
  const session = await browser.newBrowserCDPSession();
  const tab = await page.context().newCDPSession(page);
  return async () => {
    await tab.send('HeapProfiler.collectGarbage');
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => readFileSync(`/proc/${id}/status`, 'utf8'));
    return renderers.reduce((sum, status) => sum + Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024, 0);
  };
}
