// A folder as Hugging Face publishes models, with the real runtime: from an address, a path and files, quantized and saved.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { COMMAND_LINE, RED_CIRCLE, RUNTIME, missing, smallFolder } from './support.js';

const QUESTION = 'what color is the cat?';

describe('with the runtime', { skip: missing(RUNTIME) }, () => {
  const folder = smallFolder();
  let server, base, path, asked, special;

  before(async () => {
    path = mkdtempSync(join(tmpdir(), 'vqa-small-'));
    for (const [name, bytes] of Object.entries(folder)) writeFileSync(join(path, name), bytes);
    server = createServer(({ url }, response) => {
      asked.push(url);
      const name = url.split('?')[0].split('/').pop();
      if (special[name]) special[name](response);
      else if (folder[name]) response.writeHead(200, { 'Content-Length': folder[name].length }).end(folder[name]);
      else response.writeHead(404).end();
    });
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    base = `http://localhost:${server.address().port}/owner/small/resolve/refs%2Fpr%2F9/?download=true`;
  });
  beforeEach(() => {
    asked = [];
    special = {};
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(path, { recursive: true });
  });

  const create = (model, options) => createVqa({ model, wasm: RUNTIME, ...options });
  const answers = async (model, options) => {
    const vqa = await create(model, options);
    const { answers: found } = await vqa.ask(RED_CIRCLE, QUESTION);
    vqa.close();
    return found;
  };
  const files = (names = Object.keys(folder)) => names.map((name) => new File([folder[name]], name));
  const refuses = (model, code, message) => assert.rejects(create(model), (error) => {
    assert.deepEqual([error.name, error.code], ['VqaError', code], error.stack);
    assert.match(error.message, message);
    return true;
  });

  test('the same answers from an address, a path and files', async () => {
    const expected = await answers(path);
    assert.equal(expected.length, 5);
    for (const model of [base, new URL(base), base.replace('/?', '?'), `${path}/`, files()]) assert.deepEqual(await answers(model), expected);
  });

  test('it is quantized as asked, and named', async () => {
    for (const precision of ['f32', 'q8', 'q4', undefined]) {
      const { info } = await create(base, { precision });
      assert.equal(info.precision, precision ?? 'q8');
      assert.equal(info.name, 'owner/small');
      assert.ok(info.peakBytes > info.weightBytes);
      assert.equal(info.cached, false);
    }
    assert.notDeepEqual(await answers(base, { precision: 'q4' }), await answers(base, { precision: 'f32' }));
  });

  test('encoded slashes and what follows the question mark survive', async () => {
    await create(base);
    assert.equal(asked[0], '/owner/small/resolve/refs%2Fpr%2F9/config.json?download=true');
    assert.ok(asked.includes('/owner/small/resolve/refs%2Fpr%2F9/model.safetensors?download=true'));
  });

  test('progress counts all files, and knows the end when the weights come', async () => {
    const seen = [];
    await create(base, { onProgress: (progress) => seen.push(progress) });
    const total = Object.values(folder).reduce((sum, bytes) => sum + bytes.length, 0);
    assert.deepEqual(seen[0], { stage: 'download', loaded: folder['config.json'].length, total: undefined });
    assert.deepEqual(seen.slice(-3), ['download', 'quantize', 'ready'].map((stage) => ({ stage, loaded: total, total })));
  });

  test('what takes a full runtime is refused at the first file that says so', async () => {
    const changed = (name, text) => Object.entries({ ...folder, [name]: text }).map(([name, bytes]) => new File([bytes], name));
    await refuses(changed('config.json', '{ "model_type": "clip" }'), 'E_BUILD', /^the model needs a full build of the runtime \(vqa-full\.wasm\)$/);
    const bytes = changed('tokenizer_config.json', '{ "tokenizer_class": "GPT2Tokenizer" }');
    await refuses(bytes, 'E_BUILD', /^the tokenizer needs a full build of the runtime \(vqa-full\.wasm\)$/);
  });

  test('choices rank among the model\'s answers with their scores', async () => {
    const vqa = await create(path);
    const { answers: all } = await vqa.ask(RED_CIRCLE, QUESTION, { topK: 42 });
    const { answers: chosen } = await vqa.ask(RED_CIRCLE, QUESTION, { choices: ['red', 'BLUE', 'cat'] });
    assert.deepEqual(chosen, all.filter(({ answer }) => ['red', 'blue', 'cat'].includes(answer)));
    const picture = await vqa.encode(RED_CIRCLE);
    assert.deepEqual((await picture.ask(QUESTION, { choices: ['red', 'blue', 'cat'], topK: 1 })).answers, chosen.slice(0, 1));
    await assert.rejects(picture.ask(QUESTION, { choices: ['red', 'a teapot'] }), { code: 'E_QUESTION', message: /a teapot/ });
    assert.deepEqual((await picture.ask(QUESTION)).answers, all.slice(0, 5));
  });

  test('saved as a pack and loaded again, it answers the same', async () => {
    const sizes = { weightBytes: 0, peakBytes: 0 };
    for (const precision of ['f32', 'q8', 'q4']) {
      const vqa = await create(path, { precision });
      const { answers: expected } = await vqa.ask(RED_CIRCLE, QUESTION);
      const controller = new AbortController();
      await assert.rejects(vqa.pack({ signal: controller.signal, onProgress: () => controller.abort() }), { name: 'AbortError' });
      const pack = await vqa.pack();
      const again = await create(pack);
      assert.deepEqual((await again.ask(RED_CIRCLE, QUESTION)).answers, expected);
      assert.deepEqual({ ...again.info, ...sizes }, { ...vqa.info, ...sizes });
      assert.equal(Buffer.compare(Buffer.from(await (await again.pack()).arrayBuffer()), Buffer.from(await pack.arrayBuffer())), 0);
    }
  });

  test('a manifest as the command line writes it', { skip: missing(COMMAND_LINE) }, async () => {
    const out = mkdtempSync(join(tmpdir(), 'vqa-parts-'));
    execFileSync(COMMAND_LINE, ['quantize', path, join(out, 'small.json'), '--precision', 'q4']);
    assert.deepEqual(await answers(join(out, 'small.json')), await answers(path, { precision: 'q4' }));
    const parts = readdirSync(out).map((name) => new File([readFileSync(join(out, name))], name));
    assert.deepEqual(await answers(parts), await answers(path, { precision: 'q4' }));
    rmSync(out, { recursive: true });
  });

  test('what is missing, refused or no file is one sentence', async () => {
    const page = (response) => response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<!doctype html>');
    const status = (code) => (response) => response.writeHead(code).end();
    const cases = [
      ['config.json', status(404), 'E_MODEL', /no config\.json/],
      ['config.json', page, 'E_MODEL', /no config\.json/],
      ['config.json', status(403), 'E_NETWORK', /config\.json.* is not given to everyone: HTTP status 403/],
      ['config.json', status(410), 'E_NETWORK', /config\.json.* can't be fetched: HTTP status 410/],
      ['config.json', status(401), 'E_NETWORK', /config\.json.* is not given to everyone: HTTP status 401/],
      ['config.json', status(500), 'E_NETWORK', /config\.json.* can't be fetched: HTTP status 500/],
      ['config.json', (response) => response.end('{'), 'E_MODEL', /config\.json/],
      ['vocab.txt', status(404), 'E_MODEL', /vocab\.txt|tokenizer\.json/],
      ['vocab.txt', status(401), 'E_NETWORK', /vocab\.txt.* is not given to everyone: HTTP status 401/],
      ['model.safetensors', status(403), 'E_MODEL', /neither model\.safetensors nor .*nothing is at .*/],
      ['model.safetensors', (response) => response.writeHead(200).end(folder['model.safetensors'].subarray(0, 100_000)), 'E_MODEL', /./],
      ['model.safetensors', (response) => response.writeHead(200, { 'Content-Length': 200_000 })
        .write(folder['model.safetensors'].subarray(0, 9), () => response.destroy()), 'E_NETWORK', /model's model\.safetensors could not be read to its end/],
    ];
    for (const [name, answer, code, message] of cases) {
      special = { [name]: answer };
      await refuses(base, code, message);
    }
    await refuses(tmpdir(), 'E_MODEL', /no config\.json/);
    await refuses(files(['config.json', 'vocab.txt', 'tokenizer_config.json', 'preprocessor_config.json']), 'E_MODEL', /neither model\.safetensors nor/);
    await refuses([...files(), ...files(['model.safetensors'])], 'E_CALL', /two of the files are named model\.safetensors/);
    special = {};
    await create(base);
  });

  test('hosts that answer 403 or 410 for what is missing', async () => {
    const expected = await answers(path);
    for (const code of [403, 410]) {
      special = { 'README.md': (response) => response.writeHead(code).end() };
      assert.deepEqual(await answers(base), expected);
      assert.ok(asked.some((url) => url.includes('README.md')));
      special['vocab.txt'] = special['README.md'];
      await refuses(base, 'E_MODEL', /neither vocab\.txt nor tokenizer\.json: nothing is at /);
    }
  });

  test('aborted in the middle of the weights', async () => {
    const controller = new AbortController();
    special['model.safetensors'] = (response) => response.writeHead(200).write(folder['model.safetensors'].subarray(0, 100_000));
    const onProgress = ({ loaded }) => loaded > 100_000 && controller.abort('enough');
    await assert.rejects(create(base, { signal: controller.signal, onProgress }), (reason) => reason === 'enough');
  });
});
