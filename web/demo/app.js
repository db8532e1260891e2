// The page: a picture, questions, the five best answers to each.

import './guard.js';
import { createVqa } from './src/index.js';
import { showAnswers, showBusy, showError, showHint, showIdle, showProgress } from './answers.js';
import { onPhoto } from './camera.js';
import { carried, carry } from './carried.js';
import { givenChoices, onChoices, showChoices } from './choices.js';
import { showBuild, showTimings } from './details.js';
import { open, openNamed } from './elsewhere.js';
import { secondsText, sentence } from './format.js';
import { offerHeat, showHeat } from './heat.js';
import { clearHistory, remember } from './history.js';
import { onFiles } from './inputs.js';
import { describeBuiltIn, load, offerModels } from './models.js';
import { offerOffline } from './offline.js';
import { countFromNow, watchRequests } from './requests.js';
import { fetchSamples, markSample, showSamples, showSuggestions } from './samples.js';
import { onTalk, showTalk } from './talk.js';
import { loadTranscriber, offerTranscriber, reloadTranscriber, transcriber } from './transcriber.js';

const MODEL = 'weights/photos.q8.safetensors';

/** Suggested for pictures of one's own: to the built-in model (what it is good at), to others, and to those that only rank choices. */
const OWN_QUESTIONS = ['Is there an animal?', 'What color is it?', 'What kind of place is this?', 'Is this a photo, a painting, a cartoon or a sketch?'];
const PHOTO_QUESTIONS = ['What is in the picture?', 'What color is it?', 'How many are there?', 'Is it day or night?'];
const TEMPLATES = ['a photo of {}', 'a drawing of {}', 'What is it?'];

const CHOOSE = 'Choose a picture to ask about.';
const NEED_CHOICES = 'This model has no answers of its own. Write down the possible ones above, separated by commas: each takes the place of {} in the question, and the model says which text fits the picture best.';

const preview = document.getElementById('picture');
const pictureError = document.getElementById('picture-error');
const pictureHint = document.getElementById('picture-hint');
const question = document.getElementById('question');

let model; // promise of the Vqa
let builtIn; // whether that is the page's own
let loading; // ends the loading of the page's own
let required = false; // whether it needs choices
let hears = false; // whether it takes spoken questions
let scored; // whether its answers have scores: predicted values have none
let source; // the picture shown: a Blob
let sample; // the sample shown, if it is one
let said; // the spoken question that was asked last about this picture: it is asked again while nothing is written
let encoded; // promise of its Picture
let asking = new AbortController(); // ends when another question is asked

/** Ask this model from now on: a promise of a Vqa, and whether it is the page's own. */
function setModel(next, own) {
  asking.abort();
  showIdle();
  clearAnswer();
  model?.then((vqa) => vqa.close(), () => {}); // the one before
  model = next;
  builtIn = own;
  if (own) describeBuiltIn();
  clearHistory();
  next.then((vqa) => next === model && showModel(vqa), () => {}); // a failure is shown to the question that waits for it
  if (source) encodePicture();
}

function showModel({ info }) {
  showBuild(info);
  document.getElementById('asked-model').textContent = builtIn ? 'A small model' : info.name;
  scored = info.sureFrom > 0;
  hears = info.hears;
  if (!hears) said = undefined;
  offerTalk();
  const needed = info.choices === 'required';
  if (needed !== required) {
    required = needed;
    showChoices(required);
    if (source) question.value = suggested()[0];
  }
  if (source) suggest();
  countFromNow();
}

function loadModel() {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const started = performance.now();
  const onProgress = (progress) => signal.aborted || showProgress(progress, performance.now() - started);
  setModel(createVqa({ model: MODEL, onProgress, signal }), true);
}

function encodePicture() {
  encoded?.then((picture) => picture.close(), () => {}); // the picture before
  encoded = model.then((vqa) => vqa.encode(source, { explain: true }));
  encoded.catch(() => {}); // it is shown to the question that waits for it
}

/** Questions that suit the picture and the model. */
function suggested() {
  if (required) return TEMPLATES;
  return sample?.questions ?? (builtIn ? OWN_QUESTIONS : PHOTO_QUESTIONS);
}

function suggest() {
  showSuggestions(suggested(), (text) => {
    question.value = text;
    ask();
  });
}

/** Show a picture, look at it, and answer the question in the field, or the first suggested one if there is none. */
function setPicture(picture, url, alt, ofSample) {
  if (!sample) URL.revokeObjectURL(preview.src);
  source = picture;
  sample = ofSample;
  said = undefined;
  preview.src = url;
  preview.alt = alt;
  showPicture(true);
  pictureError.textContent = '';
  markSample(sample);
  clearAnswer();
  clearHistory();
  suggest();
  if (!question.value.trim()) question.value = suggested()[0];
  encodePicture();
  ask();
}

function showPicture(shown) {
  preview.hidden = !shown;
  pictureHint.hidden = shown || pictureError.textContent !== '';
}

/** Ask what is written in the field, or what was said. @param {{ text: string, speech?: import('./src/index.js').SpeechSource }} asked */
async function ask(asked = !question.value.trim() && said || { text: question.value }) {
  if (!source) return showEmpty();
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const { text, speech } = asked;
  if (speech) {
    question.value = '';
    said = asked;
  }
  const choices = givenChoices();
  showBusy(asked);
  try {
    const picture = await encoded;
    if (signal.aborted) return;
    if (required && !choices) return showNext(NEED_CHOICES);
    const result = { ...(await picture.ask(speech ? '' : text, { speech, choices, explain: true, signal })), scored };
    await preview.decode().catch(() => {}); // the map of relevance has its shape
    if (signal.aborted) return;
    const timings = { ...result.timings, ...picture.timings }; // it was looked at once, for all its questions
    const showIt = () => show(asked, { ...result, timings });
    showIt();
    remember(asked, result, () => {
      question.value = speech ? '' : text;
      showIt();
    });
  } catch (error) {
    if (!signal.aborted) showFailure(error);
  } finally {
    if (!signal.aborted) showIdle();
  }
}

/** What was said is asked, or written down first where there is a model for that. @param {import('./src/index.js').Samples | File} sound */
async function hear(sound) {
  const text = sound instanceof File ? sound.name : `Spoken, ${secondsText(sound.samples.length / sound.sampleRate)}`;
  const writer = transcriber();
  if (!writer && !hears) return showNext('This model takes no sound: write your question.');
  if (!writer) return ask({ text, speech: sound });
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  showHint('Writing down what you said');
  try {
    const { text } = await writer.transcribe(sound, { signal });
    if (signal.aborted) return;
    question.value = text.trim();
    showNext(question.value ? 'Change what was written down, or ask it as it is.' : 'There were no words in it: try again, or write your question.');
    question.focus();
  } catch (error) {
    if (!signal.aborted) showFailure(error, () => reloadTranscriber(offerTalk).then(() => hear(sound)));
  }
}

/** Whoever hears or writes down can be talked to. */
function offerTalk() {
  showTalk(hears || Boolean(transcriber()));
}

function show(asked, result) {
  showAnswers(asked, result, noteOn(result));
  showHeat(result.heatmap);
  showTimings(result.timings);
}

/** How far the best answer can be trusted, where that needs saying. */
function noteOn({ sure }) {
  return sure ? undefined : 'The model is not sure. Ask in other words, or take this as a guess.';
}

function showEmpty() {
  showPicture(false);
  showNext(CHOOSE);
}

/** What to do next stands in place of an answer. */
function showNext(text) {
  clearAnswer();
  showHint(text);
}

/** Nothing stays of an answer's map and times. */
function clearAnswer() {
  showHeat();
  showTimings();
}

/** A picture's error stands in the picture's place, a question's where the answers would be, with `again()` if that may help. */
function showFailure(error, again = leave) {
  clearAnswer();
  if (error.code === 'E_PICTURE') {
    pictureError.textContent = sentence(error);
    source = undefined;
    showEmpty();
  } else if (['E_QUESTION', 'E_SOUND', 'E_MICROPHONE'].includes(error.code)) {
    showError(error);
  } else {
    showError(error, again);
  }
}

/** Back to the page's own model. */
function leave() {
  loadModel();
  model.then(() => ask(), () => ask());
}

function use(vqa) {
  loading.abort(); // it may not have ended
  setModel(Promise.resolve(vqa), false);
  model.then(() => ask());
}

function setSample(chosen) {
  if (!required) question.value = chosen.questions[0];
  setPicture(chosen.blob, chosen.url, chosen.alt, chosen);
}

const setFile = (file) => setPicture(file, URL.createObjectURL(file), `Your picture ${file.name}`);

onTalk(hear, showFailure);
document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});

watchRequests();
offerHeat();
onPhoto(setFile);
onFiles(setFile, (sentence) => {
  pictureError.textContent = sentence;
}, (files) => load(files, use, leave), hear);
onChoices(() => ask());
const samplesCome = fetchSamples();
loadModel();
const go = async () => source instanceof File && carry(source);
const speak = (address) => loadTranscriber(address, offerTalk);
offerModels(use, leave, go);
offerTranscriber(offerTalk, (address) => open(address, speak, 'speech', document.getElementById('precision').value, go));
openNamed({ model: (address) => load(address, use, leave), speech: speak });

const { file: own, refusal } = carried();
if (own) setFile(own);
const samples = await samplesCome;
showSamples(samples, setSample);
if (!own && !source && samples.length > 0) setSample(samples[0]);
else if (!own && !source) model.then(() => source || showEmpty(), (error) => source || error.name === 'AbortError' || showFailure(error));
if (refusal) pictureError.textContent = refusal;
model.then(countFromNow, () => {});
model.then(offerOffline, offerOffline); // the runtime was fetched by then
