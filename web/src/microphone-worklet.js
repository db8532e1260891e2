// What the microphone hears, in the thread where it arrives: the mean of all channels, handed over in pieces.

/** Samples of a piece: 43 ms at 48 kHz. */
const PIECE = 2048;

const { AudioWorkletProcessor, registerProcessor } = /** @type {any} */ (globalThis);

registerProcessor('microphone', class extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE);
  #count = 0;

  /** @param {Float32Array[][]} inputs  of one input its channels, 128 samples each; none while nothing is connected */
  process([channels]) {
    for (let i = 0; i < (channels[0]?.length ?? 0); i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.#piece[this.#count++] = sum / channels.length;
      if (this.#count === PIECE) this.#hand();
    }
    return true;
  }

  #hand() {
    this.port.postMessage(this.#piece, [this.#piece.buffer]);
    this.#piece = new Float32Array(PIECE);
    this.#count = 0;
  }
});
