// The model that writes down what one says, beside the one that answers.

import { createVqa } from './src/index.js';
import { sentence } from './format.js';
import { hideLoading, showLoading } from './loading.js';

const $ = (id) => document.getElementById(id);
const WITHOUT = $('transcriber-text').textContent;

let loading; // ends the loading under way
let vqa; // the model
let source; // its address or files

/**
 * Start the part.
 * @param {() => void} changed  there is a model now, or none any more
 * @param {(address: string) => void} open  somebody names a model's address
 */
export function offerTranscriber(changed, open) {
  $('transcriber-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const address = $('transcriber-address').value.trim();
    if (address) open(address);
  });
  for (const id of ['transcriber-folder', 'transcriber-files']) {
    $(id).addEventListener('change', ({ target }) => {
      if (target.files.length) loadTranscriber([...target.files], changed);
      target.value = ''; // so that the same can be chosen again
    });
  }
  $('loading-cancel').addEventListener('click', () => loading?.abort());
  $('transcriber-leave').addEventListener('click', () => {
    $('models').close();
    show(undefined);
    changed();
  });
}

/** Load one from its address or files, in the place of the one before. @param {string | File[]} model */
export async function loadTranscriber(model, changed) {
  $('models').close();
  $('link').hidden = true;
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const started = performance.now();
  const onProgress = (progress) => signal.aborted || showLoading(progress, performance.now() - started);
  $('model-error').textContent = '';
  onProgress({ stage: 'download', loaded: 0 });
  try {
    const loaded = await createVqa({ model, precision: $('precision').value, onProgress, signal });
    if (loaded.info.transcribes) show(loaded, model);
    else loaded.close();
    if (!loaded.info.transcribes) throw new Error(`${loaded.info.name} does not write down what is said: that takes a Whisper model`);
    changed();
  } catch (error) {
    if (!signal.aborted) $('model-error').textContent = sentence(error);
  } finally {
    if (loading.signal === signal) hideLoading();
  }
}

/** Load the one that there is anew: it may have stopped. */
export const reloadTranscriber = (changed) => loadTranscriber(source, changed);

/** The model that writes down, if there is one. */
export const transcriber = () => vqa;

function show(next, from) {
  vqa?.close();
  vqa = next;
  source = from;
  $('transcriber-leave').hidden = !vqa;
  $('transcriber-text').textContent = vqa ? `${vqa.info.name} writes down what you say; you can change it before you ask it.` : WITHOUT;
}
