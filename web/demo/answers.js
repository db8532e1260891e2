// The place where answers stand, and in their stead progress, a hint or an error.

import { loadedText, scoreText, sentence } from './format.js';

const panel = document.getElementById('answers');
const spoken = document.getElementById('spoken'); // one short sentence for screen readers

/** An element with a class, children and text. */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** Show a question's answers, best first, and a note below them if there is one. */
export function showAnswers(question, answers, note) {
  const rows = answers.map(({ answer, score }) => {
    const bar = element('span', 'bar');
    bar.style.setProperty('--score', score);
    bar.setAttribute('aria-hidden', 'true');
    return element('li', answer.length > 24 ? 'long' : '', element('span', 'answer', answer), bar, element('span', 'score', scoreText(score)));
  });
  panel.replaceChildren(element('p', 'asked', question), element('ol', '', ...rows));
  if (note) panel.append(element('p', 'note', note));
  const [best] = answers;
  spoken.textContent = `${question} ${best.answer}, ${scoreText(best.score)}`;
}

/** Show how far the model is. */
export function showProgress({ stage, loaded, total }) {
  if (stage === 'ready') return;
  const bar = element('progress', '');
  bar.setAttribute('aria-label', 'Loading the model');
  if (stage === 'download' && total) Object.assign(bar, { value: loaded, max: total });
  const text = stage === 'download' ? `Loading the model: ${loadedText(loaded, total)}` : 'Making the model ready';
  panel.replaceChildren(element('div', 'loading', bar, element('p', 'note', text)));
}

/** Show an error, with a way to try again if there is one. */
export function showError(error, retry) {
  const message = element('p', 'error', sentence(error));
  message.setAttribute('role', 'alert');
  panel.replaceChildren(message);
  if (!retry) return;
  const button = element('button', 'button', 'Try again');
  button.type = 'button';
  button.addEventListener('click', retry);
  panel.append(button);
}

/** Show what to do next. */
export function showHint(text) {
  panel.replaceChildren(element('p', 'note', text));
}

/** Dim the last answers if the next take long enough to be noticed; call the result when they are there. */
export function showBusy() {
  const timer = setTimeout(() => panel.setAttribute('aria-busy', 'true'), 150);
  return () => {
    clearTimeout(timer);
    panel.setAttribute('aria-busy', 'false');
  };
}
