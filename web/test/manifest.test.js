// A pack in parts: what is fetched, and every way in which a part can be wrong.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';

const BYTES = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const CUTS = [0, 1_000_000, 2_500_000, BYTES.length];
const parts = [0, 1, 2].map((i) => BYTES.subarray(CUTS[i], CUTS[i + 1]));
const good = () => ({
  format: 'vqa-manifest 1', name: 'm', licence: 'MIT', size: BYTES.length,
  parts: parts.map((part, i) => ({ file: `m part${i}`, size: part.length, sha256: sha256(part).toUpperCase() })),
});

let server, base, files, asked;
before(async () => {
  server = createServer(({ url }, response) => {
    asked.push(url);
    const name = decodeURIComponent(url.split('?')[0].slice(3));
    if (files[name] === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(files[name]);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  base = `http://localhost:${server.address().port}/m/`;
});
after(() => server.close());

function serve(manifest, changed = {}) {
  asked = [];
  files = { 'm.json': JSON.stringify(manifest), 'm part0': parts[0], 'm part1': parts[1], 'm part2': parts[2], ...changed };
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
  assert.deepEqual(asked, ['/m/m.json?v=2', '/m/m%20part0?v=2', '/m/m%20part1?v=2', '/m/m%20part2?v=2']);
  assert.deepEqual(seen.at(-1), { stage: 'download', loaded: BYTES.length, total: BYTES.length });
  assert.ok(seen.every(({ total }) => total === BYTES.length));
});

test('a damaged part is refused before its bytes go anywhere', async () => {
  const wrong = Uint8Array.from(parts[1]);
  wrong[7] ^= 1;
  const cases = [
    [{ 'm part1': wrong }, `the part m part1 is damaged: its SHA-256 is ${sha256(wrong)}, expected ${sha256(parts[1])}`],
    [{ 'm part1': parts[1].subarray(1) }, 'the part m part1 is damaged: it has 1499999 bytes, expected 1500000'],
    [{ 'm part1': BYTES }, 'the part m part1 is damaged: it has more than 1500000 bytes'],
  ];
  for (const [changed, message] of cases) {
    serve(good(), changed);
    await assert.rejects(read(), { name: 'VqaError', code: 'E_MODEL', message });
    assert.equal(asked.length, 3, 'part 2 is not fetched any more');
  }
  serve(good(), { 'm part2': undefined });
  await assert.rejects(read(), { code: 'E_NETWORK', message: /part http.*m%20part2\?v=2 can't be fetched: HTTP status 404/ });
});

test('without crypto.subtle the pack\'s own checksum has to do', async (t) => {
  t.mock.getter(globalThis, 'crypto', () => ({}));
  serve(good(), { 'm part1': parts[1].map((byte) => byte ^ 1) });
  assert.equal((await read()).length, BYTES.length);
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

test('aborted between parts and within one', async () => {
  for (const at of [1, 1_000_001]) {
    serve(good());
    const controller = new AbortController();
    await assert.rejects(read(controller.signal, ({ loaded }) => loaded >= at && controller.abort('enough')), (reason) => reason === 'enough');
    assert.equal(asked.length, at === 1 ? 2 : 3);
  }
});
