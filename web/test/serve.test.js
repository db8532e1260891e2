// The small server of the demo page.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { byteRange, fileFor, serve } from '../serve.js';

let server, port;

before(async () => {
  server = await serve(0);
  port = server.address().port;
});
after(() => server.close());

/** A request whose path goes out as it is, where fetch would tidy it. */
const get = (path, headers = {}, method = 'GET') =>
  new Promise((resolve, reject) => {
    request({ host: 'localhost', port, path, headers, method }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    }).on('error', reject).end();
  });

test('the page, its modules and their types', async () => {
  const page = await get('/');
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.deepEqual(page.body, await readFile(new URL('../demo/index.html', import.meta.url)));
  assert.equal((await get('/src/index.js')).headers['content-type'], 'text/javascript; charset=utf-8');
  assert.equal((await get('/style.css?v=1')).headers['content-type'], 'text/css; charset=utf-8');
});

test('a strict policy and isolation on every answer, errors too', async () => {
  for (const [path, connect] of [['/', "'self' https:"], ['/src/worker.js', "'self'"], ['/nothing', "'self' https:"]]) {
    const { headers } = await get(path);
    const policy = headers['content-security-policy'];
    assert.ok(policy.startsWith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';") && policy.includes(` connect-src ${connect};`), policy);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
  }
});

test('the list of the page\'s files is complete, and its version changes with them', async () => {
  const list = await get('/files.json');
  assert.equal(list.headers['content-type'], 'application/json');
  const { version, files } = JSON.parse(list.body);
  assert.match(version, /^[0-9a-f]{16}$/);
  for (const file of ['./', 'app.js', 'style.css', 'manifest.webmanifest', 'icons/192.png', 'samples/samples.json', 'src/worker.js', 'weights/photos.q8.safetensors']) {
    assert.ok(Object.hasOwn(files, file), file);
  }
  for (const [file, hash] of Object.entries(files)) {
    const { status, body } = await get(`/${file.replace('./', '')}`);
    assert.deepEqual([status, createHash('sha256').update(body).digest('hex')], [200, hash], file);
  }
  const page = String((await get('/')).body);
  for (const [, file] of page.matchAll(/(?:href|src)="([^"]+)"/g)) assert.ok(Object.hasOwn(files, file), file);
});

test('an answer that can\'t be made is one sentence, and the server goes on', async () => {
  const other = await serve(0, {}, { 'X-Broken': '\n' });
  const address = `http://localhost:${other.address().port}/style.css`;
  for (let i = 0; i < 2; i++) {
    const response = await fetch(address);
    assert.equal(response.status, 500);
    assert.match(await response.text(), /^\/style\.css can't be answered: .+\n$/);
  }
  other.closeAllConnections();
  other.close();
});

test('nothing outside the folders that are served', async () => {
  const paths = ['/../package.json', '/src/../../README.md', '/%2e%2e/package.json', '/src/%2e%2e/serve.js', '/src/..%2fserve.js',
    '/weights/..%2f.git/config', '/..%5cpackage.json', '//etc/passwd', '/%00', '/%zz', '/src', '/src/vqa.wasm/../x', '/src/vqa.wasmx'];
  for (const path of paths) assert.equal((await get(path)).status, 404, path);
  assert.equal((await get('/', {}, 'POST')).status, 405);
});

test('the runtime and the weights come from where they are built', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const build of ['vqa', 'vqa-relaxed-threads']) assert.equal(fileFor(`/src/${build}.wasm`), `${root}build/wasm/${build}.wasm`);
  assert.equal(fileFor('/weights/shapes.q8.safetensors'), `${root}weights/shapes.q8.safetensors`);
});

test('a folder from elsewhere', async () => {
  const mounts = { '/model/': '/elsewhere/a model/', '/built/': 'build/' };
  assert.equal(fileFor('/model/sub/config.json?x', mounts), '/elsewhere/a model/sub/config.json');
  assert.equal(fileFor('/built/x', mounts), fileURLToPath(new URL('../../build/x', import.meta.url)));
  for (const path of ['/model/..%2fx', '/model/..%2fa%20modelx', '/model']) assert.doesNotMatch(fileFor(path, mounts) ?? '', /elsewhere/, path);
  const other = await serve(0, { '/test/': fileURLToPath(new URL('.', import.meta.url)) });
  const response = await fetch(`http://localhost:${other.address().port}/test/serve.test.js`);
  const bytes = await readFile(new URL(import.meta.url));
  assert.equal(response.headers.get('content-length'), String(bytes.length));
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  other.closeAllConnections();
  other.close();
});

test('ranges', async () => {
  assert.deepEqual(byteRange('bytes=2-4', 10), [2, 4]);
  assert.deepEqual(byteRange('bytes=8-99', 10), [8, 9]);
  assert.deepEqual(byteRange('bytes=-3', 10), [7, 9]);
  assert.deepEqual(byteRange('bytes=4-', 10), [4, 9]);
  assert.equal(byteRange('bytes=10-', 10), null);
  assert.equal(byteRange('lines=1-2', 10), undefined);
  const whole = await get('/style.css');
  const part = await get('/style.css', { Range: 'bytes=5-8' });
  assert.equal(part.status, 206);
  assert.deepEqual(part.body, whole.body.subarray(5, 9));
  assert.equal((await get('/style.css', { Range: 'bytes=9999999-' })).status, 416);
  const head = await get('/style.css', {}, 'HEAD');
  assert.equal(head.headers['content-length'], String(whole.body.length));
  assert.equal(head.body.length, 0);
});

test('downloads that are cut leave no file open', { skip: process.platform !== 'linux' && 'only Linux lists open files' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'vqa-serve-'));
  const file = join(folder, 'large');
  await writeFile(file, '');
  await truncate(file, 64 << 20); // more than a connection holds
  const other = await serve(0, { '/large/': `${folder}/` });
  t.after(async () => {
    other.close();
    await rm(folder, { recursive: true });
  });
  const isOpen = async (descriptor) => await readlink(`/proc/self/fd/${descriptor}`).catch(() => '') === file;
  const open = async () => (await Promise.all((await readdir('/proc/self/fd')).map(isOpen))).filter(Boolean).length;
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController();
    const { body } = await fetch(`http://localhost:${other.address().port}/large/large`, controller);
    if (i === 0) assert.equal(await open(), 1);
    await body.getReader().read();
    controller.abort();
  }
  for (let i = 0; i < 50 && await open() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20)); // until the server has noticed
  assert.equal(await open(), 0);
});

/** What serve.js says on stderr before it ends with status 1. */
async function complaint(PORT) {
  const script = fileURLToPath(new URL('../serve.js', import.meta.url));
  const child = spawn(process.execPath, [script], { env: { ...process.env, PORT } });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1);
  return said;
}

test('a port that is taken is one sentence and exit status 1', async () => {
  assert.equal(await complaint(String(port)), `port ${port} is taken: choose another, PORT=8081 make demo\n`);
});

test('so is a port that is none', async () => {
  for (const PORT of ['abc', '-1', '65536', '80.5', '0x50']) {
    assert.equal(await complaint(PORT), `PORT is "${PORT}", expected a whole number from 0 to 65535\n`);
  }
});
