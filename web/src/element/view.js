// What stands in the element's shadow tree. It shows what it is told, and tells what a person does.

import { decodePreview, paintPreview } from './preview.js';
import { styleSheet } from './style.js';

/**
 * @typedef {object} Doings  what a person does
 * @property {(question: string) => void} ask
 * @property {(file: File) => void} choose
 * @property {() => void} retry
 */

const percent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const megabytes = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** What would round to 100 % is not certain. @param {number} score */
const scoreText = (score) => percent.format(Math.min(score, 0.999));

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The parts of an element, as the page's style sheet and its reader know them. */
export class View {
  #input = make('input', { id: 'question', part: 'input', type: 'text', required: '', autocomplete: 'off', enterkeyhint: 'send' });
  #canvas = make('canvas', { part: 'picture', role: 'img', 'aria-label': 'The picture', hidden: '' });
  #hint = make('p', { part: 'hint', class: 'note' }, make('slot', { name: 'hint' }, 'Drop a picture here, or choose one.'));
  #answers = make('div', { part: 'answers', 'aria-busy': 'false' });
  #status = make('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  #doings;
  /** @type {Promise<import('../index.js').PictureSource> | undefined} the one to show */ #picture;

  /**
   * @param {ShadowRoot} root
   * @param {Doings} doings
   */
  constructor(root, doings) {
    this.#doings = doings;
    root.adoptedStyleSheets = [styleSheet()];
    const form = make('form', { part: 'form' },
      make('label', { for: 'question', class: 'label', part: 'label' }, make('slot', { name: 'label' }, 'Your question')),
      make('div', { class: 'field' }, this.#input, make('button', { part: 'button', type: 'submit' }, make('slot', { name: 'ask' }, 'Ask'))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      doings.ask(this.#input.value);
    });
    root.append(make('div', { class: 'all', part: 'card' }, this.#stage(),
      make('div', { class: 'side' }, form, this.#answers, this.#status)));
  }

  /** The picture's place, where one can be dropped or chosen. */
  #stage() {
    const file = make('input', { type: 'file', accept: 'image/*', class: 'unseen' });
    file.addEventListener('change', () => {
      if (file.files?.length) this.#doings.choose(file.files[0]);
      file.value = ''; // so that the same file can be chosen again
    });
    const stage = make('div', { class: 'stage', part: 'stage' }, this.#canvas, this.#hint,
      make('label', { class: 'choose', part: 'choose' }, make('slot', { name: 'choose' }, 'Choose a picture'), file));
    for (const name of /** @type {const} */ (['dragenter', 'dragover', 'dragleave', 'drop'])) {
      stage.addEventListener(name, (event) => {
        const { types, files } = /** @type {DataTransfer} */ (event.dataTransfer);
        if (!types.includes('Files')) return;
        event.preventDefault();
        stage.classList.toggle('over', name === 'dragenter' || name === 'dragover');
        if (files.length && name === 'drop') this.#doings.choose(files[0]);
      });
    }
    return stage;
  }

  /** The question in the field. @param {string} text */
  set question(text) {
    this.#input.value = text;
  }

  /** What the picture shows, for those who can't see it. @param {string} text */
  set alt(text) {
    this.#canvas.setAttribute('aria-label', text || 'The picture');
  }

  /**
   * Show the picture when it is there and if the browser can; without one, what to do.
   * @param {Promise<import('../index.js').PictureSource> | undefined} picture
   */
  async showPicture(picture) {
    this.#picture = picture;
    this.#hint.hidden = picture !== undefined;
    const bitmap = await picture?.then(decodePreview).catch(() => undefined);
    if (this.#picture !== picture) return bitmap?.close();
    this.#canvas.hidden = !bitmap;
    if (bitmap) paintPreview(this.#canvas, bitmap);
  }

  /** @param {import('../index.js').Progress | undefined} progress */
  showLoading(progress) {
    const { stage = 'download', loaded = 0, total } = progress ?? {};
    const text = stage === 'download' ? 'Loading the model' : 'Making the model ready';
    const bar = make('progress', { part: 'progress', 'aria-label': text });
    if (stage === 'download' && total) Object.assign(bar, { max: total, value: loaded });
    const bytes = `${megabytes.format(loaded / 1e6)}${total ? ` of ${megabytes.format(total / 1e6)}` : ''} MB`;
    this.#answers.replaceChildren(bar, make('p', { part: 'note', class: 'note' }, stage === 'download' ? `${text}: ${bytes}` : text));
  }

  /** An answer is on its way; the last ones are dimmed. */
  showAnswering() {
    this.#answers.setAttribute('aria-busy', 'true');
  }

  /** Nothing is asked. */
  showReady() {
    this.#answers.replaceChildren();
    this.#say('');
  }

  /**
   * @param {string} question
   * @param {import('../index.js').Result} result
   */
  showResult(question, { answer, score, sure, answers }) {
    this.#answers.replaceChildren(make('ol', { part: 'list' }, ...answers.map(({ answer, score }) => {
      const bar = make('span', { class: 'bar', part: 'bar', 'aria-hidden': 'true' });
      bar.style.setProperty('--score', String(score));
      return make('li', { part: 'row' }, make('span', { class: 'answer', part: 'answer' }, answer), bar,
        make('span', { class: 'score', part: 'score' }, scoreText(score)));
    })));
    if (!sure) this.#answers.append(make('p', { part: 'note', class: 'note' }, 'The model is not sure.'));
    this.#say(`${question} ${answer}, ${scoreText(score)}${sure ? '' : ', not sure'}`);
  }

  /** @param {Error} error */
  showError({ message }) {
    const text = `${message[0]?.toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`;
    const retry = make('button', { part: 'button', type: 'button' }, make('slot', { name: 'retry' }, 'Try again'));
    retry.addEventListener('click', () => this.#doings.retry());
    this.#answers.replaceChildren(make('div', { class: 'failure' },
      make('p', { class: 'error', part: 'error', role: 'alert' }, text), retry));
    this.#say('');
  }

  /** Tell screen readers, and that nothing is on its way. @param {string} text */
  #say(text) {
    this.#answers.setAttribute('aria-busy', 'false');
    this.#status.textContent = text;
  }
}
