// A pack in parts: what is fetched, and every way in which a part can be wrong.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { VqaError } from '../src/errors.js';
import { loadAndKeep } from '../src/load.js';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';
import { storeKey, withStore } from '../src/store.js';
import { fakeCaches } from './support.js';

const BYTES = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const CUTS = [0, 1_000_000, 2_500_000, BYTES.length];
const parts = [0, 1, 2].map((i) => BYTES.subarray(CUTS[i], CUTS[i + 1]));
const good = () => ({
  format: 'vqa-manifest 1', name: 'm', licence: 'MIT', size: BYTES.length,
  parts: parts.map((part, i) => ({ file: `m part${i}`, size: part.length, sha256: sha256(part).toUpperCase() })),
});

let server, base, files, asked, held;
let etag = '"1"';
before(async () => {
  server = createServer(({ url }, response) => {
    asked.push(url);
    const name = decodeURIComponent(url.split('?')[0].slice(3));
    const bytes = files[name];
    const answer = () => (bytes === undefined ? response.writeHead(404).end() : response.writeHead(200, { etag }).end(bytes));
    if (!held || name.endsWith('.json')) return answer();
    held.push(answer);
    if (held.length === Math.min(3, 8 - asked.length + held.length)) while (held.length) held.pop()();
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  base = `http://localhost:${server.address().port}/m/`;
});
after(() => server.close());

function serve(manifest, changed = {}) {
  asked = [];
  const all = { 'm.json': JSON.stringify(manifest), 'm part0': parts[0], 'm part1': parts[1], 'm part2': parts[2] };
  files = Object.defineProperties(all, Object.getOwnPropertyDescriptors(changed));
}

async function read(signal, report = () => {}) {
  const all = [];
  const { read } = await findModel(`${base}m.json?v=2`).fetch(signal);
  for await (const piece of read(new Meter(report), [])) all.push(piece);
  return Buffer.concat(all);
}

test('parts in order, with progress over all of them', async () => {
  serve(good());
  const seen = [];
  assert.equal(Buffer.compare(await read(undefined, (progress) => seen.push(progress)), BYTES), 0);
  assert.deepEqual(asked.sort(), ['/m/m%20part0?v=2', '/m/m%20part1?v=2', '/m/m%20part2?v=2', '/m/m.json?v=2']);
  assert.deepEqual(seen.at(-1), { stage: 'download', loaded: BYTES.length, total: BYTES.length });
  assert.ok(seen.every(({ total }) => total === BYTES.length));
});

test('a damaged part is fetched once more, then refused before its bytes go anywhere', async () => {
  const wrong = Uint8Array.from(parts[1]);
  wrong[7] ^= 1;
  const cases = [
    [{ 'm part1': wrong }, `the part m part1 is not what was promised: found the SHA-256 ${sha256(wrong)}, expected ${sha256(parts[1])}`],
    [{ 'm part1': parts[1].subarray(1) }, 'the part m part1 is not what was promised: found 1499999 bytes, expected 1500000'],
    [{ 'm part1': BYTES }, 'the part m part1 is not what was promised: found more than 1500000 bytes, expected 1500000'],
  ];
  for (const [changed, message] of cases) {
    serve(good(), changed);
    let given = 0;
    const { read } = await findModel(`${base}m.json`).fetch();
    await assert.rejects((async () => {
      for await (const piece of read(new Meter(() => {}), [])) given += piece.length;
    })(), { name: 'VqaError', code: 'E_INTEGRITY', message });
    assert.ok(given <= parts[0].length);
    assert.equal(asked.filter((path) => path.includes('part1')).length, 2);
  }
  serve(good(), { 'm part2': undefined });
  await assert.rejects(read(), { code: 'E_NETWORK', message: /part http.*m%20part2\?v=2 can't be fetched: HTTP status 404/ });
  let first = true;
  serve(good(), { get 'm part1'() { return first ? ((first = false), wrong) : parts[1]; } });
  const seen = [];
  assert.equal(Buffer.compare(await read(undefined, ({ loaded, total }) => seen.push([loaded, total])), BYTES), 0);
  assert.deepEqual(seen.at(-1), [BYTES.length, BYTES.length]);
});

test('without crypto.subtle parts are checked all the same', async (t) => {
  t.mock.getter(globalThis, 'crypto', () => ({}));
  serve(good());
  assert.equal(Buffer.compare(await read(), BYTES), 0);
  serve(good(), { 'm part1': parts[1].map((byte) => byte ^ 1) });
  await assert.rejects(read(), { code: 'E_INTEGRITY' });
});

test('a manifest that was promised', async () => {
  serve(good());
  const promise = `sha256-${createHash('sha256').update(JSON.stringify(good())).digest('base64')}`;
  await findModel(`${base}m.json`, promise).fetch();
  serve({ ...good(), name: 'another' });
  await assert.rejects(findModel(`${base}m.json`, promise).fetch(), { code: 'E_INTEGRITY', message: /^the manifest is not what was promised: found the SHA-256 sha256-.*=, expected sha256-.*=$/ });
  assert.equal(asked.length, 2);
});

test('up to three parts are on their way at once', { timeout: 10_000 }, async () => {
  const many = Array.from({ length: 7 }, (_, i) => BYTES.subarray(i * 400_000, (i + 1) * 400_000));
  const manifest = { ...good(), size: 2_800_000, parts: many.map((bytes, i) => ({ file: `p${i}`, size: bytes.length, sha256: sha256(bytes) })) };
  serve(manifest, Object.fromEntries(many.map((bytes, i) => [`p${i}`, bytes])));
  held = []; // answered when three wait, the last first
  assert.equal(Buffer.compare(await read(), BYTES.subarray(0, 2_800_000)), 0);
  held = undefined;
  assert.deepEqual(asked.length, 8);
});

/** Load what is served, as a visit of a page does. */
async function visit({ integrity } = {}) {
  const pieces = [];
  const engine = {
    async call(name) {
      if (name === 'loadEnd' && Buffer.compare(Buffer.concat(pieces), BYTES)) throw new VqaError('E_MODEL', 'damaged');
    },
    take: async (piece) => (pieces.push(piece.slice()), piece),
    starter: { open: async () => void pieces.splice(0) },
    meter: new Meter(() => {}),
  };
  asked = [];
  return withStore('cache', storeKey(new URL(`${base}m.json`)), (store) => loadAndKeep(findModel(`${base}m.json`, integrity), { ...engine, store }));
}

test('parts are kept: only what is damaged, or new, is fetched again', async (t) => {
  const { folders } = fakeCaches(t);
  serve(good());
  assert.equal(await visit(), true);
  assert.equal(asked.length, 4);
  assert.equal(await visit(), true);
  assert.deepEqual(asked, ['/m/m.json']); // HEAD

  const [kept] = folders.values();
  const index = new Map(JSON.parse(Buffer.from(kept.get('/index')).subarray(32).toString())); // behind its SHA-256
  const { id } = index.get(`m part1 ${good().parts[1].sha256}`);
  kept.get(`/${id}.0`)[9] ^= 1;
  assert.equal(await visit(), true);
  assert.deepEqual(asked, ['/m/m.json', '/m/m%20part1']);

  const before = kept.size;
  serve({ ...good(), parts: good().parts.map((part, i) => ({ ...part, file: `${i ? '' : 'new '}${part.file}` })) }, { 'new m part0': parts[0] });
  etag = '"2"';
  assert.equal(await visit(), true);
  assert.deepEqual(asked, ['/m/m.json', '/m/m.json', '/m/new%20m%20part0']);
  assert.equal(kept.size, before); // the old one is gone
});

test('a manifest that can\'t be used', async () => {
  const edited = (edit) => {
    const manifest = good();
    edit(manifest);
    return manifest;
  };
  const cases = [
    ['no json', /it is not JSON/],
    [null, /its format is undefined, expected "vqa-manifest 1"/],
    [edited((m) => { m.format = 'vqa-manifest 2'; }), /its format is "vqa-manifest 2"/],
    [edited((m) => { m.parts = []; }), /it has no parts/],
    [edited((m) => { m.parts[1] = null; }), /part 2 has the file undefined/],
    [edited((m) => { m.parts[1].file = '../x'; }), /part 2 has the file "\.\.\/x", expected the name of a file beside it/],
    [edited((m) => { m.parts[1].file = '..'; }), /part 2 has the file "\.\."/],
    [edited((m) => { m.parts[1].size = 0; }), /part 2, m part1, has the size 0/],
    [edited((m) => { m.parts[1].size = 1e9; }), /part 2, m part1, has the size 1000000000, expected 1 to 67108864/],
    [edited((m) => { m.parts[1].sha256 = 'ab'; }), /part 2, m part1, has no SHA-256/],
    [edited((m) => { m.size += 1; }), /its size is 3000002, its parts have 3000001 bytes/],
  ];
  for (const [manifest, message] of cases) {
    serve(good(), { 'm.json': typeof manifest === 'string' ? manifest : JSON.stringify(manifest) });
    await assert.rejects(read(), { name: 'VqaError', code: 'E_MODEL', message });
  }
});

test('aborted while parts come', async () => {
  for (const at of [1, 1_000_001]) {
    serve(good());
    const controller = new AbortController();
    const seen = [];
    const report = ({ loaded }) => {
      seen.push(loaded);
      if (loaded >= at) controller.abort('enough');
    };
    await assert.rejects(read(controller.signal, report), (reason) => reason === 'enough');
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b)); // nothing is taken back
  }
});
