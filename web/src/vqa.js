/// <reference lib="esnext.disposable" preserve="true" />

import { abortable, throwIfAborted } from './abort.js';
import { VqaError } from './errors.js';
import { packBlob } from './pack.js';
import { readPicture } from './picture.js';
import { readQuestion } from './question.js';

/**
 * @typedef {import('./engine.js').Answer} Answer
 * @typedef {import('./picture.js').PictureSource} PictureSource
 * @typedef {{ signal?: AbortSignal }} CallOptions  an aborted call rejects with the signal's reason
 * @typedef {CallOptions & import('./question.js').QuestionOptions} AskOptions
 * @typedef {CallOptions & { onProgress?: (progress: { loaded: number, total: number }) => void }} PackOptions
 */

/** A loaded model; made by createVqa(). Calls run one after the other, in the order they are made. */
export class Vqa {
  #port;
  #closed = false;
  /** @type {Promise<unknown>} */ #turn = Promise.resolve();

  /**
   * What was loaded: name, architecture, number of answers, precision, bytes of weights and so on; `choices` is 'required'
   * where a question needs them; `memoryBytes` is WebAssembly's memory; `cached` says whether the browser keeps the model.
   * @readonly
   * @type {Record<string, any>}
   */
  info;

  /**
   * @param {import('./calls.js').Port} port
   * @param {Record<string, any>} info
   */
  constructor(port, info) {
    this.#port = port;
    this.info = info;
  }

  /**
   * Answer a question about a picture.
   * @param {PictureSource} picture
   * @param {string} question
   * @param {AskOptions} [options]
   * @returns {Promise<Answer[]>} best first
   */
  async ask(picture, question, { signal, ...options } = {}) {
    this.#expectOpen();
    const asked = readQuestion(question, options);
    const { call, args } = await readPicture(picture, signal);
    return this.#inTurn(async () => {
      const id = await this.#port.call(call, args);
      try {
        throwIfAborted(signal);
        return await this.#port.call(asked.call, [id, ...asked.args]);
      } finally {
        this.#port.call('closePicture', [id]).catch(() => {}); // nobody waits for it: the engine takes calls in their order
      }
    }, signal);
  }

  /**
   * Look at a picture once, to ask many questions about it.
   * @param {PictureSource} picture
   * @param {CallOptions} [options]
   * @returns {Promise<Picture>}
   */
  async encode(picture, { signal } = {}) {
    this.#expectOpen();
    const { call, args } = await readPicture(picture, signal);
    return this.#inTurn(async () => {
      const id = await this.#port.call(call, args);
      const close = () => this.#port.call('closePicture', [id]);
      if (signal?.aborted) await close(); // nobody is waiting for it any more
      return new Picture(
        (asked, signal) => this.#inTurn(() => this.#port.call(asked.call, [id, ...asked.args]), signal),
        () => this.#inTurn(close),
      );
    }, signal);
  }

  /**
   * The model as it was loaded (quantized, if it was) in one file, for createVqa({ model }).
   * @param {PackOptions} [options]
   * @returns {Promise<Blob>}
   */
  async pack({ onProgress = () => {}, signal } = {}) {
    this.#expectOpen();
    return this.#inTurn(() => packBlob((name, ...args) => this.#port.call(name, args), onProgress, signal), signal);
  }

  /** End the worker and give back the model, its pictures and their memory. Calls under way reject. */
  close() {
    this.#closed = true;
    this.#port.close();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  #expectOpen() {
    if (this.#closed) throw new VqaError('E_CLOSED', 'vqa is closed: call createVqa() anew');
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

/** A picture that was looked at; made by vqa.encode(). */
export class Picture {
  #ask;
  #close;
  #closed = false;

  /**
   * @param {(question: import('./question.js').QuestionCall, signal?: AbortSignal) => Promise<any>} ask
   * @param {() => Promise<void>} close
   */
  constructor(ask, close) {
    this.#ask = ask;
    this.#close = close;
  }

  /**
   * Answer a question about this picture.
   * @param {string} question
   * @param {AskOptions} [options]
   * @returns {Promise<Answer[]>} best first
   */
  async ask(question, { signal, ...options } = {}) {
    this.#expectOpen();
    return this.#ask(readQuestion(question, options), signal);
  }

  /**
   * Answer a question, and give the raw outputs of the model, before softmax or sigmoid: the same bits everywhere.
   * @param {string} question
   * @param {Omit<AskOptions, 'topK'>} [options]
   * @returns {Promise<Float32Array>} one for each answer of the model in the order of its labels, or where it has none, for each choice
   */
  async logits(question, { signal, ...options } = {}) {
    this.#expectOpen();
    const { call, args } = readQuestion(question, options);
    return this.#ask({ call: 'logits', args: [call, ...args] }, signal);
  }

  /** Give back what is kept of the picture. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#close().catch(() => {}); // it went with its vqa, if that was closed before
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  #expectOpen() {
    if (this.#closed) throw new VqaError('E_CLOSED', 'the picture is closed: encode it anew');
  }
}
