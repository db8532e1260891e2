// The forms in which something can lie among other bytes: as it is, encoded, escaped.

/**
 * All of them, as Latin-1.
 * @param {string | Uint8Array} secret  a text, or bytes of a file
 * @returns {string[]}
 */
export function forms(secret) {
  const bytes = Buffer.from(secret);
  const ways = [bytes.toString('latin1'), bytes.toString('hex'), ...[0, 1, 2].flatMap((before) => base64(bytes, before))];
  if (typeof secret === 'string') {
    const wide = Buffer.from(secret, 'utf16le');
    const json = JSON.stringify(secret).slice(1, -1);
    const escaped = json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
    const percent = encodeURIComponent(secret);
    ways.push(wide.toString('latin1'), Buffer.from(wide).swap16().toString('latin1'), Buffer.from(json).toString('latin1'), escaped, percent, percent.replaceAll('%20', '+'));
  }
  return [...new Set(ways)];
}

/** Base64 of bytes with so many before them, for certain: without the ends, which others share; also as addresses have it. */
function base64(bytes, before) {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const own = text.slice(Math.ceil(before * 4 / 3), Math.floor((before + bytes.length) * 4 / 3));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}

/**
 * Where any of the secrets is.
 * @param {[name: string, value: string][]} kept  bytes as Latin-1
 * @param {(string | Uint8Array)[]} secrets
 * @returns {string[]} the names, with the form that they have
 */
export function leaks(kept, secrets) {
  const all = secrets.flatMap(forms);
  return kept.flatMap(([name, value]) => all.filter((form) => name.includes(form) || value.includes(form)).map((form) => `${name} has ${JSON.stringify(form)}`));
}
