// Threads on hosts whose headers can't be set: a service worker adds those that make a page cross-origin isolated.

import { reason } from './errors.js';

/** Remembers in the tab that the page was reloaded, so that it is not reloaded again and again. */
const RELOADED = 'wasm-vqa reloaded the page to isolate it';

/**
 * Make the page cross-origin isolated, so that the engine can have several threads. On the first visit isolation-worker.js,
 * a service worker, is installed and the page reloaded, once; from then on that worker adds the headers that the host does
 * not send. Where this can't be, `console.warn` says why in one sentence, and the engine has one thread.
 *
 *     import { isolate } from 'wasm-vqa/isolation';
 *
 *     await isolate(); // before anything else, for the page may be reloaded here
 *
 * @param {string | URL} [worker]  the address of isolation-worker.js, copied from this package to the site itself: pages in its
 *   folder and below are isolated; default: beside the page
 * @returns {Promise<boolean>} whether the page is isolated
 */
export async function isolate(worker = 'isolation-worker.js') {
  const isolated = globalThis.crossOriginIsolated === true;
  try {
    if (isolated) {
      sessionStorage.removeItem(RELOADED);
      return true;
    }
    const { serviceWorker } = globalThis.navigator ?? {};
    if (!serviceWorker) return refused('there are no service workers, which need https or localhost');
    const { scope } = await serviceWorker.register(worker);
    if (!location.href.startsWith(scope)) return refused(`${worker} is for pages below ${scope}`);
    await serviceWorker.ready;
    if (sessionStorage.getItem(RELOADED)) return refused('the browser did not isolate it when it was reloaded');
    sessionStorage.setItem(RELOADED, 'yes');
  } catch (error) { // also frames that may have neither service workers nor a session
    return isolated || refused(`${worker} can't be a service worker: ${reason(error)}`);
  }
  location.reload();
  return new Promise(() => {}); // the page goes
}

/** @param {string} why */
function refused(why) {
  console.warn(`wasm-vqa: the page is not cross-origin isolated: ${why}`);
  return false;
}
