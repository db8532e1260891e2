// Sounds in every form, made into calls of the engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../src/index.js';
import { readSound } from '../src/sound.js';
import { tone, wav } from './hearing.js';

const SAMPLES = Float32Array.of(0, 0.5, -0.5);
const FLOATS = new Uint8Array(SAMPLES.buffer);

/** A stand-in for the browser's decoder, until the test ends: it decodes to these channels. */
function fakeDecoder(t, ...channels) {
  const decoded = [];
  globalThis.OfflineAudioContext = class {
    constructor(...args) {
      this.args = args;
    }

    async decodeAudioData(buffer) {
      decoded.push([...this.args, buffer.byteLength]);
      if (!channels.length) throw new DOMException('Unable to decode audio data', 'EncodingError');
      return audioBuffer(16000, ...channels);
    }
  };
  t.after(() => delete globalThis.OfflineAudioContext);
  return decoded;
}

const audioBuffer = (sampleRate, ...channels) => ({ sampleRate, length: channels[0].length, numberOfChannels: channels.length, getChannelData: (i) => Float32Array.from(channels[i]) });

test('a WAV file goes to the engine as it is, in whatever holds it', async () => {
  const file = wav(tone(0.01));
  const padded = Buffer.concat([Buffer.alloc(7), file, Buffer.alloc(7)]);
  for (const speech of [file, file.slice().buffer, new Blob([file]), new File([file], 'a.wav'), padded.subarray(7, -7)]) {
    const { call, args } = await readSound(speech);
    assert.equal(call, 'hear');
    assert.equal(Buffer.compare(args[0], file), 0);
    assert.notEqual(args[0].buffer, speech.buffer ?? speech); // it is given away
  }
});

test('samples go as their bytes, with their rate', async () => {
  assert.deepEqual(await readSound({ samples: SAMPLES, sampleRate: 44100 }), { call: 'hearSamples', args: [FLOATS, 44100] });
  assert.deepEqual((await readSound({ samples: new Float32Array([9, ...SAMPLES]).subarray(1), sampleRate: 8000 })).args, [FLOATS, 8000]);
});

test('of an AudioBuffer the channels are averaged', async () => {
  const { args } = await readSound(audioBuffer(48000.2, [0, 1, -1], [0, 0, 0]));
  assert.deepEqual(args, [FLOATS, 48000]);
});

test('other files are decoded at 16 kHz, the caller\'s bytes stay', async (t) => {
  const decoded = fakeDecoder(t, SAMPLES);
  const bytes = Buffer.from('OggS, and so on');
  for (const speech of [bytes, new Blob([bytes])]) assert.deepEqual(await readSound(speech), { call: 'hearSamples', args: [FLOATS, 16000] });
  assert.deepEqual(decoded, [[1, 1, 16000, 15], [1, 1, 16000, 15]]);
  assert.equal(bytes.length, 15);
});

test('what can\'t be decoded is named', async (t) => {
  const files = { Ogg: 'OggS', FLAC: 'fLaC', WebM: '\x1aE\xdf\xa3', MP4: '\0\0\0\x20ftypM4A ', AIFF: 'FORM\0\0\0\0AIFC', MP3: 'ID3\x04' };
  const sentences = Object.entries(files).map(([name, start]) => [Buffer.from(start, 'latin1'), `the ${name} sound can't be decoded here; use WAV`]);
  sentences.push([Buffer.from('\xff\xfb\x90', 'latin1'), "the MP3 sound can't be decoded here; use WAV"], [new Blob(['x'], { type: 'audio/amr' }), "the audio/amr sound can't be decoded here; use WAV"],
    [Buffer.from('x'), "the sound can't be decoded here; use WAV"]);
  for (const [speech, message] of sentences) await assert.rejects(readSound(speech), { name: 'VqaError', code: 'E_SOUND', message });
  fakeDecoder(t);
  await assert.rejects(readSound(Buffer.from('OggS')), { code: 'E_SOUND', message: /^the Ogg sound/ });
  const gone = Object.assign(new Blob(['x']), { arrayBuffer: async () => { throw new DOMException('gone', 'NotReadableError'); } });
  await assert.rejects(readSound(gone), { code: 'E_SOUND', message: "the sound can't be read: gone" });
});

test('what can\'t be read, as it went elsewhere', async () => {
  const samples = new Float32Array(4);
  structuredClone(samples, { transfer: [samples.buffer] });
  for (const speech of [samples.buffer, { samples, sampleRate: 16000 }]) {
    await assert.rejects(readSound(speech), { name: 'VqaError', code: 'E_SOUND', message: /^the sound can't be read: / });
  }
});

test('what is no sound', async () => {
  for (const speech of [undefined, null, 7, 'question.wav', {}, SAMPLES, { samples: [0, 1], sampleRate: 16000 }]) {
    await assert.rejects(readSound(speech), { code: 'E_CALL', message: /^the speech must be a Blob/ });
  }
  for (const sampleRate of [undefined, 44100.5, '16000', NaN, 2 ** 32, Symbol('rate')]) {
    await assert.rejects(readSound({ samples: SAMPLES, sampleRate }), { code: 'E_CALL', message: /^sampleRate is .*, expected a whole number$/ });
  }
});
