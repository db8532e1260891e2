// The wasm boundary: the one file that knows pointers. Scalars and byte ranges cross it, nothing else.

import { VqaError, reason } from './errors.js';
import { PRECISIONS } from './precisions.js';
import { instantiate } from './wasm.js';

/** @typedef {{ answer: string, score: number }} Answer  an answer and its score, a probability 0..1 */
/**
 * What the engine says of a picture: its id, and the milliseconds that it took. `peakBytes`: of WebAssembly's memory.
 * @typedef {{ picture: number, timings: { decode: number, resize: number, encode: number }, peakBytes: number }} Encoded
 * @typedef {{ answers: Answer[], milliseconds: number, peakBytes: number, heatmap?: Heatmap }} Asked  best first
 * @typedef {{ sound: number, milliseconds: number }} Heard  what it says of a sound: its id, and the milliseconds that it took
 *
 * @typedef {object} Heatmap  where an answer comes from
 * @property {number} width  in patches of the picture
 * @property {number} height
 * @property {Float32Array} data  row by row, 0..1, the largest 1: how much each patch counts
 * @property {{ x: number, y: number, width: number, height: number }} box  the part of the picture that it covers, in fractions of it
 */

/**
 * @typedef {object} EngineOptions
 * @property {string} [precision]  one of PRECISIONS; as the model has it without
 * @property {number} [threads]  with the calling one; a build without threads has one
 * @property {number} [memoryLimit]  of WebAssembly's memory, in bytes
 * @property {number} [sizeLimit]  of a pack, in bytes
 */

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** The statuses of vqa.h. @type {Record<number, import('./errors.js').EngineErrorCode>} */
const CODES = { [-1]: 'E_MODEL', [-2]: 'E_PICTURE', [-3]: 'E_QUESTION', [-4]: 'E_CALL', [-5]: 'E_MEMORY', [-6]: 'E_STOPPED', [-7]: 'E_SOUND', [-8]: 'E_BUILD' };

/** Stages of vqa_milliseconds(). */
const TIMES = { decode: 0, resize: 1, encode: 2, answer: 3, hear: 4 };

/** One instance of vqa.wasm with one vqa handle in it. */
export class Engine {
  /** @type {any} */ #c; // the functions of vqa.h, malloc, free, the memory and its limit
  #vqa = 0;
  /** @type {VqaError | null} */ #crash = null;

  /**
   * What is to run in other workers; without them the engine does all by itself.
   * @type {import('./wasm.js').Helper[]}
   */
  helpers = [];

  /**
   * Start the runtime, with no model in it yet.
   * @param {WebAssembly.Module} module
   * @param {EngineOptions} [options]
   * @returns {Promise<Engine>}
   */
  static async open(module, { precision, threads = 1, memoryLimit, sizeLimit = 0 } = {}) {
    const engine = new Engine();
    engine.#c = await instantiate(module, memoryLimit, (helper) => engine.helpers.push(helper));
    engine.#vqa = engine.#run((c) => {
      c._initialize?.();
      return c.vqa_new(threads);
    });
    if (!engine.#vqa) throw new VqaError('E_MEMORY', 'the memory does not suffice to start the runtime');
    engine.#checked((c) => c.vqa_set_size_limit(engine.#vqa, sizeLimit));
    if (precision) engine.#checked((c) => c.vqa_set_precision(engine.#vqa, PRECISIONS[precision]));
    return engine;
  }

  /** Load a folder instead of a pack, file by file. @param {string} name  the model's @returns {string} the file to load first */
  openFolder(name) {
    this.#checked((c) => this.#lend(utf8(name), (p, size) => c.vqa_open_folder(this.#vqa, p, size)));
    return this.#run((c) => this.#text(c.vqa_wanted_file(this.#vqa)));
  }

  /** The wanted file has ended, or is not there. @param {boolean} there @returns {string} the next; '' if that was the last */
  endFile(there) {
    this.#checked((c) => c.vqa_end_file(this.#vqa, Number(there)));
    return this.#run((c) => this.#text(c.vqa_wanted_file(this.#vqa)));
  }

  /** Take in the next bytes of the pack or of the wanted file. @param {Uint8Array} bytes @returns {Uint8Array} the same, not needed any more */
  load(bytes) {
    this.#checked((c) => this.#lend(bytes, (p, size) => c.vqa_load(this.#vqa, p, size)));
    return bytes;
  }

  /** All bytes are there: make the model ready. */
  loadEnd() {
    this.#checked((c) => c.vqa_load_end(this.#vqa));
  }

  /**
   * Encode a JPEG or PNG file.
   * @param {boolean} explain  answers about it can be explained
   * @param {Uint8Array} bytes
   * @returns {Encoded}
   */
  encode(explain, bytes) {
    return this.#encoded(explain, (c) => this.#lend(bytes, (p, size) => c.vqa_encode(this.#vqa, p, size)));
  }

  /**
   * Encode pixels: [height, width, 4] bytes of red, green, blue and alpha, not premultiplied.
   * @param {boolean} explain
   * @param {Uint8Array} rgba
   * @param {number} width
   * @param {number} height
   * @returns {Encoded}
   */
  encodePixels(explain, rgba, width, height) {
    if (rgba.length !== width * height * 4) {
      const size = `${width} x ${height} x 4 = ${width * height * 4}`;
      throw new VqaError('E_PICTURE', `the picture has ${rgba.length} bytes of pixels, expected ${size}`);
    }
    return this.#encoded(explain, (c) => this.#lend(rgba, (p) => c.vqa_encode_pixels(this.#vqa, p, width, height)));
  }

  /** @param {boolean} explain @param {(c: any) => number} encode @returns {Encoded} */
  #encoded(explain, encode) {
    this.#run((c) => c.vqa_set_explain(this.#vqa, Number(explain)));
    const picture = this.#checked(encode);
    const [decode, resize, encoding] = [TIMES.decode, TIMES.resize, TIMES.encode].map((stage) => this.#milliseconds(stage));
    return { picture, timings: { decode, resize, encode: encoding }, peakBytes: this.peakBytes };
  }

  /** @param {number} stage */
  #milliseconds(stage) {
    return this.#run((c) => c.vqa_milliseconds(this.#vqa, stage));
  }

  /** WebAssembly's memory, which never shrinks. */
  get peakBytes() {
    return this.#run((c) => c.memory.buffer.byteLength);
  }

  /** Where in shared memory a 1 ends the call that is under way. */
  get stop() {
    return this.#run((c) => c.vqa_stop(this.#vqa) >>> 0);
  }

  /** Give back the features of a picture. @param {number} picture */
  closePicture(picture) {
    this.#checked((c) => c.vqa_close_picture(this.#vqa, picture));
  }

  /** Hear a WAV file. @param {Uint8Array} wav @returns {Heard} */
  hear(wav) {
    return this.#heard((c) => this.#lend(wav, (p, size) => c.vqa_hear(this.#vqa, p, size)));
  }

  /** Hear samples. @param {Uint8Array} floats  their bytes: one channel, -1..1 @param {number} rate  a second @returns {Heard} */
  hearSamples(floats, rate) {
    return this.#heard((c) => this.#lend(floats, (p, size) => c.vqa_hear_samples(this.#vqa, p, size / 4, rate)));
  }

  /** @param {(c: any) => number} hear @returns {Heard} */
  #heard(hear) {
    return { sound: this.#checked(hear), milliseconds: this.#milliseconds(TIMES.hear) };
  }

  /** Give back the features of a sound. @param {number} sound */
  closeSound(sound) {
    this.#checked((c) => c.vqa_close_sound(this.#vqa, sound));
  }

  /**
   * Write down what is said in a sound.
   * @param {number} sound
   * @param {string} options  a JSON object
   * @returns {{ transcript: any, milliseconds: number, peakBytes: number }}
   */
  transcribe(sound, options) {
    this.#checked((c) => this.#lend(utf8(options), (p, size) => c.vqa_transcribe(this.#vqa, sound, p, size)));
    const transcript = JSON.parse(this.#run((c) => this.#text(c.vqa_transcript(this.#vqa))));
    return { transcript, milliseconds: this.#milliseconds(TIMES.answer), peakBytes: this.peakBytes };
  }

  /**
   * Answer a question about an encoded picture.
   * @param {number} picture
   * @param {number} sound  the spoken question; 0 for none
   * @param {boolean} explain
   * @param {string} question
   * @param {number} topK
   * @returns {Asked}
   */
  ask(picture, sound, explain, question, topK) {
    return this.#asked(explain, (c) => this.#lend(utf8(question), (p, size) => c.vqa_ask(this.#vqa, picture, sound, p, size, topK)));
  }

  /**
   * Rank answers that are given.
   * @param {number} picture
   * @param {number} sound
   * @param {boolean} explain
   * @param {string} question
   * @param {string[]} choices  none holds a zero byte
   * @param {number} topK
   * @returns {Asked}
   */
  choose(picture, sound, explain, question, choices, topK) {
    return this.#asked(explain, (c) => this.#lend(utf8(question), (p, size) =>
      this.#lend(utf8(`${choices.join('\0')}\0`), (q, all) => c.vqa_choose(this.#vqa, picture, sound, p, size, q, all, topK))));
  }

  /**
   * Answer, and give the raw outputs of the model instead of the best answers.
   * @param {number} picture
   * @param {number} sound
   * @param {'ask' | 'choose'} call
   * @param {any[]} args  those of the call after the sound
   * @returns {Float32Array} one for each answer of the model in the order of its labels, or where it has none, for each choice
   */
  logits(picture, sound, call, ...args) {
    /** @type {any} */ (this)[call](picture, sound, ...args);
    let logits = new Float32Array();
    this.#run((c) => this.#lend(new Uint8Array(4), (p) => {
      const start = c.vqa_logits(this.#vqa, p) >>> 0;
      const [count] = new Int32Array(c.memory.buffer, p, 1);
      logits = new Float32Array(c.memory.buffer, start, count).slice(); // the engine's change with its next answer
      return count;
    }));
    return logits;
  }

  /** @param {boolean} explain @param {(c: any) => number} ask @returns {Asked} */
  #asked(explain, ask) {
    this.#run((c) => c.vqa_set_explain(this.#vqa, Number(explain)));
    const count = this.#checked(ask);
    const answers = this.#run((c) => Array.from({ length: count }, (_, i) => ({
      answer: this.#text(c.vqa_answer_text(this.#vqa, i)),
      score: c.vqa_answer_score(this.#vqa, i),
    })));
    return { answers, milliseconds: this.#milliseconds(TIMES.answer), peakBytes: this.peakBytes, heatmap: explain ? this.#heatmap() : undefined };
  }

  /** Where the last answer comes from, if the engine can tell. @returns {Heatmap | undefined} */
  #heatmap() {
    /** @type {Heatmap | undefined} */
    let heatmap;
    this.#run((c) => this.#lend(new Uint8Array(24), (p) => { // height, width, and four floats of the box
      const start = c.vqa_heatmap(this.#vqa, p, p + 4) >>> 0;
      c.vqa_heatmap_box(this.#vqa, p + 8);
      const { buffer } = c.memory;
      const [height, width] = new Int32Array(buffer, p, 2);
      const [x, y, ...size] = new Float32Array(buffer, p + 8, 4);
      if (start) heatmap = { width, height, data: new Float32Array(buffer, start, width * height).slice(), box: { x, y, width: size[0], height: size[1] } };
      return width;
    }));
    return heatmap;
  }

  /** The size of the model as a pack, which is read from its beginning now. @returns {number} */
  packSize() {
    return this.#checked((c) => c.vqa_pack_size(this.#vqa));
  }

  /**
   * The next bytes of that pack, none at its end.
   * @param {number} size  give at most so many
   * @returns {Uint8Array}
   */
  packRead(size) {
    const bytes = new Uint8Array(size);
    const count = this.#checked((c) => this.#lend(bytes, (p) => {
      const count = c.vqa_pack_read(this.#vqa, p, size);
      bytes.set(new Uint8Array(c.memory.buffer, p, Math.max(count, 0)));
      return count;
    }));
    return bytes.subarray(0, count);
  }

  /** What was loaded, and the memory that it took. @returns {Record<string, any>} */
  info() {
    return this.#run((c) => ({ ...JSON.parse(this.#text(c.vqa_info(this.#vqa))), peakBytes: this.peakBytes }));
  }

  /**
   * Call into wasm. A trap leaves the instance in an unknown state, so it is not used again.
   * @template T
   * @param {(c: any) => T} call
   * @returns {T}
   */
  #run(call) {
    if (this.#crash) throw this.#crash;
    try {
      return call(this.#c);
    } catch (error) {
      if (error instanceof VqaError) throw error;
      this.#crash = new VqaError('E_CRASH', `the runtime stopped (${reason(error)}) and can't be used again: call createVqa() anew`);
      throw this.#crash;
    }
  }

  /**
   * Call a function of vqa.h that returns a status; a negative one is thrown with the engine's sentence.
   * @param {(c: any) => number} call
   * @returns {number}
   */
  #checked(call) {
    return this.#run((c) => {
      const status = call(c);
      if (status < 0) {
        const code = CODES[status] ?? 'E_CALL';
        throw new VqaError(code, this.#text(c.vqa_error(this.#vqa)) + (code === 'E_MEMORY' ? this.#room() : ''));
      }
      return status;
    });
  }

  /**
   * Copy bytes in, use them, free them.
   * @param {Uint8Array} bytes
   * @param {(pointer: number, size: number) => number} use
   * @returns {number}
   */
  #lend(bytes, use) {
    const p = this.#c.malloc(bytes.length || 1) >>> 0;
    if (!p) throw new VqaError('E_MEMORY', `the memory does not suffice for ${bytes.length} more bytes${this.#room()}`);
    new Uint8Array(this.#c.memory.buffer).set(bytes, p); // a fresh view: malloc may have grown memory
    try {
      const result = use(p, bytes.length);
      this.#c.free(p);
      return result;
    } catch (error) {
      if (error instanceof VqaError) this.#c.free(p); // after a trap the whole instance is given up
      throw error;
    }
  }

  /** The end of a sentence on memory that doesn't suffice. */
  #room() {
    const { memory, limit } = this.#c;
    return `: the runtime has ${memory.buffer.byteLength} bytes and may have up to ${limit}`;
  }

  /** The UTF-8 text at a pointer, up to its zero byte. @param {number} pointer @returns {string} */
  #text(pointer) {
    const memory = new Uint8Array(this.#c.memory.buffer);
    const start = pointer >>> 0;
    return new TextDecoder().decode(memory.slice(start, memory.indexOf(0, start))); // a copy: decoders refuse shared memory
  }
}
