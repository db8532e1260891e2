// Elements made in one expression.

/** An element with a class, children and text. */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** A button; pressing it calls `use()`. */
export function button(className, use, ...children) {
  const made = element('button', className, ...children);
  made.type = 'button';
  made.addEventListener('click', use);
  return made;
}

/** The rows of a <dl>, of pairs [term, text]; those without a text are left out. */
export function facts(pairs) {
  return pairs.filter(([, text]) => text).map(([term, text]) => element('div', '', element('dt', '', term), element('dd', '', text)));
}

/** A question as it is shown: its words, or a speaker's sign and what is known of what was said. @param {{ text: string, speech?: unknown }} asked */
export function questionNodes({ text, speech }) {
  return speech ? [document.getElementById('speaker').content.cloneNode(true), ` ${text}`] : [text];
}
