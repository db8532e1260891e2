// The runtime on its way, seen by a worker that only does what it is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remote } from '../src/remote.js';
import { Starter } from '../src/start.js';
import { tinyRuntime } from './support.js';

/** A starter with two builds and one worker that does this with what it is told; `compiled` counts the builds. */
function starting(t, answer, options = {}) {
  const { mock: compiled } = t.mock.method(WebAssembly, 'compile');
  const worker = { postMessage: (message) => queueMicrotask(() => answer(worker, message)), terminate() {} };
  const port = remote(() => worker);
  const starter = new Starter(port, { small: [tinyRuntime(), tinyRuntime()], full: [tinyRuntime()] }, { threads: 1, ...options });
  return { starter, compiled };
}

test('another build is tried where one can\'t be started', async (t) => {
  const results = [{ error: { code: 'E_WASM', message: 'not this one' } }, { result: { helpers: [], stop: 0 } }];
  const { starter, compiled } = starting(t, (worker, { id }) => worker.onmessage({ data: { id, ...results.shift() } }));
  await starter.open();
  assert.equal(compiled.callCount(), 2);
  assert.deepEqual(await starter.ready(), { threads: 1, trouble: 'not this one' });
});

test('a full build is started when it is wanted, and there is one', async (t) => {
  const { starter, compiled } = starting(t, (worker, { id }) => worker.onmessage({ data: { id, result: { helpers: [], stop: 0 } } }));
  await starter.open();
  assert.equal(starter.full(), true);
  await starter.open();
  assert.equal(compiled.callCount(), 2);
  assert.equal(starter.full(), false);
});

test('no other build is tried where the worker is gone', async (t) => {
  const { starter, compiled } = starting(t, (worker) => worker.onerror({}));
  await assert.rejects(starter.open(), { code: 'E_WASM', message: 'the worker failed: its script could not be loaded' });
  assert.equal(compiled.callCount(), 1);
});

test('the memory has room for half floats that are kept as floats', async (t) => {
  const limits = [];
  const answer = (worker, { id, args: [, { memoryLimit }] }) => {
    limits.push(memoryLimit / 2 ** 30);
    worker.onmessage({ data: { id, result: { helpers: [], stop: 0 } } });
  };
  for (const precision of ['f32', undefined, 'q8']) await starting(t, answer, { precision }).starter.open(2 ** 30);
  assert.deepEqual(limits, [3, 3, 1.75]);
});
