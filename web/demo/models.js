// The dialog where another model is chosen, described, saved and left again.

import { createVqa } from './src/index.js';
import { facts } from './dom.js';
import { open } from './elsewhere.js';
import { bytesText, countText, loadedText, sentence } from './format.js';
import { showLoading, hideLoading } from './loading.js';
import { mayConnect } from './requests.js';

const $ = (id) => document.getElementById(id);

let loading; // ends the loading under way
let vqa; // the model that the card describes

/**
 * Start the part.
 * @param {(vqa: import('../src/index.js').Vqa) => void} use  a model was loaded: it is the one to ask now
 * @param {() => void} leave  ask the built-in model again
 * @param {() => Promise<void>} go  the page is about to open anew
 */
export function offerModels(use, leave, go) {
  const openHere = (address) => open(address, (address) => load(address, use, leave), 'model', $('precision').value, go);
  for (const id of ['models-open', 'about-open']) $(id).addEventListener('click', () => $('models').showModal());
  $('models').addEventListener('click', ({ target }) => target === $('models') && $('models').close()); // beside it
  $('model-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const address = $('model-address').value.trim();
    if (address) openHere(address);
  });
  for (const button of document.querySelectorAll('#model-list button')) button.addEventListener('click', () => openHere(button.dataset.address));
  for (const id of ['model-folder', 'model-files']) {
    $(id).addEventListener('change', ({ target }) => {
      if (target.files.length) load([...target.files], use, leave);
      target.value = ''; // so that the same can be chosen again
    });
  }
  $('loading-cancel').addEventListener('click', () => loading?.abort());
  $('model-leave').addEventListener('click', async () => {
    $('models').close();
    if (!mayConnect()) return leave();
    await go();
    location.assign('./'); // where the strict policy is in force again
  });
  $('model-save').addEventListener('click', save);

  const precision = new URLSearchParams(location.search).get('precision');
  if ([...$('precision').options].some(({ value }) => value === precision)) $('precision').value = precision;
}

/**
 * Load a model from its address or files. One that was loaded before goes first: two may not fit into the memory.
 * @param {string | File[]} model
 */
export async function load(model, use, leave) {
  $('models').close();
  $('link').hidden = true;
  if (vqa) leave();
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const started = performance.now();
  const onProgress = (progress) => signal.aborted || showLoading(progress, performance.now() - started);
  $('model-error').textContent = '';
  onProgress({ stage: 'download', loaded: 0 });
  try {
    const loaded = await createVqa({ model, precision: $('precision').value, onProgress, signal });
    if (loaded.info.transcribes) loaded.close();
    if (loaded.info.transcribes) throw new Error(`${loaded.info.name} writes down what is said, and answers nothing: load it below "Speak instead of typing"`);
    describe(loaded);
    use(loaded);
  } catch (error) {
    if (!signal.aborted) $('model-error').textContent = sentence(error);
  } finally {
    if (loading.signal === signal) hideLoading();
  }
}

/** Describe the built-in model: it is asked now. */
export function describeBuiltIn() {
  vqa = undefined;
  $('model-name').textContent = 'Photos';
  $('model-card').hidden = true;
  $('about').hidden = $('knows').hidden = false;
}

function describe(loaded) {
  vqa = loaded;
  $('save-error').textContent = '';
  const { name, architecture, summary, parameters, precision, answers, choices, peakBytes, weightBytes, licence, cached } = vqa.info;
  $('model-name').textContent = $('card-name').textContent = name;
  $('model-facts').replaceChildren(...facts([
    ['Answers', choices === 'required' ? 'Those that you write down' : `${new Intl.NumberFormat('en').format(answers)} of its own, or those that you write down`],
    ['Architecture', summary || architecture],
    ['Parameters', `${countText(parameters)}, as ${precision}`],
    ['Memory', `${bytesText(peakBytes)}, ${bytesText(weightBytes)} of it weights`],
    ['Licence', licence || 'Not stated: look it up where the model comes from.'],
    ['Next visit', cached && 'It is kept in this browser and opens without a download, as long as its files stay the same.'],
  ]));
  $('model-card').hidden = false;
  $('about').hidden = $('knows').hidden = true;
}

async function save({ target }) {
  const { info } = vqa;
  target.disabled = true;
  $('save-error').textContent = '';
  try {
    const pack = await vqa.pack({ onProgress: ({ loaded, total }) => (target.textContent = `Saving: ${loadedText(loaded, total)}`) });
    const href = URL.createObjectURL(pack);
    const download = `${info.name.replace(/[^\w.-]+/g, '-')}.${info.precision}.safetensors`;
    Object.assign(document.createElement('a'), { href, download }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser reads it on
  } catch (error) {
    $('save-error').textContent = sentence(error);
  } finally {
    target.disabled = false;
    target.textContent = 'Save as a pack';
  }
}
