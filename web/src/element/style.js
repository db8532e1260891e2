// How the element looks. Colors are the system's, so they follow the page's `color-scheme`; a page changes them by the
// custom properties --visual-qa-accent, --visual-qa-on-accent, --visual-qa-radius, and by ::part().

const css = `
:host {
  --accent: var(--visual-qa-accent, #0f766c);
  --on-accent: var(--visual-qa-on-accent, #fff);
  --radius: var(--visual-qa-radius, 0.75rem);
  --line: GrayText;
  --sunk: transparent;
  display: block;
  container-type: inline-size;
  color: CanvasText;
  font: 1rem/1.5 system-ui, sans-serif;
}
@supports (color: color-mix(in srgb, red, blue)) {
  :host {
    --line: color-mix(in srgb, CanvasText 45%, Canvas);
    --sunk: color-mix(in srgb, CanvasText 8%, Canvas);
  }
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
p, ol { margin: 0; padding: 0; list-style: none; }
button, input { font: inherit; }
:focus-visible, .choose:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.note { opacity: 0.75; font-size: 0.9rem; }

.all { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; padding: 1rem; background: Canvas; border: 1px solid var(--line); border-radius: var(--radius); }
@container (min-width: 40rem) {
  .all { grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: start; }
}
.side { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.9rem; }

.stage {
  position: relative;
  display: grid;
  gap: 0.6rem;
  justify-items: center;
  align-content: center;
  min-block-size: 12rem;
  padding: 0.75rem;
  background: var(--sunk);
  border: 1px solid transparent;
  border-radius: var(--radius);
}
.stage.over { outline: 3px dashed var(--accent); outline-offset: -6px; }
canvas { max-inline-size: 100%; max-block-size: 24rem; border-radius: 0.4rem; }
.choose { padding: 0.4rem 0.9rem; background: Canvas; border: 1px solid var(--line); border-radius: 99px; cursor: pointer; }

.label { display: block; margin-block-end: 0.3rem; font-weight: 600; }
.field { display: flex; gap: 0.5rem; }
input { flex: 1; min-inline-size: 0; padding: 0.55rem 0.8rem; background: Field; color: FieldText; border: 1px solid var(--line); border-radius: 0.6rem; }
button { padding: 0.55rem 1.1rem; background: var(--accent); color: var(--on-accent); border: 0; border-radius: 0.6rem; font-weight: 600; cursor: pointer; }

progress { inline-size: 100%; accent-color: var(--accent); }
ol { display: grid; gap: 0.4rem; transition: opacity 0.15s 0.15s; }
[aria-busy="true"] ol { opacity: 0.45; }
li { display: grid; grid-template-columns: minmax(5rem, 1fr) 1.5fr 4.75rem; gap: 0.75rem; align-items: center; }
li:first-child { font-size: 1.25rem; font-weight: 650; }
.answer { overflow-wrap: anywhere; }
.score { text-align: end; font-variant-numeric: tabular-nums; }
.bar { block-size: 0.5rem; background: var(--sunk); border-radius: 99px; overflow: hidden; }
.bar::before { content: ""; display: block; block-size: 100%; inline-size: calc(var(--score) * 100%); background: var(--accent); border-radius: inherit; }
.error { padding-inline-start: 0.75rem; border-inline-start: 4px solid #d33; overflow-wrap: anywhere; }
.failure { display: grid; gap: 0.75rem; justify-items: start; }

@media (prefers-reduced-motion: reduce) { ol { transition: none; } }
@media (forced-colors: active) { .bar, .bar::before { border: 1px solid; } }
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** The style sheet, which all elements share. Made by script, so that no Content-Security-Policy refuses it. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}
