// What a load writes into the store, and when it no longer does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store, withStore } from '../src/store.js';
import { fakeCaches } from './support.js';

const PIECE = new Uint8Array(1 << 20);
const MADE = [{ url: 'https://a.org/m', etag: '"1"', modified: null, size: null }];

/** A place in memory; `beforeFiles` runs before its files are listed. */
function inMemory() {
  const files = new Map();
  const place = {
    read: async (name) => files.get(name),
    write: async (name, bytes) => files.set(name, bytes),
    remove: async (name) => files.delete(name),
    async files() {
      await place.beforeFiles?.();
      return [...files.keys()];
    },
  };
  const index = async () => new Map(JSON.parse(await files.get('index').slice(32).text())); // behind its SHA-256
  const segments = () => [...files.keys()].filter((name) => name !== 'index');
  return { place, index, segments };
}

test('when it is closed what has come is written, and nothing of what comes later', async () => {
  const { place, index, segments } = inMemory();
  const store = new Store(place, new Map());
  const writer = store.writer('pack', MADE);
  await writer.add(PIECE);
  await writer.add(PIECE.subarray(1));
  await store.close();
  await writer.add(PIECE);
  await writer.end();
  await store.clear();
  const { id, size } = (await index()).get('pack');
  assert.deepEqual([segments(), size, store.whole], [[`${id}.0`, `${id}.${PIECE.length}`], undefined, false]);
});

test('what was removed while it came does not come back', async () => {
  const { place, index, segments } = inMemory();
  const store = new Store(place, new Map());
  const late = store.writer('pack', MADE);
  await late.add(PIECE);
  await store.clear();
  await late.add(PIECE);
  await late.end();
  assert.deepEqual([await index(), segments()], [new Map(), []]);
});

test('what has just come is not swept away', async () => {
  const { place, index, segments } = inMemory();
  const store = new Store(place, new Map());
  await store.writer('old', MADE).end();
  place.beforeFiles = () => {
    place.beforeFiles = undefined;
    store.writer('new', MADE);
    return place.write(`${store.find('new').id}.0`, new Blob([PIECE]));
  };
  await store.remove('old');
  assert.deepEqual([segments(), [...(await index()).keys()]], [[`${store.find('new').id}.0`], []]);
});

test('work that ends leaves nothing unwritten', async (t) => {
  const { folders } = fakeCaches(t);
  await assert.rejects(withStore('cache', 'key', async (store) => {
    await store.writer('pack', MADE).add(PIECE.subarray(1));
    throw new Error('left');
  }), { message: 'left' });
  assert.equal([...folders.values()][0].size, 2); // the index and a segment
});

test('damage of the index is noticed: nothing is kept then', async (t) => {
  const { folders } = fakeCaches(t);
  const found = () => withStore('cache', 'key', async (store) => store.find('pack')?.size);
  await withStore('cache', 'key', (store) => store.writer('pack', MADE).end());
  assert.equal(await found(), 0);
  const index = [...folders.values()][0].get('/index');
  for (let bit = 0; bit < 8 * index.length; bit += 7) {
    index[bit >> 3] ^= 1 << bit % 8;
    assert.equal(await found(), undefined, `bit ${bit}`);
    index[bit >> 3] ^= 1 << bit % 8;
  }
  assert.equal(await found(), 0);
});

test('segments of a file that nothing else checks end where they are damaged', async (t) => {
  const { folders } = fakeCaches(t);
  const read = () => withStore('cache', 'key', async (store) => {
    const sizes = [];
    for await (const { size } of store.segments(store.find('vocab.txt'))) sizes.push(size);
    return sizes;
  });
  await withStore('cache', 'key', async (store) => {
    const writer = store.writer('vocab.txt', MADE, true);
    for (let i = 0; i < 2; i++) await writer.add(PIECE);
    await writer.end();
  });
  assert.deepEqual(await read(), [PIECE.length, PIECE.length]);
  const [[folder]] = [[...folders.values()]];
  const [first, second] = [...folder.keys()].filter((name) => name !== '/index');
  folder.get(second)[PIECE.length] ^= 4;
  assert.deepEqual(await read(), [PIECE.length]);
  folder.get(first)[0] ^= 4; // of the SHA-256
  assert.deepEqual(await read(), []);
});
