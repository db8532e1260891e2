// What Vqa asks of the engine behind it, seen by an engine that only writes it down.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vqa } from '../src/vqa.js';

const PICTURE = new Uint8Array(1);

const ANSWERS = [{ answer: 'red', score: 0.75 }];
const TIMINGS = { decode: 1, resize: 2, encode: 3 };

/** A Vqa on an engine that knows one answer; `calls` are the names of its calls, `before(name)` is called at each. */
function recorded(before = () => {}) {
  const calls = [];
  const call = async (name, args) => {
    calls.push(name);
    before(name, ...args);
    return name.startsWith('encode') ? { picture: 1, timings: TIMINGS, peakBytes: 5 } : { answers: ANSWERS, milliseconds: 4, peakBytes: 6 };
  };
  return { vqa: new Vqa({ call, close: () => calls.push('close') }, { sureFrom: 0.7 }), calls };
}

test('ask gives its picture back, also when the question fails', async () => {
  const { vqa, calls } = recorded((name) => { if (name === 'ask') throw new Error('no'); });
  await assert.rejects(vqa.ask(PICTURE, 'why?'), { message: 'no' });
  assert.deepEqual(calls, ['encode', 'ask', 'closePicture']);
});

test('an answer is not lost when its picture can\'t be given back', async () => {
  const { vqa } = recorded((name) => { if (name === 'closePicture') throw new Error('no'); });
  assert.deepEqual((await vqa.ask(PICTURE, 'why?')).answers, ANSWERS);
  const failing = recorded((name) => { if (name !== 'encode') throw new Error(`no ${name}`); });
  await assert.rejects(failing.vqa.ask(PICTURE, 'why?'), { message: 'no ask' });
});

test('a result: the best answer, whether it is sure, all of them, who decoded the picture, what took how long', async () => {
  const { vqa } = recorded();
  const expected = { answer: 'red', score: 0.75, sure: true, answers: ANSWERS, decodedBy: 'engine', timings: { ...TIMINGS, answer: 4 } };
  assert.deepEqual(await vqa.ask(PICTURE, 'why?'), expected);
  assert.equal(vqa.info.peakBytes, 6);
  const picture = await vqa.encode({ data: new Uint8Array(4), width: 1, height: 1 });
  assert.deepEqual([picture.decodedBy, picture.timings], ['caller', TIMINGS]);
  const again = { ...expected, decodedBy: 'caller', timings: { decode: 0, resize: 0, encode: 0, answer: 4 } };
  assert.deepEqual(await picture.ask('why?'), again);
  vqa.info.sureFrom = 0.76;
  assert.deepEqual(await picture.ask('why?'), { ...again, sure: false });
});

test('an explained answer has a heat map, and the engine is told before it looks at the picture', async () => {
  const told = [];
  const heatmap = { width: 1, height: 1, data: new Float32Array([1]), box: { x: 0, y: 0, width: 1, height: 1 } };
  const call = async (name, args) => {
    told.push([name, ...args.filter((arg) => typeof arg === 'boolean')]);
    return name === 'encode' ? { picture: 1, timings: TIMINGS, peakBytes: 5 } : { answers: ANSWERS, milliseconds: 4, peakBytes: 6, heatmap: args[2] ? heatmap : undefined };
  };
  const vqa = new Vqa({ call, close() {} }, {});
  assert.deepEqual((await vqa.ask(PICTURE, 'why?', { explain: true })).heatmap, heatmap);
  const picture = await vqa.encode(PICTURE, { explain: true });
  assert.ok(!('heatmap' in await picture.ask('why?')));
  assert.deepEqual(told, [['encode', true], ['ask', true], ['closePicture'], ['encode', true], ['ask', false]]);
  for (const explain of [1, 'yes', null]) {
    await assert.rejects(vqa.ask(PICTURE, 'why?', { explain }), { code: 'E_CALL', message: /^explain is / });
    await assert.rejects(vqa.encode(PICTURE, { explain }), { code: 'E_CALL', message: /^explain is / });
  }
});

test('several questions: a result each, the picture is looked at once', async () => {
  const { vqa, calls } = recorded();
  const results = await vqa.ask(PICTURE, ['who?', 'why?', 'when?']);
  assert.deepEqual(results.map(({ timings }) => timings.encode), [3, 0, 0]);
  assert.deepEqual(calls, ['encode', 'ask', 'ask', 'ask', 'closePicture']);
  const picture = await vqa.encode(PICTURE);
  assert.equal((await picture.ask(['who?', 'why?'])).length, 2);
  for (const asker of [(questions) => vqa.ask(PICTURE, questions), (questions) => picture.ask(questions)]) {
    await assert.rejects(asker([]), { code: 'E_QUESTION', message: /empty array/ });
    await assert.rejects(asker(['who?', 7]), { code: 'E_QUESTION', message: /is 7,/ });
  }
});

test('aborted between two questions, the second is not asked', async () => {
  const controller = new AbortController();
  const { vqa, calls } = recorded((name) => { if (name === 'ask') controller.abort(); });
  await assert.rejects(vqa.ask(PICTURE, ['who?', 'why?'], { signal: controller.signal }), { name: 'AbortError' });
  await vqa.encode(PICTURE);
  assert.deepEqual(calls, ['encode', 'ask', 'closePicture', 'encode']);
});

test('aborted while the picture is read, a call rejects at once', async () => {
  const { vqa, calls } = recorded();
  const slow = Object.assign(new Blob(['x']), { arrayBuffer: () => new Promise(() => {}) });
  for (const call of [(signal) => vqa.ask(slow, 'why?', { signal }), (signal) => vqa.encode(slow, { signal })]) {
    const controller = new AbortController();
    const underWay = call(controller.signal);
    controller.abort('enough');
    await assert.rejects(underWay, (reason) => reason === 'enough');
  }
  assert.deepEqual(calls, []);
});

test('questions that are none do not reach the engine', async () => {
  const { vqa, calls } = recorded();
  const picture = await vqa.encode(PICTURE);
  const cases = [[undefined, /is undefined/], [Symbol('why'), /Symbol\(why\)/], [7, /is 7,/], [() => {}, /of type function/], [null, /null/]];
  for (const [question, message] of cases) {
    await assert.rejects(vqa.ask(PICTURE, question), { code: 'E_QUESTION', message });
    await assert.rejects(picture.ask(question), { code: 'E_QUESTION', message });
  }
  for (const topK of [1.5, NaN, 2 ** 32 + 1, '3', null, Symbol('k'), 3n, {}]) {
    await assert.rejects(vqa.ask(PICTURE, 'why?', { topK }), { code: 'E_CALL', message: /^topK is / });
    await assert.rejects(picture.ask('why?', { topK }), { code: 'E_CALL', message: /^topK is / });
  }
  assert.deepEqual(calls, ['encode']);
});

test('a picture is closed after the questions asked before, and once', async () => {
  const { vqa, calls } = recorded();
  const picture = await vqa.encode(PICTURE);
  const asked = picture.ask('why?');
  picture.close();
  picture.close();
  await asked;
  await assert.rejects(picture.ask('why?'), { code: 'E_CLOSED', message: /picture is closed/ });
  await vqa.ask(PICTURE, 'why?');
  assert.deepEqual(calls, ['encode', 'ask', 'closePicture', 'encode', 'ask', 'closePicture']);
});

test('an encoding that is aborted halfway gives its picture back', async () => {
  const controller = new AbortController();
  const { vqa, calls } = recorded(() => controller.abort());
  await assert.rejects(vqa.encode(PICTURE, { signal: controller.signal }), { name: 'AbortError' });
  await vqa.ask(PICTURE, 'why?');
  assert.deepEqual(calls, ['encode', 'closePicture', 'encode', 'ask', 'closePicture']);
});

test('calls do not overlap, and one that is aborted while it waits never starts', async () => {
  const { vqa, calls } = recorded();
  const controller = new AbortController();
  const asked = [vqa.ask(PICTURE, 'a'), vqa.ask(PICTURE, 'b', { signal: controller.signal }), vqa.ask(PICTURE, 'c')];
  controller.abort();
  const outcomes = (await Promise.allSettled(asked)).map(({ status }) => status);
  assert.deepEqual(outcomes, ['fulfilled', 'rejected', 'fulfilled']);
  assert.deepEqual(calls, ['encode', 'ask', 'closePicture', 'encode', 'ask', 'closePicture']);
});

/** A Vqa on an engine that hears; `calls` are its calls. `before` as above. */
function hearing(before = () => {}, info = {}) {
  const calls = [];
  const call = async (name, args) => {
    calls.push([name, ...args]);
    before(name);
    if (name === 'encode') return { picture: 1, timings: TIMINGS, peakBytes: 5 };
    if (name.startsWith('hear')) return { sound: 7, milliseconds: 8 };
    if (name === 'transcribe') return { transcript: { text: 'why?', language: 'en', segments: [] }, milliseconds: 4, peakBytes: 9 };
    return name === 'logits' ? new Float32Array(1) : { answers: ANSWERS, milliseconds: 4, peakBytes: 6 };
  };
  const vqa = new Vqa({ call, close() {} }, { hears: true, transcribes: true, ...info });
  return { vqa, calls, names: () => calls.map(([name]) => name) };
}

const SPEECH = { samples: Float32Array.of(0, 0.5), sampleRate: 16000 };
const FLOATS = new Uint8Array(SPEECH.samples.buffer);

test('a spoken question is heard, asked with, and given back', async () => {
  const { vqa, calls } = hearing();
  const { timings } = await vqa.ask(PICTURE, { speech: SPEECH, topK: 2 });
  assert.deepEqual(timings, { ...TIMINGS, hear: 8, answer: 4 });
  assert.deepEqual(calls, [['encode', false, PICTURE], ['hearSamples', FLOATS, 16000], ['ask', 1, 7, false, '', 2], ['closeSound', 7], ['closePicture', 1]]);
  const picture = await vqa.encode(PICTURE);
  calls.length = 0;
  await picture.ask({ speech: SPEECH, choices: ['a', 'b'], explain: true });
  await picture.ask('why?', { speech: SPEECH });
  await picture.ask(['who?', 'why?'], { speech: SPEECH });
  assert.equal((await picture.logits({ speech: SPEECH })).length, 1);
  assert.deepEqual(calls.filter(([name]) => !name.startsWith('hear')), [
    ['choose', 1, 7, true, '', ['a', 'b'], 2], ['closeSound', 7], ['ask', 1, 7, false, 'why?', 5], ['closeSound', 7],
    ['ask', 1, 7, false, 'who?', 5], ['ask', 1, 7, false, 'why?', 5], ['closeSound', 7], ['logits', 1, 7, 'ask', false, '', 5], ['closeSound', 7]]);
  await assert.rejects(picture.logits(['who?', 'why?']), { code: 'E_QUESTION' });
});

test('a sound is given back when its question fails, or is aborted', async () => {
  const failing = hearing((name) => { if (name === 'ask') throw new Error('no'); });
  await assert.rejects(failing.vqa.ask(PICTURE, { speech: SPEECH }), { message: 'no' });
  assert.deepEqual(failing.names(), ['encode', 'hearSamples', 'ask', 'closeSound', 'closePicture']);
  for (const name of ['encode', 'hearSamples']) {
    const controller = new AbortController();
    const { vqa, names } = hearing((call) => { if (call === name) controller.abort(); });
    await assert.rejects(vqa.ask(PICTURE, { speech: SPEECH, signal: controller.signal }), { name: 'AbortError' });
    await vqa.encode(PICTURE);
    assert.deepEqual(names(), name === 'encode' ? ['encode', 'closePicture', 'encode'] : ['encode', 'hearSamples', 'closeSound', 'closePicture', 'encode']);
  }
});

test('speech that is none, and models that don\'t hear', async () => {
  const { vqa, names } = hearing();
  for (const speech of [null, 7, 'hello']) await assert.rejects(vqa.ask(PICTURE, { speech }), { code: 'E_CALL', message: /^the speech must be / });
  await assert.rejects(vqa.transcribe(undefined), { code: 'E_CALL', message: /^the speech must be / });
  assert.deepEqual(new Set(names()), new Set(['encode', 'closePicture']));
  const deaf = hearing(undefined, { hears: false, transcribes: undefined });
  await assert.rejects(deaf.vqa.ask(PICTURE, { speech: SPEECH }), { code: 'E_CALL', message: 'the model takes no sound' });
  await assert.rejects(deaf.vqa.transcribe(SPEECH), { code: 'E_CALL', message: 'the model does not transcribe' });
});

test('what is said is written down, as the options say', async () => {
  const { vqa, calls } = hearing();
  assert.deepEqual(await vqa.transcribe(SPEECH, { language: 'de', task: 'translate', beams: 2, timestamps: true }), { text: 'why?', language: 'en', segments: [], timings: { hear: 8, answer: 4 } });
  await vqa.transcribe(SPEECH);
  assert.deepEqual(calls, [['hearSamples', FLOATS, 16000], ['transcribe', 7, '{"language":"de","task":"translate","beams":2,"timestamps":true}'], ['closeSound', 7],
    ['hearSamples', FLOATS, 16000], ['transcribe', 7, '{}'], ['closeSound', 7]]);
  assert.equal(vqa.info.peakBytes, 9);
  await assert.rejects(vqa.transcribe(SPEECH, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  vqa.close();
  await assert.rejects(vqa.transcribe(SPEECH), { code: 'E_CLOSED' });
});

test('disposing closes', async () => {
  const { vqa, calls } = recorded();
  const picture = await vqa.encode(PICTURE);
  if (!Symbol.dispose) return;
  picture[Symbol.dispose]();
  await vqa[Symbol.asyncDispose]();
  assert.deepEqual(calls.slice(-1), ['close']);
  await assert.rejects(picture.ask('why?'), { code: 'E_CLOSED' });
});

test('choices go to choose, all of them ranked unless topK says less', async () => {
  const asked = [];
  const { vqa } = recorded((...call) => asked.push(call));
  const picture = await vqa.encode(PICTURE);
  await picture.ask('', { choices: ['cat', 'dög'] });
  await vqa.ask(PICTURE, 'which?', { choices: Array(200).fill('x') });
  await vqa.ask(PICTURE, 'which?', { choices: ['cat', 'dog', 'cow'], topK: 1 });
  const chosen = asked.filter(([name]) => name === 'choose');
  assert.deepEqual(chosen[0], ['choose', 1, 0, false, '', ['cat', 'dög'], 2]);
  assert.deepEqual(chosen.map((call) => call.at(-1)), [2, 100, 1]);
  asked.length = 0;
  const cases = [[[], /^choices is an empty array: there is no answer to choose$/], [{}, /^choices is of type object, expected an array/], ['cat', /^choices is "cat", expected an array/], [null, /^choices is null/], [[7], /^choice 1 is 7/],
    [['cat', ''], /^choice 2 is empty/], [['c\0at'], /^choice 1 holds a zero byte/]];
  for (const [choices, message] of cases) await assert.rejects(picture.ask('why?', { choices }), { code: 'E_CALL', message });
  for (const topK of [1.5, '3']) await assert.rejects(picture.ask('why?', { choices: ['a'], topK }), { code: 'E_CALL', message: /^topK is / });
  assert.deepEqual(asked, []);
});

test('a pack is read to its end, one call after the other', async () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
  let at = 0;
  const read = () => {
    const piece = bytes.slice(at, at + 2000);
    at += piece.length;
    return piece;
  };
  const vqa = new Vqa({ call: async (name) => (name === 'packSize' ? ((at = 0), bytes.length) : read()), close() {} }, {});
  const seen = [];
  const [pack, again] = await Promise.all([vqa.pack({ onProgress: ({ loaded, total }) => seen.push([loaded, total]) }), vqa.pack()]);
  assert.equal(Buffer.compare(Buffer.from(await pack.arrayBuffer()), bytes), 0);
  assert.equal(again.size, bytes.length);
  assert.equal(pack.type, 'application/octet-stream');
  assert.deepEqual(seen, [[2000, 5000], [4000, 5000], [5000, 5000]]);
  const controller = new AbortController();
  await assert.rejects(vqa.pack({ onProgress: () => controller.abort(), signal: controller.signal }), { name: 'AbortError' });
  assert.equal((await vqa.pack()).size, bytes.length);
  vqa.close();
  await assert.rejects(vqa.pack(), { code: 'E_CLOSED' });
});
