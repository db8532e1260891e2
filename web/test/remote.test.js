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
  const helpers = await port.open('module', {});
  for (const worker of workers.slice(1)) worker.come();
  await Promise.all(helpers);
  const controller = new AbortController();
  const answer = (call) => Promise.resolve().then(() => workers[0].onmessage({ data: { id: call, result: call } }));
  const asking = port.call('ask', [], controller.signal);
  assert.equal(stop[0], 0);
  controller.abort();
  assert.equal(stop[0], 1);
  await Promise.all([asking, answer(2)]);
  const next = port.call('ask', [], new AbortController().signal);
  assert.equal(stop[0], 0);
  await Promise.all([next, answer(3)]);
  const late = new AbortController();
  const last = port.call('ask', [], late.signal);
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

test('a worker that says nothing is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { workers, port } = crew();
  const asking = port.call('ask', []);
  t.mock.timers.tick(30_000);
  await assert.rejects(asking, { code: 'E_WASM', message: 'the worker failed: nothing came for 30 seconds' });
  assert.ok(workers[0].ended && port.gone);
});

test('one that has answered may take its time, also to say no', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { workers, port } = crew();
  const asking = port.call('ask', []);
  workers[0].onmessage({ data: { id: 1, error: { code: 'E_CALL', message: 'no' } } });
  await assert.rejects(asking, { code: 'E_CALL', message: 'no' });
  const next = port.call('ask', []);
  t.mock.timers.tick(300_000);
  workers[0].onmessage({ data: { id: 2, result: 'yes' } });
  assert.equal(await next, 'yes');
});

/** Locks that are free when the test says so: their callbacks by their names. */
function fakeLocks(t) {
  const waiting = {};
  const request = async (name, granted) => { waiting[name] = granted; };
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { locks: { request } }, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
  return waiting;
}

test('a worker whose lock is free has ended', async (t) => {
  const locks = fakeLocks(t);
  const { workers, port } = crew();
  await Promise.all((await port.open('module', {})).map((helper, i) => (workers[i + 1].come(), helper)));
  workers.forEach((worker, i) => worker.onmessage({ data: { lock: `worker ${i}` } }));
  const asking = port.call('ask', []);
  locks['worker 2'](); // a helper's
  const ended = { code: 'E_CRASH', message: 'the worker stopped (it ended): call createVqa() anew' };
  await assert.rejects(asking, ended);
  await assert.rejects(port.call('ask', []), ended);
});

test('a helper that another takes the place of ends by itself', async (t) => {
  const locks = fakeLocks(t);
  const { workers, port } = crew();
  await Promise.all((await port.open('module', {})).map((helper, i) => (workers[i + 1].come(), helper)));
  workers[1].onmessage({ data: { lock: 'first' } });
  await Promise.all((await port.open('module', {})).map((helper, i) => (workers[i + 3].come(), helper)));
  locks.first();
  assert.deepEqual(workers.map(({ ended }) => ended), [false, true, true, false, false]);
});

test('a message that is lost ends all', async () => {
  const { workers, port } = crew();
  const helpers = Promise.allSettled(await port.open('module', {}));
  const asking = port.call('ask', []);
  workers[0].onmessageerror({});
  await assert.rejects(asking, { code: 'E_CRASH', message: 'the worker stopped (a message was lost): call createVqa() anew' });
  await helpers;
});
