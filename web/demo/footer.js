// The quiet lines below: how long the answer took, how large everything is.

const timings = document.getElementById('timings');
const sizes = document.getElementById('sizes');

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** How long looking at the picture and answering the question took, in milliseconds. */
export function showTimings(pictureMs, questionMs) {
  timings.textContent = `Looked at the picture in ${whole.format(pictureMs)} ms, answered in ${whole.format(questionMs)} ms`;
}

/** The sizes of what was loaded. */
export function showSizes(info) {
  const loaded = performance.getEntriesByType('resource');
  const bytes = (name) => loaded.find((entry) => entry.name.includes(name))?.decodedBodySize;
  const parts = [
    ['Model', bytes('/weights/')],
    ['runtime', bytes('vqa.wasm')],
  ].filter(([, size]) => size).map(([name, size]) => `${name} ${bytesText(size)}`);
  if (info.parameters) parts.push(`${short.format(info.parameters / 1e6)} million parameters`);
  sizes.textContent = parts.join(' · ');
}

function bytesText(size) {
  return size < 1e6 ? `${short.format(size / 1e3)} kB` : `${short.format(size / 1e6)} MB`;
}
