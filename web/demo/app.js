// The page: a picture, a question, the five best answers.

import { createVqa } from './src/index.js';
import { showAnswers, showBusy, showError, showHint, showProgress } from './answers.js';
import { givenChoices, onChoices, showChoices } from './choices.js';
import { showSizes, showTimings } from './footer.js';
import { sentence } from './format.js';
import { onFiles } from './inputs.js';
import { forget, load, offerModels } from './models.js';
import { fetchSamples, markSample, showSamples, showSuggestions } from './samples.js';

const MODEL = 'weights/shapes.q8.safetensors';

/** Suggested for pictures of one's own: to the built-in model, to others, and to those that only rank choices. */
const SHAPE_QUESTIONS = ['How many shapes are there?', 'What shape is it?', 'What color is it?', 'Is there a circle?'];
const PHOTO_QUESTIONS = ['What is in the picture?', 'What color is it?', 'How many are there?', 'Is it day or night?'];
const TEMPLATES = ['a photo of {}', 'a drawing of {}', 'What is it?'];

const CHOOSE = 'Choose a picture to ask about.';
const NEED_CHOICES = 'This model has no answers of its own. Write down the possible ones above, separated by commas: each takes the place of {} in the question, and the model says which text fits the picture best.';

const preview = document.getElementById('picture');
const pictureError = document.getElementById('picture-error');
const question = document.getElementById('question');

let model; // promise of the Vqa
let builtIn; // whether that is the page's own
let required; // whether it needs choices
let source; // the picture shown: a File, or the address of a sample
let sample; // the sample shown, if it is one
let encoded; // promise of { handle, ms } for it
let asking = new AbortController(); // ends when another question is asked

/** Ask this model from now on: a promise of a Vqa, and whether it is the page's own. */
function setModel(next, own) {
  model?.then((vqa) => vqa.close(), () => {}); // the one before
  model = next;
  builtIn = own;
  if (own) forget();
  model.then(showModel, () => {}); // a failure is shown to the question that waits for it
  if (source) encodePicture();
}

function showModel({ info }) {
  showSizes(info);
  document.getElementById('asked-model').textContent = builtIn ? 'A small model' : info.name;
  document.getElementById('about').hidden = !builtIn;
  const needed = info.choices === 'required';
  if (needed !== required) {
    required = needed;
    showChoices(required);
    if (source) question.value = suggested()[0];
  }
  if (source) suggest();
}

function loadModel() {
  setModel(createVqa({ model: MODEL, onProgress: showProgress }), true);
}

function encodePicture() {
  encoded?.then(({ handle }) => handle.close(), () => {}); // the picture before
  encoded = model.then(async (vqa) => {
    const start = performance.now();
    const handle = await vqa.encode(source);
    return { handle, ms: performance.now() - start };
  });
  encoded.catch(() => {}); // it is shown to the question that waits for it
}

/** Questions that suit the picture and the model. */
function suggested() {
  if (required) return TEMPLATES;
  return sample?.questions ?? (builtIn ? SHAPE_QUESTIONS : PHOTO_QUESTIONS);
}

function suggest() {
  showSuggestions(suggested(), (text) => {
    question.value = text;
    ask();
  });
}

/** Show a picture, look at it, and answer the question in the field. */
function setPicture(picture, alt, ofSample) {
  if (preview.src.startsWith('blob:')) URL.revokeObjectURL(preview.src);
  source = picture;
  sample = ofSample;
  preview.src = typeof source === 'string' ? source : URL.createObjectURL(source);
  preview.alt = alt;
  preview.hidden = false;
  pictureError.textContent = '';
  markSample(sample);
  suggest();
  encodePicture();
  ask();
}

async function ask() {
  if (!source) return showHint(CHOOSE);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const text = question.value;
  const choices = givenChoices();
  const shown = showBusy();
  try {
    const { handle, ms } = await encoded;
    if (signal.aborted) return;
    if (required && !choices) return showHint(NEED_CHOICES);
    const start = performance.now();
    const { answers } = await handle.ask(text, { choices, signal });
    showAnswers(text, answers, noteOn(answers[0]));
    showTimings(ms, performance.now() - start);
  } catch (error) {
    if (!signal.aborted) showFailure(error);
  } finally {
    shown();
  }
}

/** How far the best answer can be trusted, where that needs saying. */
function noteOn(best) {
  if (best.score < 0.5) return 'The model is unsure.';
  if (builtIn && source instanceof File) return 'The model knows drawings of simple shapes. About anything else it only guesses.';
  return undefined;
}

/** A picture's error stands in the picture's place, a question's where the answers would be. */
function showFailure(error) {
  if (error.code === 'E_PICTURE') {
    preview.hidden = true;
    pictureError.textContent = sentence(error);
    showHint(CHOOSE);
  } else if (error.code === 'E_QUESTION') {
    showError(error);
  } else {
    showError(error, leave);
  }
}

/** Back to the page's own model. */
function leave() {
  loadModel();
  model.then(ask, ask);
}

function use(vqa) {
  setModel(Promise.resolve(vqa), false);
  model.then(ask);
}

function setSample(chosen) {
  if (!required) question.value = chosen.questions[0];
  setPicture(chosen.url, chosen.alt, chosen);
}

document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});

onFiles((file) => setPicture(file, `Your picture ${file.name}`), (sentence) => {
  pictureError.textContent = sentence;
}, (files) => load(files, use, leave));
onChoices(ask);
offerModels(use, leave);

loadModel();
const samples = await fetchSamples();
showSamples(samples, setSample);
if (!source && samples.length > 0) setSample(samples[0]);
else if (!source) model.then(() => source || showHint(CHOOSE), showFailure);
