// Numbers as people read them.

const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const megabytes = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** What would round to 100% is not certain, and shown as 99.9%. @param {number} score */
export const scoreText = (score) => percent.format(Math.min(score, 0.999));

/** @param {number} size */
export const bytesText = (size) => (size < 1e3 ? `${size} bytes` : size < 1e6 ? `${short.format(size / 1e3)} kB` : `${short.format(size / 1e6)} MB`);

/** How many bytes of how many, in steps that can be watched. */
export const loadedText = (loaded, total) =>
  `${megabytes.format(loaded / 1e6)}${total ? ` of ${megabytes.format(total / 1e6)}` : ''} MB`;

/**
 * How long the rest will take at the pace so far; nothing while that is a guess, or not worth saying.
 * @param {number} loaded
 * @param {number | undefined} total
 * @param {number} ms  since the beginning
 */
export function leftText(loaded, total, ms) {
  const seconds = total ? ((total - loaded) / loaded) * (ms / 1000) : 0;
  if (ms < 3000 || seconds < 10) return '';
  return seconds < 90 ? `, about ${Math.ceil(seconds / 10) * 10} seconds left` : `, about ${Math.round(seconds / 60)} minutes left`;
}

/** What createVqa() is doing, `ms` milliseconds after it was called. @param {import('../src/index.js').Progress} progress */
export function loadingText({ stage, loaded, total }, ms) {
  if (stage === 'download') return `Loading the model: ${loadedText(loaded, total)}${leftText(loaded, total, ms)}`;
  if (stage === 'store') return `Keeping it for the next visit: ${loadedText(loaded, total)}`;
  return 'Making the model ready';
}

/** @param {number} ms */
export const timeText = (ms) => (ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${short.format(ms / 1000)} s`);

/** How long a sound is. @param {number} seconds */
export const secondsText = (seconds) => `${seconds.toFixed(1)} s`;

/** @param {number} count */
export const countText = (count) => (count < 1e6 ? `${short.format(count / 1e3)} thousand` : `${short.format(count / 1e6)} million`);

/** A message as a sentence: engine messages start small and end without a full stop. */
export function sentence({ message }) {
  return `${message[0].toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`;
}
