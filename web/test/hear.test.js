// Spoken questions with the real runtime and a small model: right forms, bad ones, and the command line.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createVqa } from '../src/index.js';
import { hearingFolder, tone, wav } from './hearing.js';
import { FULL_RUNTIME, RED_CIRCLE, RUNTIME, missing } from './support.js';

describe('a model that hears', { skip: missing(RUNTIME, FULL_RUNTIME) }, () => {
  let folder, vqa;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vqa-hearing-'));
    for (const [name, bytes] of Object.entries(hearingFolder())) writeFileSync(join(folder, name), bytes);
    vqa = await createVqa({ model: folder, wasm: FULL_RUNTIME, precision: 'f32' });
  });

  after(() => {
    vqa.close();
    rmSync(folder, { recursive: true });
  });

  const asked = async (speech) => (await vqa.ask(RED_CIRCLE, { speech })).answers;

  test('takes a full runtime', async () => {
    await assert.rejects(createVqa({ model: folder, wasm: RUNTIME }), { code: 'E_BUILD', message: 'the model needs a full build of the runtime (vqa-full.wasm)' });
  });

  test('answers what is said, however it is given', async () => {
    assert.equal(vqa.info.hears, true);
    const samples = tone(1).map((sample) => Math.round(sample * 32768) / 32768); // as a WAV file of 16 bits has them
    const expected = await asked(wav(samples));
    assert.deepEqual(await asked({ samples, sampleRate: 16000 }), expected);
    assert.deepEqual(await asked(new Blob([wav(samples, 16000, 2)])), expected);
    assert.notDeepEqual(await asked(wav(tone(2))), expected);
    const { timings } = await vqa.ask(RED_CIRCLE, { speech: wav(samples) });
    assert.ok(timings.hear > 0 && timings.answer > 0);
    const picture = await vqa.encode(RED_CIRCLE);
    assert.deepEqual((await picture.ask({ speech: wav(samples) })).answers, expected);
    assert.equal((await picture.logits({ speech: wav(samples) })).length, vqa.info.answers);
    assert.notDeepEqual((await picture.ask('what color is the cat?')).answers, expected);
    assert.ok(!('hear' in (await picture.ask('what color is the cat?')).timings));
    picture.close();
  });

  test('at other rates it hears nearly the same, and silence is a sound', async () => {
    const [{ answer, score }] = await asked({ samples: tone(1), sampleRate: 16000 });
    for (const rate of [8000, 44100, 48000]) {
      const [best] = await asked({ samples: tone(1, rate), sampleRate: rate });
      assert.ok(best.answer === answer && Math.abs(best.score - score) < 0.05, `${rate}: ${JSON.stringify(best)}`);
    }
    assert.equal((await asked({ samples: new Float32Array(1600), sampleRate: 16000 })).length, 5);
  });

  test('bad sounds, after which the next one is heard', async () => {
    const refuses = async (speech, code, message) => {
      await assert.rejects(asked(speech), { name: 'VqaError', code, message });
      assert.equal((await asked(wav(tone(0.5)))).length, 5);
    };
    await refuses(new Uint8Array(0), 'E_SOUND', /^the sound is empty|has no samples/);
    await refuses(wav(tone(1)).subarray(0, 30), 'E_SOUND', /^the WAV file ends inside/);
    await refuses({ samples: new Float32Array(0), sampleRate: 16000 }, 'E_SOUND', 'the sound has no samples');
    await refuses({ samples: Float32Array.of(0, NaN), sampleRate: 16000 }, 'E_SOUND', 'sample 1 of the sound is nan, expected about -1 to 1');
    await refuses({ samples: tone(1), sampleRate: -16000 }, 'E_SOUND', /^the sound has -16000 samples a second/);
    await refuses(wav(tone(11)), 'E_SOUND', 'the sound is 11.0 s long, the model hears at most 10.0 s');
    await refuses({ samples: new Float32Array(600_001), sampleRate: 1000 }, 'E_SOUND', 'the sound has 600001 samples at 1000 a second, more than the 600 s that are taken');
    const getChannelData = () => assert.fail('it is not read');
    await refuses({ length: 9_600_001, sampleRate: 16000, numberOfChannels: 1, getChannelData }, 'E_SOUND', /^the sound has 9600001 samples at 16000 a second/);
    await refuses(Buffer.from('fLaC'), 'E_SOUND', "the FLAC sound can't be decoded here; use WAV");
  });

  test('sounds are given back: many of them take no more memory than a few', async () => {
    await asked(wav(tone(1)));
    const { peakBytes } = vqa.info;
    for (let i = 0; i < 50; i++) await asked(wav(tone(1)));
    assert.equal(vqa.info.peakBytes, peakBytes);
  });
});
