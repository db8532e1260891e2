// The quiet lines below: how long the answer took, how large everything is.

import { bytesText, countText } from './format.js';

const timings = document.getElementById('timings');
const sizes = document.getElementById('sizes');

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
/** How long looking at the picture and answering the question took, in milliseconds. */
export function showTimings(pictureMs, questionMs) {
  timings.textContent = `Looked at the picture in ${whole.format(pictureMs)} ms, answered in ${whole.format(questionMs)} ms`;
}

/** The sizes of what was loaded. */
export function showSizes(info) {
  const runtime = performance.getEntriesByType('resource').find((entry) => /\/vqa[-a-z]*\.wasm$/.test(entry.name))?.decodedBodySize;
  const parts = [
    info.weightBytes && `Model ${bytesText(info.weightBytes)}`,
    runtime && `runtime ${bytesText(runtime)}`,
    info.parameters && `${countText(info.parameters)} parameters`,
  ];
  sizes.textContent = parts.filter(Boolean).join(' · ');
}
