// Sample pictures, and the questions suggested for the picture shown.

const list = document.getElementById('samples');
const suggestions = document.getElementById('suggestions');

/** The samples: [{ url, alt, questions }]; none if they can't be fetched, the page works without. */
export async function fetchSamples() {
  const response = await fetch('samples/samples.json').catch(() => null);
  const samples = response?.ok ? await response.json() : [];
  return samples.map(({ file, alt, questions }) => ({ url: `samples/${file}`, alt, questions }));
}

/** Fill the list of samples; choosing one calls `use(sample)`. */
export function showSamples(samples, use) {
  list.replaceChildren(...samples.map((sample) => {
    const image = Object.assign(new Image(64, 64), { src: sample.url, alt: sample.alt });
    const button = Object.assign(document.createElement('button'), { type: 'button' });
    button.setAttribute('aria-pressed', 'false');
    button.dataset.url = sample.url;
    button.append(image);
    button.addEventListener('click', () => use(sample));
    return inItem(button);
  }));
}

/** Mark the sample that is shown; null: none. */
export function markSample(sample) {
  for (const button of list.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.url === sample?.url));
  }
}

/** Fill the list of suggested questions; choosing one calls `use(text)`. */
export function showSuggestions(questions, use) {
  suggestions.replaceChildren(...questions.map((text) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
    button.addEventListener('click', () => use(text));
    return inItem(button);
  }));
}

function inItem(child) {
  const item = document.createElement('li');
  item.append(child);
  return item;
}
