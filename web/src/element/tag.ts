// Types that a page's own TypeScript sees once it imports the element: document.createElement('visual-qa') and its events.

import type { Result, Vqa } from '../index.js';
import type { VisualQaElement } from '../element.js';

/** The events of <visual-qa>; `error` does not bubble, the others do. */
export interface VisualQaEventMap extends HTMLElementEventMap {
  /** The model is loaded; `detail` is its `info`. */
  ready: CustomEvent<Vqa['info']>;
  /** A question is answered. */
  answer: CustomEvent<Result & {
    /** What was asked. */
    question: string;
  }>;
  /** The model, the picture or the question can't be used; `error` says why. */
  error: ErrorEvent;
}

declare module '../element.js' {
  interface VisualQaElement {
    /** Listen to the element's own events, and those that all elements have. */
    addEventListener<K extends keyof VisualQaEventMap>(
      type: K, listener: (this: VisualQaElement, event: VisualQaEventMap[K]) => any, options?: boolean | AddEventListenerOptions): void;
    /** Listen to any other event. */
    addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'visual-qa': VisualQaElement;
  }
}
