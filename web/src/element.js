// <visual-qa model src question>: a picture, a question and its answers. Importing this file defines the element.

import { VqaError } from './index.js';
import { View } from './element/view.js';
import { Lease } from './lease.js';
import { fetchPicture } from './picture.js';

/** @import { Picture, PictureSource, Result } from './index.js' */

/**
 * @typedef {import('./element/tag.js').VisualQaEventMap} VisualQaEventMap
 * @typedef {Exclude<PictureSource, string | URL>} OwnPicture  a picture without an address, as createVqa().ask() takes it
 * @typedef {'loading' | 'ready' | 'answering' | 'failed'} VisualQaState  how far the element is
 */

/** What an attribute's change makes stale: the model, the picture or only the answer. */
const STALE = /** @type {const} */ ({ model: 'model', precision: 'model', src: 'picture', question: 'answer', choices: 'answer' });

/** What may be set before the element is defined. */
const PROPERTIES = /** @type {const} */ (['model', 'precision', 'src', 'picture', 'alt', 'question', 'choices']);

/**
 * The element. It loads its model when it is put into a page, shares it with others that name the same, and gives it back when
 * it is taken out. Attributes and properties say the same and can be changed at any time: what depends on them is done anew, and
 * what is under way ends. Its attribute `state` says how far it is: 'loading', 'ready', 'answering' or 'failed'.
 */
export class VisualQaElement extends (globalThis.HTMLElement ?? class {}) {
  /** @internal */
  static observedAttributes = [...Object.keys(STALE), 'alt'];

  #view = new View(this.attachShadow({ mode: 'open' }), {
    ask: (question) => { this.question = question; },
    choose: (file) => Object.assign(this, { picture: file, alt: file.name }),
    retry: () => this.#changed('answer'),
  });

  /** @type {Set<'model' | 'picture' | 'answer'>} */ #stale = new Set();
  /** @type {Lease | undefined} */ #lease;
  /** @type {OwnPicture | undefined} a picture of the page's own */ #own;
  /** @type {AbortController} ends when the picture is another */ #showing = new AbortController();
  /** @type {Promise<OwnPicture> | undefined} the picture, fetched where it has an address */ #picture;
  /** @type {Picture | undefined} it, looked at */ #encoded;
  /** @type {AbortController} ends when something else is to be answered */ #answering = new AbortController();
  /** @type {Result | undefined} */ #result;
  #announced = false;

  /** Address of a pack, a folder or a manifest. */
  get model() { return this.getAttribute('model') ?? ''; }
  set model(address) { this.setAttribute('model', address); }

  /** How weights are kept that come as floats: 'f32', 'q8' or 'q4'; '' for what createVqa() takes by itself. */
  get precision() { return this.getAttribute('precision') ?? ''; }
  set precision(precision) { this.setAttribute('precision', precision); }

  /** Address of the picture. Setting it takes the place of `picture`. */
  get src() { return this.getAttribute('src') ?? ''; }
  set src(address) { this.setAttribute('src', address); }

  /** What the picture shows, for those who can't see it. */
  get alt() { return this.getAttribute('alt') ?? ''; }
  set alt(text) { this.setAttribute('alt', text); }

  /** What is asked; nothing is while it is empty. Setting it asks, also where it is the same. */
  get question() { return this.getAttribute('question') ?? ''; }
  set question(question) { this.setAttribute('question', question); }

  /** Answers to choose from; the attribute separates them by commas. */
  get choices() { return (this.getAttribute('choices') ?? '').split(',').map((choice) => choice.trim()).filter(Boolean); }
  set choices(choices) { this.setAttribute('choices', String(choices)); }

  /**
   * The picture, where it has no address: what was chosen or dropped, or anything else that createVqa().ask() takes.
   * Setting it takes the place of `src`.
   * @type {OwnPicture | undefined}
   */
  get picture() { return this.#own; }
  set picture(picture) {
    this.removeAttribute('src');
    this.removeAttribute('alt');
    this.#own = picture;
    this.#changed('picture');
  }

  /** The last answer; undefined while there is none to the question and the picture as they are. */
  get result() { return this.#result; }

  /** How far it is. @returns {VisualQaState} */
  get state() { return /** @type {VisualQaState} */ (this.getAttribute('state') ?? 'loading'); }

  /** @internal */
  connectedCallback() {
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      Object.assign(this, { [name]: value });
    }
    if (!this.#lease) this.#changed('answer');
  }

  /** @internal */
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return; // it only moved
      this.#dropPicture();
      this.#dropModel();
    });
  }

  /**
   * @internal
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (name === 'alt') this.#view.alt = now ?? '';
    if (name === 'question') this.#view.question = now ?? '';
    if (name === 'src' && now !== null) this.#own = undefined;
    if (name in STALE) this.#changed(STALE[/** @type {keyof typeof STALE} */ (name)]);
  }

  /**
   * Do anew what depends on this, once for all changes of this turn.
   * @param {'model' | 'picture' | 'answer'} part
   */
  #changed(part) {
    if (!this.#stale.size) queueMicrotask(() => this.#refresh());
    this.#stale.add(part);
  }

  #refresh() {
    const stale = new Set(this.#stale);
    this.#stale.clear();
    if (!this.isConnected) return;
    if (stale.has('model')) this.#dropModel();
    if (stale.has('picture')) this.#dropPicture();
    this.#answer();
  }

  #dropModel() {
    this.#answering.abort();
    this.#encoded?.close();
    this.#encoded = undefined;
    this.#lease?.close();
    this.#lease = undefined;
    this.#announced = false;
  }

  #dropPicture() {
    this.#answering.abort();
    this.#showing.abort();
    this.#encoded?.close();
    this.#picture = this.#encoded = undefined;
  }

  /** The picture, if there is one; shown while the model may still be loading. After a failure it is fetched anew. */
  #shown() {
    if (this.#picture) return this.#picture;
    const { signal } = this.#showing = new AbortController();
    const picture = this.#own !== undefined ? Promise.resolve(this.#own) : this.src ? fetched(this.src, signal) : undefined;
    picture?.catch(() => {
      if (this.#picture === picture) this.#picture = undefined;
    });
    this.#picture = picture;
    this.#view.showPicture(picture);
    return picture;
  }

  /** Load, look and answer: whatever of it is not done yet. */
  async #answer() {
    this.#answering.abort();
    const { signal } = this.#answering = new AbortController();
    this.#result = undefined;
    const picture = this.#shown();
    try {
      const vqa = await this.#loaded();
      if (signal.aborted) return;
      const { question, choices } = this;
      if (!picture || !question) {
        this.#view.showReady();
        return this.#enter('ready');
      }
      this.#enter('answering');
      this.#view.showAnswering();
      this.#encoded ??= await vqa.encode(await picture, { signal });
      const result = await this.#encoded.ask(question, { signal, ...(choices.length && { choices }) });
      if (signal.aborted) return;
      this.#result = result;
      this.#view.showResult(question, result);
      this.#enter('ready');
      this.dispatchEvent(new CustomEvent('answer', { bubbles: true, composed: true, detail: { ...result, question } }));
    } catch (error) {
      if (!signal.aborted) this.#fail(/** @type {Error} */ (error));
    }
  }

  /** The model, which is loaded if it is not. */
  async #loaded() {
    if (!this.model) throw new VqaError('E_CALL', 'visual-qa has no model: its attribute "model" is the address of one');
    const lease = this.#lease ??= new Lease(
      { model: this.model, ...(this.precision && { precision: /** @type {any} */ (this.precision) }) },
      (progress) => this.state === 'loading' && this.#view.showLoading(progress),
    );
    if (!this.#announced) {
      this.#enter('loading');
      this.#view.showLoading(undefined);
    }
    const vqa = await lease.vqa();
    if (!this.#announced && this.#lease === lease) {
      this.#announced = true;
      this.#view.showReady();
      this.dispatchEvent(new CustomEvent('ready', { bubbles: true, composed: true, detail: vqa.info }));
    }
    return vqa;
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.#lease?.failed(error)) this.#announced = false;
    this.#encoded?.close();
    this.#encoded = undefined;
    this.#view.showError(error);
    this.#enter('failed');
    this.dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
  }

  /** @param {VisualQaState} state */
  #enter(state) {
    this.setAttribute('state', state);
  }
}

/**
 * The file at an address; what fails is an error of index.js, as all others are.
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<ArrayBuffer>}
 */
async function fetched(address, signal) {
  return fetchPicture(address, signal).catch(({ code, message }) => {
    throw new VqaError(code, message);
  });
}

if (globalThis.customElements && !customElements.get('visual-qa')) customElements.define('visual-qa', VisualQaElement);
