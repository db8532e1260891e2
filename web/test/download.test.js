// A pack on its way from a host that breaks off, changes its file, lies and forgets, with what is kept of it between visits.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { VqaError } from '../src/errors.js';
import { loadAndKeep } from '../src/load.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';
import { storeKey, withStore } from '../src/store.js';
import { fakeCaches } from './support.js';

const SIZE = 4_000_001;
const DAY = 'Tue, 02 Jan 2024 10:00:00 GMT';
const LATER = 'Wed, 03 Jan 2024 10:00:00 GMT';
const bytesOf = (seed) => Uint8Array.from({ length: SIZE }, (_, i) => (i * seed) % 251);
const [OLD, NEW] = [bytesOf(1), bytesOf(2)];
const promise = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

let server, url, host, asked;

/** Of a request: the first byte that is wanted and still the same, else 0. */
function wanted({ headers: { range, 'if-range': condition } }) {
  const valid = !condition || [host.headers.etag, host.headers['last-modified']].includes(condition) || host.ignoresIfRange;
  return range && valid && !host.ignoresRange ? Number(/\d+/.exec(range)[0]) : 0;
}

before(async () => {
  server = createServer((request, response) => {
    const { method, headers: { range, 'if-range': condition } } = request;
    asked.push([method, range, condition].filter(Boolean).join(' '));
    const special = host.answers.shift();
    if (special) return special(response);
    const { bytes, headers, more = 0 } = host;
    const at = wanted(request);
    if (at >= bytes.length) return response.writeHead(416, headers).end();
    const rest = bytes.length - at + more;
    response.writeHead(at ? 206 : 200, { ...headers, 'content-length': rest, ...(at && { 'content-range': `bytes ${at + (host.shift ?? 0)}-${bytes.length - 1}/${bytes.length}` }) });
    if (method === 'HEAD') return response.end();
    if (more) return response.write(bytes.subarray(at), () => response.destroy());
    if (host.stalls) return response.write(bytes.subarray(at, host.stalls)); // and nothing more
    response.end(bytes.subarray(at));
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  url = `http://localhost:${server.address().port}/m.safetensors`;
});
beforeEach(() => {
  asked = [];
  host = { bytes: OLD, headers: { etag: '"old"', 'last-modified': DAY }, answers: [] };
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/**
 * Load the pack as a visit of a page does. `at` calls functions when so many bytes have come; an engine that gets neither
 * OLD nor NEW refuses it, as the real one does.
 */
async function visit({ at = {}, integrity, signal } = {}) {
  const todo = Object.entries(at);
  const seen = [];
  let pieces = [];
  const all = () => Buffer.concat(pieces);
  const engine = {
    async call(name) {
      if (name === 'loadEnd' && ![OLD, NEW].some((bytes) => all().equals(bytes))) throw new VqaError('E_MODEL', 'damaged');
    },
    take: async (piece) => (pieces.push(piece.slice()), piece),
    starter: { open: async () => { pieces = []; } },
    meter: new Meter((progress) => {
      seen.push(progress);
      while (todo.length && progress.loaded >= Number(todo[0][0])) todo.shift()[1]();
    }),
    signal,
  };
  asked = [];
  const cached = await withStore('cache', storeKey(new URL(url)), (store) => loadAndKeep(findModel(url, integrity), { ...engine, store }), signal);
  return { bytes: all(), cached, seen };
}

/** A visit that the person ends when so many bytes have come. */
async function leave(at, options) {
  const controller = new AbortController();
  host.stalls = SIZE - 100_000;
  await assert.rejects(visit({ ...options, signal: controller.signal, at: { [at]: () => controller.abort('left') } }), (reason) => reason === 'left');
  host.stalls = 0;
}

const cut = () => server.closeAllConnections();
const isWhole = ({ bytes, cached }, expected = OLD) => assert.deepEqual([bytes.equals(expected), cached], [true, true]);
const files = ({ folders }) => [...folders.values()][0];

test('a download that breaks off goes on where it was', async (t) => {
  fakeCaches(t);
  const cutAnd = (stalls) => () => {
    host.stalls = stalls;
    cut();
  };
  host.stalls = 2_000_000;
  const found = await visit({ at: { 1_500_000: cutAnd(3_000_000), 2_500_000: cutAnd(0) } });
  isWhole(found);
  assert.deepEqual(asked.map((line) => line.replace(/=\d+/, '=N')), ['GET', ...Array(2).fill('GET bytes=N- "old"')]);
  assert.ok(Number(/\d+/.exec(asked[2])[0]) >= 2_500_000);
  const loaded = found.seen.map((progress) => progress.loaded);
  assert.deepEqual(loaded, loaded.slice().sort((a, b) => a - b));
  assert.deepEqual(found.seen.at(-1), { stage: 'verify', loaded: SIZE, total: SIZE });
  assert.ok(found.seen.every(({ total }) => total === SIZE));
});

test('without a cache, too', async () => {
  host.stalls = SIZE - 100_000;
  const { bytes, cached } = await visit({ at: { 1_500_000: () => { host.stalls = 0; cut(); } } });
  assert.deepEqual([bytes.equals(OLD), cached, asked.length], [true, false, 2]);
});

test('the next visit goes on where the last was left, and the one after fetches nothing', async (t) => {
  fakeCaches(t);
  await leave(2_500_000);
  const next = await visit();
  isWhole(next);
  assert.match(asked.join(), /^GET bytes=\d+- "old"$/);
  assert.ok(Number(/\d+/.exec(asked[0])[0]) >= 2_000_000);
  assert.ok(next.seen.every(({ total }) => total === SIZE));
  isWhole(await visit());
  assert.deepEqual(asked, ['HEAD']);
});

test('a file that has changed since is fetched anew, whatever its host does with ranges', async (t) => {
  const hosts = [
    {}, { ignoresIfRange: true }, { ignoresRange: true },
    { headers: { 'last-modified': LATER } }, { headers: { 'last-modified': LATER }, ignoresIfRange: true },
    { headers: {} }, { headers: {}, ignoresIfRange: true }, { bytes: NEW.subarray(0, 1000), headers: { etag: '"new"' }, ignoresIfRange: true },
  ];
  for (const changed of hosts) {
    fakeCaches(t);
    if (changed.headers?.['last-modified']) host.headers = { 'last-modified': DAY };
    await leave(2_500_000);
    host = { ...host, bytes: NEW, headers: { etag: '"new"', 'last-modified': LATER }, ...changed };
    if (host.bytes.length === SIZE) assert.ok((await visit()).bytes.equals(NEW), JSON.stringify(changed));
    else await assert.rejects(visit(), { code: 'E_MODEL', message: 'damaged' });
    host = { bytes: OLD, headers: { etag: '"old"', 'last-modified': DAY }, answers: [] };
  }
});

test('a file that changes while it comes is fetched anew', async (t) => {
  for (const more of [{}, { ignoresIfRange: true }, { ignoresRange: true }]) {
    fakeCaches(t);
    const change = () => {
      host = { ...host, bytes: NEW, headers: { etag: '"new"' }, stalls: 0, ...more };
      cut();
    };
    host = { bytes: OLD, headers: { etag: '"old"' }, answers: [], stalls: 2_000_000 };
    isWhole(await visit({ at: { 1_500_000: change } }), NEW);
    isWhole(await visit(), NEW);
  }
});

test('a host that knows no ranges sends all of it again, of which the rest is taken', async (t) => {
  fakeCaches(t);
  host.ignoresRange = true;
  host.stalls = 2_000_000;
  const { bytes, seen } = await visit({ at: { 1_500_000: () => { host.stalls = 0; cut(); } } });
  assert.ok(bytes.equals(OLD));
  assert.equal(seen.at(-1).loaded, SIZE);
  fakeCaches(t);
  await leave(1_500_000);
  isWhole(await visit());
});

test('ranges from another place, and weak ETags', async (t) => {
  fakeCaches(t);
  await leave(1_500_000);
  host.shift = 7; // of what it says that it sends
  isWhole(await visit());
  assert.equal(asked.length, 2);
  fakeCaches(t);
  host.headers = { etag: 'W/"old"', 'last-modified': DAY };
  await leave(1_500_000);
  host.shift = 0;
  isWhole(await visit());
  assert.match(asked.join(), new RegExp(`^GET bytes=\\d+- ${DAY}$`));
});

test('a rest that ends before its file does, as ranges may, is followed by another', async (t) => {
  fakeCaches(t);
  host.stalls = 2_000_000;
  const part = (end) => (response) => {
    const at = Number(/\d+/.exec(asked.at(-1))[0]);
    response.writeHead(206, { ...host.headers, 'content-length': end - at, 'content-range': `bytes ${at}-${end - 1}/${SIZE}` }).end(OLD.subarray(at, end));
  };
  const breakOff = () => {
    host.stalls = 0;
    host.answers = [part(2_500_000), part(3_000_000)];
    cut();
  };
  isWhole(await visit({ at: { 1_500_000: breakOff } }));
  assert.equal(asked.length, 4);
});

test('a part that nobody has asked for is refused', async (t) => {
  fakeCaches(t);
  host.answers = [(response) => response.writeHead(206, { 'content-range': `bytes 9-${SIZE - 1}/${SIZE}` }).end(OLD.subarray(9))];
  await assert.rejects(visit(), { code: 'E_NETWORK', message: /came in part, and all of it was asked for: HTTP status 206$/ });
  await leave(2_500_000);
  const refuse = (response) => response.writeHead(412).end();
  host.answers = [refuse, (response) => response.writeHead(206, { etag: '"new"' }).end(NEW.subarray(2_000_000))];
  await assert.rejects(visit(), { code: 'E_NETWORK', message: /HTTP status 206$/ });
  isWhole(await visit());
});

test('two versions of one second are not joined', async (t) => {
  const use = fakeCaches(t);
  host.headers = { 'last-modified': new Date().toUTCString() };
  host.stalls = 2_000_000;
  const replace = () => {
    Object.assign(host, { bytes: NEW, stalls: 0 });
    cut();
  };
  await assert.rejects(visit({ at: { 1_500_000: replace } }), { code: 'E_NETWORK' });
  assert.deepEqual([...files(use).keys()], []);
});

test('what came to its end without a note of it is not fetched again', async (t) => {
  const use = fakeCaches(t);
  isWhole(await visit());
  const index = JSON.parse(Buffer.from(files(use).get('/index')).subarray(32));
  delete index[0][1].size;
  const text = Buffer.from(JSON.stringify(index));
  files(use).set('/index', Buffer.concat([createHash('sha256').update(text).digest(), text]));
  for (let i = 0; i < 2; i++) {
    isWhole(await visit());
    assert.deepEqual(asked, ['HEAD']);
  }
});

test('what nobody can tell from another version is neither joined nor kept', async (t) => {
  const use = fakeCaches(t);
  host.headers = {};
  host.stalls = SIZE - 100_000;
  await assert.rejects(visit({ at: { 1_500_000: cut } }), { code: 'E_NETWORK', message: /^the model could not be read to its end/ });
  assert.deepEqual(asked, ['GET']);
  host.stalls = 0;
  const { bytes, cached } = await visit();
  assert.deepEqual([bytes.equals(OLD), cached, [...files(use).keys()]], [true, false, ['/index']]);
});

test('a few times it is tried again, with growing pauses', async (t) => {
  fakeCaches(t);
  const { setTimeout } = globalThis;
  const pauses = [];
  t.mock.method(globalThis, 'setTimeout', (work, time, ...rest) => {
    if (rest.length || ![0, 1000, 3000, 9000].includes(time)) return setTimeout(work, time, ...rest);
    pauses.push(time);
    return setTimeout(work, 0);
  });
  host.stalls = SIZE - 100_000;
  const refuse = () => {
    host.answers = [(response) => response.writeHead(500).end(), (response) => response.writeHead(503).end(), (response) => response.writeHead(403).end(),
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')];
    cut();
  };
  await assert.rejects(visit({ at: { 1_500_000: refuse } }), { code: 'E_NETWORK' });
  assert.deepEqual([pauses.filter((time) => time), asked.length], [[1000, 3000, 9000], 5]);
  host.stalls = 0;
  isWhole(await visit()); // and what has come is kept
  assert.match(asked.join(), /^GET bytes=\d+- "old"$/);
});

/** What waits for bytes for 30 seconds waits for a tenth of one. */
function hurry(t) {
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (work, time, ...rest) => setTimeout(work, time === 30_000 ? 1000 : time, ...rest));
}

test('a host that falls silent is asked again, and one that stays silent is given up', async (t) => {
  fakeCaches(t);
  hurry(t);
  host.stalls = 2_000_000;
  isWhole(await visit({ at: { 1_500_000: () => { host.stalls = 0; } } }));
  assert.match(asked.join(), /^GET,GET bytes=\d+- "old"$/);
  fakeCaches(t);
  host.answers = [() => {}];
  const message = /^the model http:\S+ can't be fetched: nothing came for 30 seconds$/;
  await assert.rejects(visit(), { code: 'E_NETWORK', message });
  fakeCaches(t);
  host.headers = {}; // so that it can't go on
  host.stalls = 2_000_000;
  await assert.rejects(visit(), { code: 'E_NETWORK', message: 'the model could not be read to its end: nothing came for 30 seconds' });
});

test('a host that refuses to go on is asked for all of it', async (t) => {
  const refusals = [400, 403, 404, 405, 501].map((status) => (response) => response.writeHead(status).end());
  for (const refuse of [...refusals, (response) => response.destroy()]) {
    fakeCaches(t);
    await leave(2_500_000);
    host.answers = [refuse];
    isWhole(await visit());
    assert.deepEqual(asked.map((line) => line.slice(0, 5)), ['GET b', 'GET']);
  }
});

test('what is not there from the beginning is told at once', async (t) => {
  fakeCaches(t);
  for (const [answer, message] of [[(response) => response.writeHead(404).end(), /HTTP status 404/], [(response) => response.writeHead(500).end(), /HTTP status 500/],
    [(response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), /a web page instead/]]) {
    host.answers = [answer];
    await assert.rejects(visit(), { code: 'E_NETWORK', message });
    assert.deepEqual(asked, ['GET']);
  }
});

test('a host that promises more bytes than there are', async (t) => {
  fakeCaches(t);
  host.more = 1000;
  await assert.rejects(visit(), { code: 'E_NETWORK', message: /changed while it came/ });
  assert.equal(asked.length, 4);
});

test('damage of what is kept is noticed, and heals', async (t) => {
  const damages = {
    flipped: (kept) => { kept.get([...kept.keys()].find((path) => path.endsWith('.0')))[5] ^= 1; },
    cut: (kept) => { const path = [...kept.keys()].find((path) => path.endsWith('.0')); kept.set(path, kept.get(path).subarray(1)); },
    missing: (kept) => kept.delete([...kept.keys()].find((path) => path.endsWith('.0'))),
    'the last is missing': (kept) => kept.delete([...kept.keys()].filter((path) => path !== '/index').pop()),
    'no index': (kept) => kept.delete('/index'),
    'half an index': (kept) => kept.set('/index', kept.get('/index').subarray(0, 50)),
    'an index of something else': (kept) => kept.set('/index', Buffer.from('{"a":1}')),
  };
  for (const [name, damage] of Object.entries(damages)) {
    for (const begin of [visit, () => leave(2_500_000)]) {
      const use = fakeCaches(t);
      await begin();
      damage(files(use));
      isWhole(await visit());
      isWhole(await visit());
      assert.deepEqual(asked, ['HEAD'], name);
      const sum = [...files(use)].reduce((sum, [path, bytes]) => sum + (path === '/index' ? 0 : bytes.length), 0);
      if (begin === visit) assert.equal(sum, SIZE, name); // nothing else is left
    }
  }
});

test('a promise is kept, or broken in one sentence', async (t) => {
  fakeCaches(t);
  isWhole(await visit({ integrity: promise(OLD) }));
  isWhole(await visit({ integrity: promise(OLD) }));
  assert.deepEqual(asked, []); // nothing can have changed
  const broken = { name: 'VqaError', code: 'E_INTEGRITY', message: `the model is not what was promised: found the SHA-256 ${promise(OLD)}, expected ${promise(NEW)}` };
  await assert.rejects(visit({ integrity: promise(NEW) }), broken);
  assert.deepEqual(asked, ['GET']); // what is kept may be to blame
  host = { ...host, bytes: NEW, headers: { etag: '"new"' } };
  isWhole(await visit({ integrity: promise(NEW) }), NEW);
  const wrong = findModel(OLD, promise(NEW));
  await assert.rejects(async () => { for await (const piece of (await wrong.fetch()).read(new Meter(() => {}), [])) assert.ok(piece); }, broken);
});

test('two at once, with nothing that keeps them apart', async (t) => {
  fakeCaches(t);
  for (const found of await Promise.all([visit(), visit(), visit()])) assert.ok(found.bytes.equals(OLD));
  isWhole(await visit());
  fakeCaches(t);
  host.stalls = SIZE - 100_000;
  const controller = new AbortController();
  let begun;
  const both = new Promise((resolve) => { begun = resolve; });
  const left = visit({ signal: controller.signal, at: { 2_000_000: () => controller.abort('left') } }).catch((reason) => reason);
  const other = visit({ at: { 1_000_000: begun } });
  assert.equal(await left, 'left');
  await both;
  host.stalls = 0;
  cut();
  assert.ok((await other).bytes.equals(OLD));
  assert.ok((await visit()).bytes.equals(OLD));
});

test('what was written is not lost when there is no more room, but given back', async (t) => {
  const use = fakeCaches(t);
  let puts = 0;
  use.refuse = (call) => { if (call === 'put' && ++puts > 3) throw new DOMException('full', 'QuotaExceededError'); };
  const { bytes, cached } = await visit();
  assert.deepEqual([bytes.equals(OLD), cached, files(use).size], [true, false, 0]);
  use.refuse = () => {};
  isWhole(await visit());
});
