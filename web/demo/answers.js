// The place where answers stand, and in their stead progress, a hint or an error.

import { button, element, questionNodes } from './dom.js';
import { loadingText, scoreText, sentence } from './format.js';

const panel = document.getElementById('answers');
const spoken = document.getElementById('spoken'); // one short sentence for screen readers
let timer; // of what is shown while a question is being answered

/** Show a question's answers, best first, with their scores if they are scored, and a note below them if there is one. @param {{ text: string, speech?: unknown }} asked */
export function showAnswers(asked, { answer, score, scored, sure, answers }, note) {
  const rows = answers.map(({ answer, score }) => {
    const item = element('li', answer.length > 24 ? 'long' : '', element('span', 'answer', answer));
    if (!scored) return item;
    const bar = element('span', 'bar');
    bar.style.setProperty('--score', score);
    bar.setAttribute('aria-hidden', 'true');
    item.append(bar, element('span', 'score', scoreText(score)));
    return item;
  });
  panel.replaceChildren(element('p', 'asked', ...questionNodes(asked)), element('ol', '', ...rows));
  panel.classList.toggle('unsure', !sure);
  if (!sure) rows[0].querySelector('.answer').after(element('span', 'badge', 'not sure'));
  if (note) panel.append(element('p', 'note', note));
  spoken.textContent = `${asked.text} ${sure ? '' : 'Not sure: '}${answer}${scored ? `, ${scoreText(score)}` : ''}`;
}

/** Show how far the model is, `ms` milliseconds after the beginning. */
export function showProgress(progress, ms) {
  if (progress.stage === 'ready') return;
  const bar = element('progress', '');
  bar.setAttribute('aria-label', 'Loading the model');
  if (progress.stage === 'download' && progress.total) Object.assign(bar, { value: progress.loaded, max: progress.total });
  panel.replaceChildren(element('div', 'loading', bar, element('p', 'note', loadingText(progress, ms))));
}

/** Show an error, with a way to try again if there is one. */
export function showError(error, retry) {
  const message = element('p', 'error', sentence(error));
  message.setAttribute('role', 'alert');
  panel.replaceChildren(message);
  if (retry) panel.append(button('button', retry, 'Try again'));
}

/** Show and say what to do next. */
export function showHint(text) {
  panel.replaceChildren(element('p', 'note', text));
  spoken.textContent = text;
}

/** Show that the question is being answered, if that takes long enough to be noticed, until showIdle(). */
export function showBusy(asked) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    panel.setAttribute('aria-busy', 'true');
    if (!panel.querySelector('.asked')) return; // there are no answers yet: what is loading stays shown
    const rows = Array.from({ length: 5 }, () => element('li', '', element('span', 'answer'), element('span', 'bar'), element('span', 'score')));
    panel.classList.remove('unsure');
    panel.replaceChildren(element('p', 'asked', ...questionNodes(asked)), element('ol', '', ...rows), element('p', 'note', asked.speech ? 'Listening and looking' : 'Looking at the picture'));
  }, 150);
}

/** No question is being answered any more. */
export function showIdle() {
  clearTimeout(timer);
  panel.setAttribute('aria-busy', 'false');
}
