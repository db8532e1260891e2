// Sample pictures, and the questions suggested for the picture shown.

import { button, element } from './dom.js';

const list = document.getElementById('samples');
const suggestions = document.getElementById('suggestions');

/** The samples: [{ blob, url, alt, questions }], in memory, so that nothing is requested later; none if they can't be fetched, the page works without. */
export async function fetchSamples() {
  const samples = await fetched('samples.json', (response) => response.json()) ?? [];
  const found = await Promise.all(samples.map(async ({ file, alt, questions }) => {
    const blob = await fetched(file, (response) => response.blob());
    return blob?.type.startsWith('image/') ? { blob, url: URL.createObjectURL(blob), alt, questions } : [];
  }));
  return found.flat();
}

/** What `read(response)` gives of a file; undefined if it can't be fetched or read. */
async function fetched(file, read) {
  try {
    const response = await fetch(`samples/${file}`);
    return response.ok ? await read(response) : undefined;
  } catch {
    return undefined; // no network, or no such file but a page that says so
  }
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
