// Sample pictures, and the questions suggested for the picture shown.

import { button, element } from './dom.js';

const list = document.getElementById('samples');
const suggestions = document.getElementById('suggestions');

/** The samples: [{ blob, url, alt, questions }], in memory, so that nothing is requested later; none if they can't be fetched, the page works without. */
export async function fetchSamples() {
  const response = await fetch('samples/samples.json').catch(() => null);
  const samples = response?.ok ? await response.json() : [];
  const fetched = await Promise.all(samples.map(async ({ file, alt, questions }) => {
    const picture = await fetch(`samples/${file}`).catch(() => null);
    if (!picture?.ok) return [];
    const blob = await picture.blob();
    return { blob, url: URL.createObjectURL(blob), alt, questions };
  }));
  return fetched.flat();
}

/** Fill the list of samples; choosing one calls `use(sample)`. */
export function showSamples(samples, use) {
  list.replaceChildren(...samples.map((sample) => {
    const image = Object.assign(new Image(64, 64), { src: sample.url, alt: sample.alt });
    const choose = button('', () => use(sample), image);
    choose.setAttribute('aria-pressed', 'false');
    choose.dataset.url = sample.url;
    return element('li', '', choose);
  }));
}

/** Mark the sample that is shown; undefined: none. */
export function markSample(sample) {
  for (const choose of list.querySelectorAll('button')) {
    choose.setAttribute('aria-pressed', String(choose.dataset.url === sample?.url));
  }
}

/** Fill the list of suggested questions; choosing one calls `use(text)`. */
export function showSuggestions(questions, use) {
  suggestions.replaceChildren(...questions.map((text) => element('li', '', button('', () => use(text), text))));
}
