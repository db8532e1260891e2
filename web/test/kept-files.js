// The files in which a browser keeps models, as a page of the same origin sees them.

/** Of every file that is kept the name, the size, and the text of the index. @typedef {{ name: string, size: number, text?: string }} Kept */

/**
 * Runs in the page: what is kept there, after it was damaged.
 * @param {{ kind: 'opfs' | 'cache', flip?: Record<string, number> }} how  flip: a bit of the byte at this place, by the name of the file
 * @returns {Promise<Kept[]>}
 */
export async function keptFiles({ kind, flip = {} }) {
  const SEAL = 32; // bytes before the index
  const found = [];
  async function look(name, blob, write) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    found.push({ name, size: bytes.length, ...(name === 'index' && { text: new TextDecoder().decode(bytes.subarray(SEAL)) }) });
    if (!(name in flip)) return;
    bytes[flip[name]] ^= 1;
    await write(bytes);
  }
  if (kind === 'opfs') {
    for await (const [folder, handle] of (await navigator.storage.getDirectory()).entries()) {
      if (!folder.startsWith('wasm-vqa ')) continue;
      for await (const [name, file] of handle.entries()) {
        await look(name, await file.getFile(), async (bytes) => {
          const stream = await file.createWritable();
          await stream.write(bytes);
          await stream.close();
        });
      }
    }
  } else {
    for (const folder of await caches.keys()) {
      const cache = await caches.open(folder);
      for (const { url } of await cache.keys()) {
        await look(new URL(url).pathname.slice(1), await (await cache.match(url)).blob(), (bytes) => cache.put(url, new Response(bytes)));
      }
    }
  }
  return found;
}

/** The segments among them. @param {Kept[]} kept */
export const segmentsOf = (kept) => kept.filter(({ name }) => name !== 'index');

/** Where in the file `index` this text begins. @param {Kept[]} kept @param {string} text */
export function placeInIndex(kept, text) {
  const index = kept.find(({ name }) => name === 'index');
  const at = index.text.indexOf(text);
  if (at < 0) throw new Error(`the index has no ${text}: ${index.text}`);
  return index.size - Buffer.byteLength(index.text) + at;
}

/** The segments of a file of the model, in order. @param {Kept[]} kept @param {string} file  as the index names it, or how that begins */
export function segmentsOfFile(kept, file) {
  const index = JSON.parse(kept.find(({ name }) => name === 'index').text);
  const [, { id }] = index.find(([name]) => name.startsWith(file));
  const at = ({ name }) => Number(name.slice(id.length + 1));
  return kept.filter(({ name }) => name.startsWith(`${id}.`)).sort((a, b) => at(a) - at(b));
}
