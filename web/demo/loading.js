// The strip that tells how far another model is, while the one before goes on answering.

import { loadingText } from './format.js';

const $ = (id) => document.getElementById(id);

/** Show how far it is, `ms` milliseconds after the beginning. @param {import('../src/index.js').Progress} progress */
export function showLoading(progress, ms) {
  if (progress.stage === 'ready') return;
  $('loading').hidden = false;
  const bar = $('loading-bar');
  const { stage, loaded, total } = progress;
  if (total && (stage === 'download' || stage === 'store')) Object.assign(bar, { value: loaded, max: total });
  else bar.removeAttribute('value');
  $('loading-text').textContent = loadingText(progress, ms);
}

/** It is over. */
export function hideLoading() {
  $('loading').hidden = true;
}
