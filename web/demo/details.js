// The fold with the numbers: how long each stage took, which build answers, how large everything is.

import { bytesText, countText, timeText } from './format.js';
import { facts } from './dom.js';

const $ = (id) => document.getElementById(id);

const STAGES = { decode: 'Decode the picture', resize: 'Resize it', encode: 'Look at it', hear: 'Listen', answer: 'Answer' };

/** Show the times of an answer, in milliseconds by stage; none without one. */
export function showTimings(timings = {}) {
  const all = Object.values(timings).reduce((sum, ms) => sum + ms, 0);
  $('timings').textContent = all ? `: answered in ${timeText(all)}` : '';
  $('stages').replaceChildren(...facts(Object.keys(STAGES).filter((stage) => stage in timings).map((stage) => [STAGES[stage], timeText(timings[stage])])));
}

/** Show what runs. */
export function showBuild(info) {
  const runtime = performance.getEntriesByType('resource').find(({ name }) => /\/vqa[-a-z]*\.wasm$/.test(name))?.decodedBodySize;
  $('build').replaceChildren(...facts([
    ['Model', `${info.architecture}, ${countText(info.parameters)} parameters as ${info.precision}`],
    ['Weights', bytesText(info.weightBytes)],
    ['Memory', bytesText(info.peakBytes)],
    ['Runtime', [...new Set([info.build, ...info.kernels.split(', ')]), runtime && bytesText(runtime)].filter(Boolean).join(', ')],
    ['Threads', `${info.threads}${info.crossOriginIsolated ? '' : ', since the page is not cross-origin isolated'}`],
  ]));
}

for (const fold of document.querySelectorAll('footer details')) {
  fold.addEventListener('toggle', () => fold.open && fold.scrollIntoView({ block: 'nearest' })); // it opens at the end of the page
}
