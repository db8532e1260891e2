// What the address of a model means.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { beside, nameOf, readAddress } from '../src/address.js';

test('folders, manifests and packs', () => {
  const cases = [
    ['https://a.org/vilt/', 'folder', 'https://a.org/vilt/'],
    ['https://a.org/vilt', 'folder', 'https://a.org/vilt/'],
    ['https://a.org/vilt-v1.5?x=/a.b', 'folder', 'https://a.org/vilt-v1.5/?x=/a.b'],
    ['https://a.org', 'folder', 'https://a.org/'],
    ['https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/?download=true', 'folder', 'https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/?download=true'],
    ['https://huggingface.co/o/n/resolve/refs%2Fpr%2F9', 'folder', 'https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/'],
    ['https://mirror.org/o/n/resolve/fixed.weights', 'folder', 'https://mirror.org/o/n/resolve/fixed.weights/'],
    ['https://huggingface.co/o/n.v', 'folder', 'https://huggingface.co/o/n.v/resolve/main/'],
    ['https://huggingface.co/o/n/', 'folder', 'https://huggingface.co/o/n/resolve/main/'],
    ['https://huggingface.co/o/n/tree/refs%2Fpr%2F9', 'folder', 'https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/'],
    ['https://huggingface.co/o/n/blob/main/m.safetensors', 'pack', 'https://huggingface.co/o/n/resolve/main/m.safetensors'],
    ['https://huggingface.co/o/n/blob/main/model.safetensors?download=true', 'folder', 'https://huggingface.co/o/n/resolve/main/?download=true'],
    ['https://hf.co/o/n', 'folder', 'https://huggingface.co/o/n/resolve/main/'],
    ['https://www.huggingface.co/o/n/blob/main/m.safetensors', 'pack', 'https://huggingface.co/o/n/resolve/main/m.safetensors'],
    ['https://a.org/vilt/model.safetensors', 'folder', 'https://a.org/vilt/'],
    ['https://a.org/vilt/config.json?x', 'folder', 'https://a.org/vilt/?x'],
    ['https://a.org/vilt/model.safetensors.index.json', 'folder', 'https://a.org/vilt/'],
    ['https://a.org/vilt/small-model.safetensors', 'pack', 'https://a.org/vilt/small-model.safetensors'],
    ['https://a.org/vilt.q8.safetensors?download=true', 'pack', 'https://a.org/vilt.q8.safetensors?download=true'],
    ['https://a.org/parts/vilt.json', 'manifest', 'https://a.org/parts/vilt.json'],
    ['data:application/octet-stream,abc', 'pack', 'data:application/octet-stream,abc'],
    ['blob:https://a.org/1234-5678', 'pack', 'blob:https://a.org/1234-5678'],
  ];
  for (const [address, kind, url] of cases) {
    for (const given of [address, new URL(address)]) {
      const read = readAddress(given);
      assert.deepEqual([read.kind, read.url.href], [kind, url], address);
    }
  }
});

test('a path in Node is what lies there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vqa-a.b'));
  assert.deepEqual([readAddress(folder).kind, readAddress(folder).url.pathname], ['folder', `${folder}/`]);
  assert.equal(readAddress(new URL(`file://${folder}`)).kind, 'folder');
  assert.equal(readAddress(join(folder, 'x.json')).kind, 'manifest');
  assert.equal(readAddress(join(folder, 'nothing')).kind, 'pack');
  const weights = join(folder, 'model.safetensors');
  assert.equal(readAddress(weights).kind, 'pack');
  writeFileSync(join(folder, 'config.json'), '{}');
  for (const file of [weights, join(folder, 'config.json')]) {
    assert.deepEqual([readAddress(file).kind, readAddress(file).url.pathname], ['folder', `${folder}/`]);
  }
  rmSync(folder, { recursive: true });
});

test('the files of a folder, and what follows the question mark', () => {
  const base = new URL('https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/?download=true');
  assert.equal(beside('config.json', base).href, 'https://huggingface.co/o/n/resolve/refs%2Fpr%2F9/config.json?download=true');
  assert.equal(beside('https://b.org/x', base).host, 'huggingface.co');
  assert.equal(beside('//b.org/x', base).host, 'huggingface.co');
});

test('names', () => {
  const cases = [
    ['https://huggingface.co/dandelin/vilt-b32-finetuned-vqa/resolve/refs%2Fpr%2F9/', 'dandelin/vilt-b32-finetuned-vqa'],
    ['https://a.org/models/my%20model/', 'my model'],
    ['https://a.org/100%/', '100%'],
    ['https://a.org/', 'a.org'],
  ];
  for (const [url, name] of cases) assert.equal(nameOf(new URL(url)), name);
});
