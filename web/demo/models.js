// The part where another model is loaded, described, saved and left again.

import { createVqa } from './src/index.js';
import { bytesText, countText, leftText, loadedText, sentence } from './format.js';

const $ = (id) => document.getElementById(id);

const STAGES = {
  download: ({ loaded, total }) => `Loading: ${loadedText(loaded, total)}${leftText(loaded, total, performance.now() - started)}`,
  verify: () => 'Making the model ready',
  quantize: () => 'Making the model ready',
  store: ({ loaded, total }) => `Keeping it for the next visit: ${loadedText(loaded, total)}`,
};

let loading; // ends the loading under way
let started; // when it began, in milliseconds
let vqa; // the model that the card describes

/**
 * Start the part.
 * @param {(vqa: import('../src/index.js').Vqa) => void} use  a model was loaded: it is the one to ask now
 * @param {() => void} leave  ask the built-in model again
 */
export function offerModels(use, leave) {
  $('model-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const address = $('model-address').value.trim();
    if (address) load(address, use, leave);
  });
  for (const id of ['model-folder', 'model-files']) {
    $(id).addEventListener('change', ({ target }) => {
      if (target.files.length) load([...target.files], use, leave);
      target.value = ''; // so that the same can be chosen again
    });
  }
  for (const button of document.querySelectorAll('#model-examples button')) {
    button.addEventListener('click', () => {
      $('model-address').value = button.dataset.address;
      $('model-address').focus();
    });
  }
  $('model-cancel').addEventListener('click', () => loading.abort());
  $('model-leave').addEventListener('click', leave);
  $('model-save').addEventListener('click', save);
}

/**
 * Load a model from its address or files. One that was loaded before goes first: two may not fit into the memory.
 * @param {string | File[]} model
 */
export async function load(model, use, leave) {
  $('models').open = true;
  if (vqa) leave();
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  started = performance.now();
  $('model-error').textContent = '';
  showProgress({ stage: 'download', loaded: 0 });
  $('model-progress').scrollIntoView({ block: 'nearest' }); // what was dropped may have been dropped anywhere
  try {
    const loaded = await createVqa({ model, precision: $('precision').value, onProgress: showProgress, signal });
    describe(loaded);
    use(loaded);
    document.body.scrollIntoView(); // to the question
  } catch (error) {
    if (signal.aborted) return;
    $('model-error').textContent = sentence(error);
    $('model-error').scrollIntoView({ block: 'nearest' });
  } finally {
    if (loading.signal === signal) $('model-progress').hidden = true;
  }
}

/** Forget the model that was described: another one is asked now. */
export function forget() {
  vqa = undefined;
  $('model-card').hidden = true;
}

function showProgress({ stage, loaded, total }) {
  if (stage === 'ready') return;
  $('model-progress').hidden = false;
  const bar = $('model-bar');
  if (total && (stage === 'download' || stage === 'store')) Object.assign(bar, { value: loaded, max: total });
  else bar.removeAttribute('value');
  $('model-stage').textContent = STAGES[stage]({ loaded, total });
}

function describe(loaded) {
  vqa = loaded;
  const { name, architecture, summary, parameters, precision, peakBytes, weightBytes, licence, cached } = vqa.info;
  $('model-name').textContent = name;
  const rows = [
    ['Architecture', summary || architecture],
    ['Parameters', `${countText(parameters)}, as ${precision}`],
    ['Memory', `${bytesText(peakBytes)}, ${bytesText(weightBytes)} of it weights`],
    ['Licence', licence || 'Not stated: look it up where the model comes from.'],
    ['Next visit', cached && 'It is kept in this browser and opens without a download, as long as its files stay the same.'],
  ];
  $('model-facts').replaceChildren(...rows.filter(([, text]) => text).map(([term, text]) => {
    const row = document.createElement('div');
    row.append(Object.assign(document.createElement('dt'), { textContent: term }), Object.assign(document.createElement('dd'), { textContent: text }));
    return row;
  }));
  $('model-card').hidden = false;
}

async function save({ target }) {
  const { info } = vqa;
  target.disabled = true;
  try {
    const pack = await vqa.pack({ onProgress: ({ loaded, total }) => (target.textContent = `Saving: ${loadedText(loaded, total)}`) });
    const href = URL.createObjectURL(pack);
    const download = `${info.name.replace(/[^\w.-]+/g, '-')}.${info.precision}.safetensors`;
    Object.assign(document.createElement('a'), { href, download }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser reads it on
  } catch (error) {
    $('model-error').textContent = sentence(error);
  } finally {
    target.disabled = false;
    target.textContent = 'Save as a pack';
  }
}
