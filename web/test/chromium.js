// A Chromium for tests of models: a page of the demo, and a small folder on another host.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { createVqa } from '../src/index.js';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RED_CIRCLE, RUNTIME, SAMPLES, missing, smallFolder } from './support.js';

/** For `describe(name, { skip })`. */
export const skip = missing(RUNTIME, PACK, SAMPLES) || (!CHROME && 'no Chromium found: set CHROME_PATH');

export const HOST = 'https://models.example';
export const FOLDER = `${HOST}/owner/small/resolve/refs%2Fpr%2F9/`;
export const QUESTION = 'what color is the cat?';

const CORS = { 'access-control-allow-origin': '*' };

/**
 * What the tests of a describe() use: `page`, `demo`, the address of the demo page, `url`, that of a bare page, which may connect
 * to HOST (the demo only when its address names a model), `path` of the folder, `complaints` of the page, paths
 * that HOST was `asked` for, those it was only asked about (HEAD) as `checked`, and when its files were `modified`.
 */
export function modelsInBrowser() {
  const folder = smallFolder();
  const use = { asked: [], checked: [], complaints: [] };
  const served = servedInBrowser();

  before(() => {
    use.path = mkdtempSync(join(tmpdir(), 'vqa-small-'));
    for (const [name, bytes] of Object.entries(folder)) writeFileSync(join(use.path, name), bytes);
    use.demo = served.url;
    use.url = `${use.demo}icon.svg`;
  });

  after(() => rmSync(use.path, { recursive: true }));

  beforeEach(async () => {
    use.context = await served.browser.newContext({ viewport: { width: 360, height: 740 } });
    use.page = await use.context.newPage();
    use.page.setDefaultTimeout(15_000);
    use.asked.length = use.checked.length = use.complaints.length = 0;
    use.modified = 'Tue, 02 Jan 2024 10:00:00 GMT';
    use.page.on('console', (message) => ['error', 'warning'].includes(message.type()) && use.complaints.push(message.text()));
    use.page.on('pageerror', (error) => use.complaints.push(error.message));
    await use.page.route(`${HOST}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      (route.request().method() === 'HEAD' ? use.checked : use.asked).push(pathname);
      const body = !pathname.startsWith('/nothing') && folder[pathname.split('/').pop()];
      return route.fulfill(body ? { body, headers: { ...CORS, 'content-length': String(body.length), 'last-modified': use.modified } } : { status: 404, headers: CORS });
    });
  });

  afterEach(() => use.context.close());

  /** What node answers, loading the folder as `options` say. */
  use.expected = async (options, askOptions = {}) => {
    const vqa = await createVqa({ model: use.path, wasm: RUNTIME, ...options });
    return (await vqa.ask(RED_CIRCLE, QUESTION, askOptions)).answers;
  };

  /** The page's complaints, without those about files that a folder need not have. */
  use.serious = () => use.complaints.filter((text) => !/404/.test(text));
  return use;
}

/** Runs in the page before all else: what takes seconds takes a tenth of them. */
export function hurry() {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (work, time = 0, ...rest) => setTimeout(work, time >= 1000 ? time / 10 : time, ...rest);
}
