// The place where answers stand, and in their stead progress, a hint or an error.

const panel = document.getElementById('answers');
const spoken = document.getElementById('spoken'); // one short sentence for screen readers

const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const megabytes = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A score as people read it: what would round to 100% is not certain, and shown as 99.9%. @param {number} score */
const shown = (score) => percent.format(Math.min(score, 0.999));

/** An element with a class, children and text. */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** The error's message as a sentence: engine messages start small and end without a full stop. */
export function sentence({ message }) {
  return `${message[0].toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`;
}

/** Show a question's answers, best first, and a note below them if there is one. */
export function showAnswers(question, answers, note) {
  const rows = answers.map(({ answer, score }) => {
    const bar = element('span', 'bar');
    bar.style.setProperty('--score', score);
    bar.setAttribute('aria-hidden', 'true');
    return element('li', '', element('span', 'answer', answer), bar, element('span', 'score', shown(score)));
  });
  panel.replaceChildren(element('p', 'asked', question), element('ol', '', ...rows));
  if (note) panel.append(element('p', 'note', note));
  const [best] = answers;
  spoken.textContent = `${question} ${best.answer}, ${shown(best.score)}`;
}

/** Show how far the model is. */
export function showProgress({ stage, loaded, total }) {
  if (stage === 'ready') return;
  const bar = element('progress', '');
  bar.setAttribute('aria-label', 'Loading the model');
  if (stage === 'download' && total) Object.assign(bar, { value: loaded, max: total });
  const of = total ? ` of ${megabytes.format(total / 1e6)}` : '';
  const text = stage === 'download' ? `Loading the model: ${megabytes.format(loaded / 1e6)}${of} MB` : 'Making the model ready';
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
