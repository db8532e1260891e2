// Whisper's log-mel spectrogram (Radford et al. 2022; Hugging Face WhisperFeatureExtractor), which onnxruntime's graph takes: plain and slow,
// made once.

export const RATE = 16_000;
const SIZE = 400, HOP = 160, BINS = SIZE / 2 + 1; // of a frame's spectrum

/** Slaney's scale: 15 mel are 1 kHz, from there on 27 are a factor of 6.4. @param {number} mel */
const hertz = (mel) => (mel < 15 ? mel * 200 / 3 : 1000 * 6.4 ** ((mel - 15) / 27));
const HIGHEST = 15 + 27 * Math.log(RATE / 2 / 1000) / Math.log(6.4);

/** The weight of each frequency in each band: triangles of the same area. @param {number} bands */
function filters(bands) {
  const corner = Array.from({ length: bands + 2 }, (_, i) => hertz(HIGHEST * i / (bands + 1)));
  return Array.from({ length: bands }, (_, i) => {
    const [low, middle, high] = corner.slice(i, i + 3);
    return Array.from({ length: BINS }, (_, k) => {
      const at = k * RATE / SIZE;
      return Math.max(0, Math.min((at - low) / (middle - low), (high - at) / (high - middle))) * 2 / (high - low);
    });
  });
}

/**
 * @param {Float32Array} samples  at 16 kHz; the last are mirrored behind the end, as the first are before the beginning
 * @param {number} [bands]
 * @returns {Float32Array} [bands, samples / 160]
 */
export function spectrogram(samples, bands = 80) {
  const frames = samples.length / HOP, bank = filters(bands), end = samples.length - 1;
  const turn = (/** @type {(angle: number) => number} */ f) => Float64Array.from({ length: SIZE }, (_, i) => f(2 * Math.PI * i / SIZE));
  const [cosine, sine] = [turn(Math.cos), turn(Math.sin)];
  const logarithms = new Float32Array(bands * frames);
  const frame = new Float64Array(SIZE), power = new Float64Array(BINS);
  for (let t = 0; t < frames; t++) {
    for (let i = 0; i < SIZE; i++) {
      const at = Math.abs(t * HOP + i - SIZE / 2);
      frame[i] = samples[at > end ? 2 * end - at : at] * (0.5 - 0.5 * cosine[i]);
    }
    for (let k = 0; k < BINS; k++) {
      let re = 0, im = 0;
      for (let i = 0; i < SIZE; i++) {
        const angle = k * i % SIZE;
        re += frame[i] * cosine[angle];
        im += frame[i] * sine[angle];
      }
      power[k] = re * re + im * im;
    }
    bank.forEach((filter, band) => {
      logarithms[band * frames + t] = Math.log10(Math.max(1e-10, filter.reduce((sum, weight, k) => sum + weight * power[k], 0)));
    });
  }
  const least = logarithms.reduce((most, x) => Math.max(most, x), -Infinity) - 8;
  return logarithms.map((x) => (Math.max(x, least) + 4) / 4);
}
