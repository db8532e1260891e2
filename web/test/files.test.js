// Files that were chosen or dropped: a folder, a pack, or a manifest and its parts.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Meter } from '../src/meter.js';
import { findModel } from '../src/model.js';

/** A file as <input webkitdirectory> gives it. */
function file(path, content = path) {
  const made = new File([content], path.split('/').pop());
  if (path.includes('/')) Object.defineProperty(made, 'webkitRelativePath', { value: path });
  return made;
}

const text = async (chunks) => {
  let all = '';
  for await (const chunk of chunks) all += Buffer.from(chunk).toString();
  return all;
};
const read = async (files) => text((await findModel(files).fetch()).read(new Meter(() => {}), []));

test('config.json makes a folder', async () => {
  const folder = findModel([file('vilt/model.safetensors'), file('vilt/onnx/config.json'), file('vilt/config.json'), file('vilt/.git/config')]);
  assert.equal(folder.name, 'vilt');
  assert.equal(await text((await folder.open('config.json')).pieces([])), 'vilt/config.json');
  assert.equal(await folder.open('vocab.txt'), null);
  assert.equal(findModel([file('config.json'), file('model.safetensors')]).name, 'model');
});

test('only the folder of config.json counts', async () => {
  const folder = findModel([file('all/onnx/model.safetensors'), file('all/vilt/deep/vocab.txt'), file('all/tokenizer.json'),
    file('all/onnx/vocab.txt'), file('all/vilt/config.json'), file('all/vilt/deep/config.json')]);
  assert.equal(folder.name, 'vilt');
  for (const name of ['model.safetensors', 'vocab.txt', 'tokenizer.json']) assert.equal(await folder.open(name), null, name);
  const beside = findModel([file('a/config.json'), file('a/b/vocab.txt'), file('a/vocab.txt'), file('a/c/vocab.txt')]);
  assert.equal(await text((await beside.open('vocab.txt')).pieces([])), 'a/vocab.txt');
});

test('one file is a pack, also beside others that are none', async () => {
  assert.equal(await read([file('a.safetensors')]), 'a.safetensors');
  assert.equal(await read([file('a.pack')]), 'a.pack');
  assert.equal(await read([file('d/README.md'), file('d/a.safetensors')]), 'd/a.safetensors');
});

test('a manifest and its parts', async () => {
  const part = (name, content) => ({ file: name, size: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  const manifest = file('m.json', JSON.stringify({ format: 'vqa-manifest 1', size: 7, parts: [part('a.1', 'one'), part('a.2', 'more')] }));
  assert.equal(await read([file('a.2', 'more'), manifest, file('a.1', 'one')]), 'onemore');
  await assert.rejects(read([manifest, file('a.1', 'one'), file('b/a.2', 'more')]), { code: 'E_MODEL', message: 'the part a.2 of m.json is not among the files' });
});

test('what is no model', () => {
  const refused = (files, message) => assert.throws(() => findModel(files), { name: 'VqaError', code: 'E_CALL', message });
  refused([], 'no files were given');
  refused([file('a.png'), file('b.png')], /^the files are no model: expected a folder/);
  refused([file('a.safetensors'), file('b.safetensors')], /^the files are no model/);
  refused([file('a/config.json'), file('b/config.json')], 'each of the folders a and b has a config.json: give one of them');
  refused([file('m/config.json'), file('m/config.json')], 'two of the files are named config.json: give those of one model');
  for (const model of [['a.safetensors'], new Set([file('a.safetensors')])]) refused(model, /must be a URL/); // arrays and FileLists of files only
});

test('two weights of one name are noticed when they are wanted', async () => {
  const folder = findModel([file('config.json'), file('model.safetensors'), file('model.safetensors')]);
  await assert.rejects(folder.open('model.safetensors'), { code: 'E_CALL', message: /two of the files are named model\.safetensors/ });
});
