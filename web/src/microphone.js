import { abortable, throwIfAborted } from './abort.js';
import { inTime } from './fetch.js';
import { VqaError } from './index.js';

/** @import { Samples } from './index.js' */

/**
 * @typedef {{ rms: number, peak: number, seconds: number }} Level  how loud it is just now, 0..1 (root mean square, and the loudest
 *   sample), and how long the microphone has listened
 *
 * @typedef {object} MicrophoneOptions  options of openMicrophone()
 * @property {(level: Level) => void} [onLevel]  called some twenty times a second, for a meter
 * @property {AbortSignal} [signal]  closes the microphone; openMicrophone() then rejects with the signal's reason
 */

/** The longest recording, in seconds: later sound is not kept. */
const MOST = 30;

/** Milliseconds that what was said last takes from the device to the page. */
const DELAY = 150;

/** Why there is no microphone, by the name of the browser's error. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: 'this page may not use it: allow it in the address bar or in the settings',
  NotFoundError: 'there is none',
  NotReadableError: 'something else uses it, or it is switched off',
};

/**
 * Listen to the microphone, from now on until stop() or close(). The browser asks the person for leave, and shows that the page
 * listens; before this call nothing is asked for.
 *
 *     import { openMicrophone } from 'wasm-vqa/microphone';
 *
 *     const microphone = await openMicrophone({ onLevel: ({ rms }) => (meter.value = rms) });
 *     button.onpointerup = async () => console.log(await vqa.ask(picture, { speech: await microphone.stop() }));
 *
 * @param {MicrophoneOptions} [options]
 * @returns {Promise<Microphone>}
 */
export async function openMicrophone({ onLevel = () => {}, signal } = {}) {
  if (!globalThis.isSecureContext) throw unusable('the page needs https or localhost for it');
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.AudioWorkletNode) throw unusable('this browser has none for pages');
  throwIfAborted(signal);
  /** @type {Microphone | undefined} */
  let microphone;
  try {
    microphone = new Microphone(onLevel, signal);
    await abortable(microphone.open(), signal);
    return microphone;
  } catch (error) {
    microphone?.close();
    throwIfAborted(signal);
    const { name, message } = /** @type {Error} */ (error);
    throw error instanceof VqaError ? error : unusable(REASONS[name] ?? message);
  }
}

/** A microphone that listens; made by openMicrophone(). */
export class Microphone {
  #onLevel;
  #context = new AudioContext();
  /** @type {MediaStream | undefined} */ #stream;
  /** @type {Float32Array[]} */ #pieces = [];
  #count = 0;
  #closed = false;
  #signal;
  #abort = () => this.close();

  /** @internal @param {(level: Level) => void} onLevel @param {AbortSignal} [signal] */
  constructor(onLevel, signal) {
    this.#onLevel = onLevel;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort);
  }

  /** @internal */
  async open() {
    // Bundlers are told to leave it a file: a policy of `script-src 'self'` refuses data URLs.
    const worklet = new URL('./microphone-worklet.js?no-inline', import.meta.url);
    await inTime(this.#context.audioWorklet.addModule(worklet)).catch(({ message }) => {
      throw new VqaError('E_NETWORK', `microphone-worklet.js can't be loaded: ${message}`);
    });
    if (this.#closed) return; // in the meantime
    // Nothing is played that could echo, and phones treat what is freed from it as a call.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true };
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    if (this.#closed) return this.#release();
    const node = new AudioWorkletNode(this.#context, 'microphone', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.#take(data);
    this.#context.createMediaStreamSource(this.#stream).connect(node);
    this.#context.resume().catch(() => {}); // it was closed
  }

  /** @param {Float32Array} piece */
  #take(piece) {
    if (this.#closed) return;
    if (this.#count >= MOST * this.#context.sampleRate) return this.#release();
    this.#pieces.push(piece);
    this.#count += piece.length;
    const power = piece.reduce((sum, sample) => sum + sample * sample, 0) / piece.length;
    const peak = piece.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.#onLevel({ rms: Math.min(1, Math.sqrt(power)), peak: Math.min(1, peak), seconds: this.#count / this.#context.sampleRate });
  }

  /**
   * Stop listening; the browser then no longer shows that the page listens.
   * @returns {Promise<Samples>} what was heard, at most the first 30 seconds of it
   */
  async stop() {
    if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, DELAY));
    if (this.#closed) throw new VqaError('E_CLOSED', 'the microphone is closed: call openMicrophone() anew');
    const pieces = this.#pieces;
    this.close();
    const samples = new Float32Array(this.#count);
    let at = 0;
    for (const piece of pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    return { samples, sampleRate: this.#context.sampleRate };
  }

  /** Stop listening, and give nothing back. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#pieces = [];
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#release();
    this.#context.close();
  }

  /** Let go of the device. */
  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
  }
}

/** @param {string} why */
function unusable(why) {
  return new VqaError('E_MICROPHONE', `the microphone can't be used: ${why}`);
}
