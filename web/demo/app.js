// The page: a picture, a question, the five best answers.

import { createVqa } from './src/index.js';
import { sentence, showAnswers, showBusy, showError, showHint, showProgress } from './answers.js';
import { showSizes, showTimings } from './footer.js';
import { onPicture } from './inputs.js';
import { fetchSamples, markSample, showSamples, showSuggestions } from './samples.js';

const MODEL = 'weights/shapes.q8.safetensors';

/** Suggested for pictures of one's own. */
const GENERAL_QUESTIONS = ['How many shapes are there?', 'What shape is it?', 'What color is it?', 'Is there a circle?'];

const CHOOSE = 'Choose a picture to ask about.';

const preview = document.getElementById('picture');
const pictureError = document.getElementById('picture-error');
const question = document.getElementById('question');

let model; // promise of the Vqa
let source; // the picture shown: a File, or the address of a sample
let encoded; // promise of { handle, ms } for it
let asking = new AbortController(); // ends when another question is asked

function loadModel() {
  model?.then((vqa) => vqa.close(), () => {}); // the one before
  model = createVqa({ model: MODEL, onProgress: showProgress });
  model.then(({ info }) => showSizes(info), () => {}); // a failure is shown to the question that waits for it
}

function encodePicture() {
  encoded?.then(({ handle }) => handle.close(), () => {}); // the picture before
  encoded = model.then(async (vqa) => {
    const start = performance.now();
    const handle = await vqa.encode(source);
    return { handle, ms: performance.now() - start };
  });
}

/** Show a picture, look at it, and answer the question in the field. */
function setPicture(picture, alt, suggestions) {
  if (preview.src.startsWith('blob:')) URL.revokeObjectURL(preview.src);
  source = picture;
  preview.src = typeof source === 'string' ? source : URL.createObjectURL(source);
  preview.alt = alt;
  preview.hidden = false;
  pictureError.textContent = '';
  showSuggestions(suggestions, (text) => {
    question.value = text;
    ask();
  });
  encodePicture();
  ask();
}

async function ask() {
  if (!source) return showHint(CHOOSE);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const text = question.value;
  const shown = showBusy();
  try {
    const { handle, ms } = await encoded;
    const start = performance.now();
    const answers = await handle.ask(text, { signal });
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
  if (source instanceof File) return 'The model knows drawings of simple shapes. About anything else it only guesses.';
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
    showError(error, () => {
      loadModel();
      if (source) encodePicture();
      ask();
    });
  }
}

function setSample(sample) {
  markSample(sample);
  question.value = sample.questions[0];
  setPicture(sample.url, sample.alt, sample.questions);
}

document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});

onPicture((file) => {
  markSample(null);
  setPicture(file, `Your picture ${file.name}`, GENERAL_QUESTIONS);
}, (sentence) => {
  pictureError.textContent = sentence;
});

loadModel();
const samples = await fetchSamples();
showSamples(samples, setSample);
if (!source && samples.length > 0) setSample(samples[0]);
else if (!source) model.then(() => source || showHint(CHOOSE), showFailure);
