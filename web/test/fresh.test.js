// Whether the files of a kept model have changed, asked of a host that tells one thing or another.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { changed, described } from '../src/fresh.js';
import { load } from '../src/load.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';

const DAY = 'Tue, 02 Jan 2024 10:00:00 GMT';
const LATER = 'Wed, 03 Jan 2024 10:00:00 GMT';
let server, base, told, asked;

before(async () => {
  server = createServer(({ url, method }, response) => {
    asked.push(`${method} ${url}`);
    if (told === 'silence') return;
    const { status = 200, ...rest } = told;
    response.writeHead(status, rest).end();
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  base = `http://localhost:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** What is known of a file that came with these headers. */
const file = (headers, name = 'x') => described(`${base}/${name}`, new Response('', { headers }));

/** Does the host's answer, now that it tells `headers`, say that it is another file? */
async function isOther(before, now, ...rest) {
  asked = [];
  told = now;
  return changed([].concat(before), ...rest);
}

test('another ETag, date or length is another file', async () => {
  const cases = [
    [{ etag: '"a"' }, { etag: '"b"' }, true],
    [{ etag: '"a"', 'last-modified': DAY }, { etag: '"a"', 'last-modified': LATER }, false],
    [{ etag: '"a"' }, { etag: 'W/"a"' }, false],
    [{ 'last-modified': DAY, 'content-length': '5' }, { 'last-modified': DAY, 'content-length': '5' }, false],
    [{ 'last-modified': DAY, 'content-length': '5' }, { 'last-modified': LATER, 'content-length': '5' }, true],
    [{ 'last-modified': DAY, 'content-length': '5' }, { 'last-modified': DAY, 'content-length': '6' }, true],
    [{ etag: '"a"', 'last-modified': DAY }, { 'last-modified': LATER }, true],
  ];
  for (const [before, now, expected] of cases) assert.equal(await isOther(file(before), now), expected, JSON.stringify([before, now]));
});

test('one of several files is enough, each is asked for once and without its bytes', async () => {
  const files = [file({ etag: '"a"' }, 'config.json'), file({ etag: '"b"' }, 'model.safetensors')];
  assert.equal(await isOther(files, { etag: '"a"' }), true);
  assert.deepEqual(asked.sort(), ['HEAD /config.json', 'HEAD /model.safetensors']);
});

test('who tells nothing has not changed anything', async () => {
  const known = file({ etag: '"a"', 'last-modified': DAY });
  for (const now of [{}, { status: 403, etag: '"b"' }, { status: 404 }, { status: 500 }, { etag: '"b"', 'content-type': 'text/html' }]) {
    assert.equal(await isOther(known, now), false, JSON.stringify(now));
  }
  assert.equal(await isOther(file({}), { etag: '"b"' }), false);
  assert.equal(await isOther([], {}), false);
  assert.equal(await isOther({ ...known, url: 'http://localhost:1/x' }, {}), false); // no network
  assert.equal(await isOther(known, 'silence', undefined, 20), false);
});

test('an aborted question', async () => {
  const controller = new AbortController();
  const asking = isOther(file({ etag: '"a"' }), 'silence', controller.signal);
  controller.abort('enough');
  await assert.rejects(asking, (reason) => reason === 'enough');
});

test('what is remembered: the files of a folder but its card', async () => {
  const wanted = ['config.json', 'README.md', 'model.safetensors', ''];
  const engine = {
    call: async (name) => (/openFolder|endFile/.test(name) ? wanted.shift() : undefined),
    take: async (piece) => piece,
    starter: { async open() {} },
    meter: new Meter(() => {}),
  };
  told = { etag: '"a"' };
  asked = [];
  const folder = findModel(`${base}/m/?v=1`);
  await load(folder, engine);
  assert.deepEqual([...folder.files.values()].map(({ url, etag }) => [url, etag]), ['config.json', 'model.safetensors'].map((name) => [`${base}/m/${name}?v=1`, '"a"']));
});
