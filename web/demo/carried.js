// The person's own picture, handed over when the page opens anew for a model from another server. It stays in this tab,
// and only until the page has opened.

const KEY = 'carried picture';
const MOST_BYTES = 2e6; // a tab keeps about 5 million letters

/** Keep the picture until the page has opened anew; of one that is too large for that only the name. */
export async function carry(file) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ name: file.name }));
    if (file.size > MOST_BYTES) return;
    const letters = Array.from(new Uint8Array(await file.arrayBuffer()), (byte) => String.fromCharCode(byte));
    sessionStorage.setItem(KEY, JSON.stringify({ name: file.name, type: file.type, text: letters.join('') }));
  } catch {
    // no room, no storage, or a file that can't be read any more: it has to be chosen again
  }
}

/** The picture that was handed over, which is forgotten with that: its file, or the sentence that it could not come along, or neither. */
export function carried() {
  try {
    const { name, type, text } = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
    sessionStorage.removeItem(KEY);
    if (text !== undefined) return { file: new File([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], name, { type }) };
    return { refusal: name && `Your picture ${name} could not come along: choose it again.` };
  } catch {
    return {}; // no storage
  }
}
