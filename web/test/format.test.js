// Numbers as the page writes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftText, loadedText, scoreText } from '../demo/format.js';

test('what was loaded, and how long the rest takes', () => {
  assert.equal(loadedText(138_540_000, 471_000_000), '138.5 of 471.0 MB');
  assert.equal(loadedText(1_000_000), '1.0 MB');
  assert.equal(leftText(100, 400, 10_000), ', about 30 seconds left');
  assert.equal(leftText(100, 1000, 20_000), ', about 3 minutes left');
});

test('nothing about the rest while that is a guess', () => {
  assert.equal(leftText(100, 400, 2000), '');
  assert.equal(leftText(390, 400, 10_000), '');
  assert.equal(leftText(100, undefined, 10_000), '');
});

test('no score is shown as certain', () => {
  assert.equal(scoreText(0.9999), '99.9%');
  assert.equal(scoreText(0.25), '25.0%');
});
