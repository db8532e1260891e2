// dist/sbom.cdx.json names all that the package is made of: other people's code in the runtimes, and the models.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingBundle } from './support.js';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name) => JSON.parse(readFileSync(path(name), 'utf8'));

describe('the list of what the package is made of', { skip: missingBundle() }, () => {
  test('names other people’s code with its version and licence', () => {
    const { bomFormat, metadata, components } = read('dist/sbom.cdx.json');
    assert.equal(bomFormat, 'CycloneDX');
    assert.equal(metadata.component.version, read('package.json').version);
    const libraries = components.filter(({ type }) => type === 'library');
    assert.deepEqual(libraries.map(({ name }) => name), ['cJSON', 'stb_image', 'emscripten-system-libraries']);
    for (const { name, version, licenses } of libraries) {
      assert.match(version, /^\d+\.\d+(\.\d+)?$/, name);
      assert.equal(licenses.length, 1, name);
    }
    for (const { name, hashes } of libraries.slice(0, 2)) assert.match(hashes[0].content, /^[0-9a-f]{64}$/, name);
  });

  test('names every model that is in the package, by its hash', () => {
    const models = read('dist/sbom.cdx.json').components.filter(({ type }) => type === 'machine-learning-model');
    assert.deepEqual(models.map(({ name }) => name).sort(), readdirSync(path('dist')).filter((name) => name.endsWith('.safetensors')).sort());
    for (const { name, hashes } of models)
      assert.equal(hashes[0].content, createHash('sha256').update(readFileSync(path(`dist/${name}`))).digest('hex'), name);
  });

  test('is whole: the package asks npm for nothing', () => {
    const { dependencies, optionalDependencies, peerDependenciesMeta, peerDependencies } = read('package.json');
    assert.equal(dependencies ?? optionalDependencies, undefined);
    for (const name of Object.keys(peerDependencies)) assert.ok(peerDependenciesMeta[name].optional, name);
  });
});

describe('what the project is built with', () => {
  test('is locked, each package by its hash and without an address', () => {
    const { packages } = read('package-lock.json');
    const [, ...others] = Object.entries(packages);
    assert.ok(others.length > 100);
    for (const [name, { integrity, resolved }] of others) {
      assert.match(integrity, /^sha512-/, name);
      assert.equal(resolved, undefined, `${name}: from whatever registry npm is told of`);
    }
  });
});
