/**
 * @typedef {'E_MODEL' | 'E_PICTURE' | 'E_QUESTION' | 'E_CALL' | 'E_MEMORY' | 'E_STOPPED' | 'E_SOUND' | 'E_BUILD'} EngineErrorCode
 *   Why the engine failed, as vqa.h tells it; stable across releases.
 *   - E_MODEL: the model's bytes can't be used
 *   - E_PICTURE: the picture can't be used
 *   - E_QUESTION: the question can't be answered
 *   - E_CALL: a wrong argument or order of calls
 *   - E_MEMORY: the memory does not suffice
 *   - E_BUILD: the model takes a full build of the runtime, and `wasm` is not one
 *   - E_STOPPED: nobody wants the answer any more: its call was aborted, and has rejected with the signal's reason
 *   - E_SOUND: the sound can't be used
 *
 * @typedef {EngineErrorCode | 'E_NETWORK' | 'E_INTEGRITY' | 'E_SIMD' | 'E_WASM' | 'E_CRASH' | 'E_CLOSED' | 'E_MICROPHONE'} VqaErrorCode
 *   Why a call failed; stable across releases. Beyond the engine's own:
 *   - E_NETWORK: a file could not be fetched
 *   - E_INTEGRITY: a file is not the one that was promised
 *   - E_SIMD: this browser lacks WebAssembly or its SIMD instructions
 *   - E_WASM: the runtime (vqa.wasm or its worker) could not be started
 *   - E_CRASH: the runtime stopped in the middle of a call; it is not used again
 *   - E_CLOSED: the object was closed
 *   - E_MICROPHONE: there is no microphone, or the page may not use it
 */

/** Every failure of this package: a stable `code` for programs, one sentence in `message` for people. */
export class VqaError extends Error {
  /**
   * @param {VqaErrorCode} code
   * @param {string} message  one sentence
   */
  constructor(code, message) {
    super(message);
    this.name = 'VqaError';
    /** @type {VqaErrorCode} */
    this.code = code;
  }

  /** Files that come when they are needed bring a copy of this class: its errors are such errors, too. @param {any} thrown */
  static [Symbol.hasInstance](thrown) {
    return this.prototype.isPrototypeOf(thrown) || (this === VqaError && thrown?.name === 'VqaError');
  }
}

/**
 * What anything thrown has to say.
 * @param {unknown} thrown
 * @returns {string}
 */
export function reason(thrown) {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
