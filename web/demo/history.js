// The questions that were asked about the picture, with their answers: choosing one shows its answers again.

import { button, element, questionNodes } from './dom.js';
import { scoreText } from './format.js';

const part = document.getElementById('history');
const list = document.getElementById('asked');

/** Another picture, or another model: forget what was asked. */
export function clearHistory() {
  list.replaceChildren();
  part.hidden = true;
}

/** Add a question and its result on top, in the place of an older one with the same words; choosing it calls `use()`. */
export function remember(asked, { answer, score, scored, sure }, use) {
  for (const item of [...list.children]) if (!asked.speech && item.dataset.question === asked.text) item.remove();
  const entry = button('', () => {
    mark(item);
    use();
  }, element('span', 'entry-question', ...questionNodes(asked)), element('span', 'entry-answer', sure ? answer : `not sure: ${answer}`), element('span', 'score', scored ? scoreText(score) : ''));
  const item = element('li', '', entry);
  if (!asked.speech) item.dataset.question = asked.text;
  list.prepend(item);
  mark(item);
  part.hidden = list.children.length < 2; // the first one is what the answers above show
}

function mark(item) {
  for (const other of list.children) other.firstChild.setAttribute('aria-pressed', String(other === item));
}
