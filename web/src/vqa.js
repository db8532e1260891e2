/// <reference lib="esnext.disposable" preserve="true" />

import { abortable, failFast, throwIfAborted } from './abort.js';
import { expectOneOf, expectOptions } from './check.js';
import { VqaError } from './errors.js';
import { arrived } from './later.js';
import { packBlob } from './pack.js';
import { readPicture } from './picture.js';
import { readAsked } from './question.js';

/** @import { SpeechSource } from './sound.js' */

/**
 * @typedef {import('./engine.js').Answer} Answer
 * @typedef {import('./picture.js').PictureSource} PictureSource
 * @typedef {import('./picture.js').DecodedBy} DecodedBy
 * @typedef {{ signal?: AbortSignal }} CallOptions  an aborted call rejects with the signal's reason
 * @typedef {CallOptions & import('./question.js').QuestionOptions} AskOptions  options of a question
 * @typedef {AskOptions & { speech: SpeechSource }} SpokenQuestion  a question without words
 * @typedef {string | readonly string[] | SpokenQuestion} Question  one or several in words, or one that is only spoken
 * @typedef {CallOptions & { explain?: boolean }} EncodeOptions  explain: answers are going to be explained; some models have to know it
 *   while they look at the picture
 *
 * @typedef {object} PackOptions  options of pack()
 * @property {(progress: { loaded: number, total: number }) => void} [onProgress]  is told how many bytes there are so far
 * @property {AbortSignal} [signal]  ends the call, which then rejects with the signal's reason
 *
 * @typedef {object} TranscribeOptions  options of transcribe()
 * @property {string} [language]  that is spoken, such as 'en'; default: the model finds out
 * @property {'transcribe' | 'translate'} [task]  'translate': into English; default: 'transcribe'
 * @property {number} [beams]  texts that are followed at once: more are slower and a little better; default: 1
 * @property {boolean} [timestamps]  find out when what was said; default: false
 * @property {AbortSignal} [signal]  ends the call, which then rejects with the signal's reason
 *
 * @typedef {{ start: number, end: number, text: string }} Segment  what was said from when to when, in seconds
 * @typedef {{ text: string, language: string, segments: Segment[], timings: { hear: number, answer: number } }} Transcript  what was said;
 *   timings: milliseconds to hear the sound, and to write it down
 *
 * @typedef {object} Result  what a question gives
 * @property {string} answer  the best
 * @property {number} score  its score: a probability 0..1, or the predicted value where the model predicts numbers
 * @property {boolean} sure  whether it can be relied on: the score reaches `info.sureFrom`
 * @property {Answer[]} answers  the best and the next, best first
 * @property {DecodedBy} decodedBy  who turned the picture into pixels
 * @property {Timings} timings
 * @property {import('./engine.js').Heatmap} [heatmap]  where the answer comes from, if that was asked for with `explain` and the model can tell
 *
 * @typedef {object} Timings  milliseconds of this call; the first three are 0 where the picture was looked at before
 * @property {number} decode  the picture's bytes
 * @property {number} resize  to the pixels that the model sees
 * @property {number} encode  them, by the picture encoder
 * @property {number} [hear]  a spoken question, by the speech encoder
 * @property {number} answer  from the question to the answers
 */

/** A loaded model; made by createVqa(). Calls run one after the other, in the order in which their pictures are there. */
export class Vqa {
  #port;
  #closed = false;
  /** @type {Promise<unknown>} */ #turn = Promise.resolve();

  /**
   * What was loaded: name, architecture, number of answers, precision, bytes of weights and so on; `choices` is 'required'
   * where a question needs them; `peakBytes` is the most that WebAssembly's memory took so far; `cached` says whether the
   * browser keeps the model; `hears` and `transcribes` say what it does with speech; `sureFrom` is the score from which on answers are called sure.
   * @readonly
   * @type {Record<string, any>}
   */
  info;

  /**
   * @internal
   * @param {import('./calls.js').Port} port
   * @param {Record<string, any>} info
   */
  constructor(port, info) {
    this.#port = port;
    this.info = info;
  }

  /**
   * Answer a question about a picture, or several.
   * @template {Question} Q
   * @param {PictureSource} picture
   * @param {Q} question
   * @param {AskOptions} [options]  those of a question that is only spoken are the question
   * @returns {Promise<Q extends readonly string[] ? Result[] : Result>} of several questions, a result each
   */
  async ask(picture, question, options) {
    this.#expectOpen();
    const asked = readAsked(question, options);
    const { explain, signal } = asked;
    const source = await failFast((signal) => readPicture(picture, signal), signal);
    const results = await this.#inTurn(async () => {
      const { picture: id, timings } = await this.#encode(source, explain, signal);
      try {
        const results = await this.#results(id, asked, source.decodedBy);
        Object.assign(results[0].timings, timings);
        return results;
      } finally {
        this.#forget('closePicture', id);
      }
    }, signal);
    return /** @type {any} */ (Array.isArray(question) ? results : results[0]);
  }

  /**
   * Write down what somebody says; for models whose `info.transcribes` is true.
   * @param {SpeechSource} speech
   * @param {TranscribeOptions} [options]
   * @returns {Promise<Transcript>}
   */
  async transcribe(speech, options) {
    this.#expectOpen();
    const { signal, ...others } = expectOptions(options);
    if (!this.info.transcribes) throw new VqaError('E_CALL', 'the model does not transcribe');
    return this.#inTurn(() => this.#hear(speech, signal, async (sound, { hear }) => {
      const { transcript, milliseconds, peakBytes } = await this.#call('transcribe', [sound, JSON.stringify(others)], signal);
      this.info.peakBytes = peakBytes;
      return { ...transcript, timings: { hear, answer: milliseconds } };
    }), signal);
  }

  /**
   * Look at a picture once, to ask many questions about it.
   * @param {PictureSource} picture
   * @param {EncodeOptions} [options]
   * @returns {Promise<Picture>}
   */
  async encode(picture, options) {
    this.#expectOpen();
    const { explain, signal } = expectOptions(options);
    expectOneOf(explain, 'explain', [undefined, true, false]);
    const source = await failFast((signal) => readPicture(picture, signal), signal);
    const { decodedBy } = source;
    return this.#inTurn(async () => {
      const { picture: id, timings } = await this.#encode(source, explain, signal);
      const close = () => this.#port.call('closePicture', [id]);
      if (signal?.aborted) await close(); // nobody is waiting for it any more
      return new Picture({
        decodedBy,
        timings,
        ask: (asked) => this.#inTurn(() => this.#results(id, asked, decodedBy), asked.signal),
        logits: ({ calls: [{ call, args }], speech, signal }) => this.#inTurn(() =>
          this.#spoken(speech, signal, (sound) => this.#call('logits', [id, sound, call, ...args], signal)), signal),
        close: () => this.#inTurn(close),
      });
    }, signal);
  }

  /**
   * @param {import('./picture.js').EngineCall} source
   * @param {boolean} [explain]
   * @param {AbortSignal} [signal]
   * @returns {Promise<import('./engine.js').Encoded>}
   */
  async #encode({ call, args }, explain = false, signal) {
    const encoded = await this.#call(call, [explain, ...args], signal);
    this.info.peakBytes = encoded.peakBytes;
    return encoded;
  }

  /**
   * @param {number} picture
   * @param {import('./question.js').Asked} asked
   * @param {DecodedBy} decodedBy
   * @returns {Promise<Result[]>}
   */
  #results(picture, { calls, speech, signal }, decodedBy) {
    return this.#spoken(speech, signal, async (sound, timings) => {
      const results = [];
      for (const { call, args } of calls) {
        throwIfAborted(signal);
        /** @type {import('./engine.js').Asked} */
        const { answers, milliseconds, peakBytes, heatmap } = await this.#call(call, [picture, sound, ...args], signal);
        this.info.peakBytes = peakBytes;
        const [best] = answers;
        const own = { decode: 0, resize: 0, encode: 0, answer: milliseconds };
        const sure = best.score >= this.info.sureFrom;
        results.push({ ...best, sure, answers, decodedBy, timings: own, ...(heatmap && { heatmap }) });
      }
      Object.assign(results[0].timings, timings);
      return results;
    });
  }

  /**
   * What `use` gives for the sound of a question that may have one.
   * @template T
   * @param {SpeechSource | undefined} speech
   * @param {AbortSignal | undefined} signal
   * @param {(sound: number, timings: { hear?: number }) => Promise<T>} use
   * @returns {Promise<T>}
   */
  #spoken(speech, signal, use) {
    return speech === undefined ? use(0, {}) : this.#hear(speech, signal, use);
  }

  /**
   * @template T
   * @param {SpeechSource} speech
   * @param {AbortSignal | undefined} signal
   * @param {(sound: number, timings: { hear: number }) => Promise<T>} use
   * @returns {Promise<T>}
   */
  async #hear(speech, signal, use) {
    if (!this.info.hears) throw new VqaError('E_CALL', 'the model takes no sound');
    const { readSound } = await arrived('sound.js', import('./sound.js'));
    const { call, args } = await readSound(speech);
    throwIfAborted(signal);
    /** @type {import('./engine.js').Heard} */
    const { sound, milliseconds } = await this.#call(call, args, signal);
    try {
      throwIfAborted(signal);
      return await use(sound, { hear: milliseconds });
    } finally {
      this.#forget('closeSound', sound);
    }
  }

  /** Nobody waits for it: the engine takes calls in their order. @param {string} close @param {number} id */
  #forget(close, id) {
    this.#port.call(close, [id]).catch(() => {});
  }

  /**
   * The model as it was loaded (quantized, if it was) in one file, for createVqa({ model }).
   * @param {PackOptions} [options]
   * @returns {Promise<Blob>}
   */
  async pack(options) {
    this.#expectOpen();
    const { onProgress = () => {}, signal } = expectOptions(options);
    return this.#inTurn(() => packBlob((name, ...args) => this.#port.call(name, args), onProgress, signal), signal);
  }

  /** End the worker and give back the model, its pictures and their memory. Calls under way reject. */
  close() {
    this.#closed = true;
    this.#port.close();
  }

  /** The same as close(). */
  [Symbol.dispose]() {
    this.close();
  }

  /** The same as close(). */
  async [Symbol.asyncDispose]() {
    this.close();
  }

  #expectOpen() {
    if (this.#closed) throw new VqaError('E_CLOSED', 'vqa is closed: call createVqa() anew');
  }

  /**
   * @param {string} name
   * @param {any[]} args
   * @param {AbortSignal} [signal]
   */
  #call(name, args, signal) {
    return this.#port.call(name, args, signal);
  }

  /**
   * Do `work` when all calls made before are done, unless it is aborted by then.
   * @template T
   * @param {() => Promise<T>} work
   * @param {AbortSignal} [signal]
   * @returns {Promise<T>}
   */
  #inTurn(work, signal) {
    const turn = this.#turn.then(() => {
      throwIfAborted(signal);
      this.#expectOpen();
      return work();
    });
    this.#turn = turn.catch(() => {}); // a failure is its caller's, the next call goes on
    return abortable(turn, signal);
  }
}

/**
 * What a picture is to the model that looked at it.
 * @typedef {object} Looked
 * @property {DecodedBy} decodedBy
 * @property {Omit<Timings, 'answer'>} timings
 * @property {(asked: import('./question.js').Asked) => Promise<Result[]>} ask
 * @property {(asked: import('./question.js').Asked) => Promise<Float32Array>} logits  of the first question
 * @property {() => Promise<void>} close
 */

/** A picture that was looked at; made by vqa.encode(). */
export class Picture {
  #looked;
  #closed = false;

  /** @internal @param {Looked} looked */
  constructor(looked) {
    this.#looked = looked;
    /** Who turned it into pixels. @readonly */
    this.decodedBy = looked.decodedBy;
    /** Milliseconds that it took to decode, resize and encode it. @readonly */
    this.timings = looked.timings;
  }

  /**
   * Answer a question about this picture, or several.
   * @template {Question} Q
   * @param {Q} question
   * @param {AskOptions} [options]  those of a question that is only spoken are the question
   * @returns {Promise<Q extends readonly string[] ? Result[] : Result>} of several questions, a result each
   */
  async ask(question, options) {
    this.#expectOpen();
    const results = await this.#looked.ask(readAsked(question, options));
    return /** @type {any} */ (Array.isArray(question) ? results : results[0]);
  }

  /**
   * Answer a question, and give the raw outputs of the model, before softmax or sigmoid: the same bits everywhere.
   * @param {string | SpokenQuestion} question
   * @param {Omit<AskOptions, 'topK'>} [options]
   * @returns {Promise<Float32Array>} one for each answer of the model in the order of its labels, or where it has none, for each choice
   */
  async logits(question, options) {
    this.#expectOpen();
    const asked = /** @type {any} */ (Array.isArray(question) ? [question] : question); // several are refused
    return this.#looked.logits(readAsked(asked, options));
  }

  /** Give back what is kept of the picture. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#looked.close().catch(() => {}); // it went with its vqa, if that was closed before
  }

  /** The same as close(). */
  [Symbol.dispose]() {
    this.close();
  }

  /** The same as close(). */
  async [Symbol.asyncDispose]() {
    this.close();
  }

  #expectOpen() {
    if (this.#closed) throw new VqaError('E_CLOSED', 'the picture is closed: encode it anew');
  }
}
