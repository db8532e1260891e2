// The person's own picture, handed over when the page opens anew for a model from another server. It stays in this tab,
// and only until the page has opened.

const KEY = 'carried picture';

/** Keep the picture until the page has opened anew; one that is too large for that is left behind. */
export async function carry(file) {
  const letters = Array.from(new Uint8Array(await file.arrayBuffer()), (byte) => String.fromCharCode(byte));
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ name: file.name, type: file.type, text: letters.join('') }));
  } catch {
    // no room, or no storage: it has to be chosen again
  }
}

/** The picture that was handed over, which is forgotten with that; undefined if there is none. */
export function carried() {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (!kept) return undefined;
  const { name, type, text } = JSON.parse(kept);
  return new File([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], name, { type });
}
