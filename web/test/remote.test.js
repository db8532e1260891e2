// An engine and its helpers behind workers, seen by workers that only do what they are told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remote } from '../src/remote.js';

/** Workers that answer `open` with two helpers to start, `help` with nothing, and nothing else. */
function crew() {
  const workers = [];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const opened = { helpers: [{ memory, thread: 1 }, { memory, thread: 2 }], stop: 64 };
  const port = remote(() => {
    const worker = {
      ended: false,
      postMessage({ id, call }) {
        if (call === 'open') queueMicrotask(() => worker.onmessage({ data: { id, result: opened } }));
        if (call === 'help') worker.come = () => worker.onmessage({ data: { id } });
      },
      terminate: () => (worker.ended = true),
    };
    workers.push(worker);
    return worker;
  });
  return { workers, port, stop: new Int32Array(memory.buffer, 64, 1) };
}

test('a helper that stops ends all, and the call under way', async () => {
  const { workers, port } = crew();
  const helpers = await port.open('module', {});
  for (const worker of workers.slice(1)) worker.come();
  await Promise.all(helpers);
  const asking = port.call('ask', []);
  workers[2].onmessage({ data: { error: { code: 'E_CRASH', message: 'a thread of the runtime stopped' } } });
  await assert.rejects(asking, { code: 'E_CRASH', message: 'a thread of the runtime stopped' });
  await assert.rejects(port.call('ask', []), { code: 'E_CRASH' });
  assert.deepEqual(workers.map(({ ended }) => ended), [true, true, true]);
});

test('a helper that never came is done without', async () => {
  const { workers, port } = crew();
  const [first, second] = await port.open('module', {});
  workers[1].come();
  workers[2].onerror({ message: 'no such file' });
  await first;
  await assert.rejects(second, { code: 'E_WASM', message: 'the worker failed: no such file' });
  assert.deepEqual(workers.map(({ ended }) => ended), [false, false, true]);
  port.close();
  assert.deepEqual(workers.map(({ ended }) => ended), [true, true, true]);
});

test('another engine has other helpers', async () => {
  const { workers, port } = crew();
  await Promise.allSettled((await port.open('module', {})).map((helper, i) => (workers[i + 1].come(), helper)));
  const late = await port.open('module', {});
  assert.deepEqual(workers.map(({ ended }) => ended), [false, true, true, false, false]);
  port.close();
  for (const helper of late) await assert.rejects(helper, { code: 'E_CLOSED' });
});

test('a call whose signal aborts is told to stop, the next one is not', async () => {
  const { workers, port, stop } = crew();
  await port.open('module', {});
  const controller = new AbortController();
  const answer = (call) => Promise.resolve().then(() => workers[0].onmessage({ data: { id: call, result: call } }));
  const asking = port.call('ask', [], [], controller.signal);
  assert.equal(stop[0], 0);
  controller.abort();
  assert.equal(stop[0], 1);
  await Promise.all([asking, answer(2)]);
  const next = port.call('ask', [], [], new AbortController().signal);
  assert.equal(stop[0], 0);
  await Promise.all([next, answer(3)]);
  const late = new AbortController();
  const last = port.call('ask', [], [], late.signal);
  await Promise.all([last, answer(4)]);
  late.abort(); // of a call that has ended
  assert.equal(stop[0], 0);
});

test('a worker that fails after it has answered has crashed', async () => {
  const { workers, port } = crew();
  const helpers = Promise.allSettled(await port.open('module', {}));
  const asking = port.call('ask', []);
  workers[0].onerror({ message: 'out of memory' });
  await assert.rejects(asking, { code: 'E_CRASH', message: 'the worker stopped (out of memory): call createVqa() anew' });
  await helpers;
});
