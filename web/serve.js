// Serves the demo page from the repository as it lies: `node web/serve.js`, then open the address it prints.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, normalize, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { siteFiles } from './site.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * What is served from where, in folders of the repository; the first prefix that fits counts.
 * @type {[prefix: string, target: string][]}
 */
const ROUTES = [
  ...['vqa', 'vqa-full'].flatMap((size) => ['', '-relaxed', '-threads', '-relaxed-threads'].map((kind) => size + kind)).map((build) =>
    /** @type {[string, string]} */ ([`/src/${build}.wasm`, `build/wasm/${build}.wasm`])),
  ['/src/', 'web/src/'],
  ['/dist/', 'web/dist/'],
  ['/weights/', 'weights/'],
  ['/', 'web/demo/'],
];

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** The type of the sentences that stand in place of a file. */
const TEXT = 'text/plain; charset=utf-8';

/** Bytes of a file that are read at a time. */
const PIECE = 1 << 20;

/**
 * What a document or a worker may do: scripts come from here only. A page may be asked to fetch a model from any https server
 * (demo/policy.js narrows that where it is not), its workers never.
 * @param {string} connect
 */
const policy = (connect) =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src ${connect}; ` +
  "style-src 'self'; img-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': policy("'self' https:"),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(self)',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Other folders to serve: where they are, by the path that they get. Both end with a slash.
 * @typedef {Record<string, string>} Mounts
 */

/**
 * The file behind a request's path; undefined if it leaves the folders that are served.
 * @param {string} url
 * @param {Mounts} [mounts]
 * @returns {string | undefined}
 */
export function fileFor(url, mounts = {}) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined; // not a URL
  }
  if (path.endsWith('/')) path += 'index.html';
  const routes = [...Object.entries(mounts), ...ROUTES];
  const [prefix, target] = /** @type {[string, string]} */ (routes.find(([prefix]) => path.startsWith(prefix)));
  const base = resolve(root, target) + (target.endsWith('/') ? sep : '');
  const file = normalize(base + path.slice(prefix.length));
  const inside = target.endsWith('/') ? file.startsWith(base) : file === base;
  return inside && !path.includes('\0') ? file : undefined;
}

/**
 * The bytes asked for by a Range header, for a file of `size` bytes: [first, last], null if none fits.
 * @param {string | undefined} range
 * @param {number} size
 * @returns {[number, number] | null | undefined} undefined: the whole file
 */
export function byteRange(range, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  const first = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const last = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  return first <= last ? [first, last] : null;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Mounts} mounts
 * @param {Record<string, string>} headers
 */
async function answer(request, response, mounts, headers) {
  /** @param {number} status @param {string} sentence */
  const refuse = (status, sentence, more = {}) =>
    response.writeHead(status, { ...headers, 'Content-Type': TEXT, ...more }).end(`${sentence}\n`);

  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
  if (request.url === '/files.json') {
    const list = JSON.stringify(await siteFiles(root));
    return response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES['.json'] }).end(list);
  }
  const file = fileFor(request.url ?? '/', mounts);
  const found = file && (await stat(file).catch(() => undefined));
  if (!file || !found?.isFile()) return refuse(404, 'there is no such file');

  const modified = found.mtime.toUTCString();
  const { range: asked, 'if-range': condition = modified } = request.headers;
  const range = condition === modified ? byteRange(asked, found.size) : undefined;
  if (range === null) return refuse(416, 'the range is outside the file', { 'Content-Range': `bytes */${found.size}` });
  const [first, last] = range ?? [0, found.size - 1];
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'Accept-Ranges': 'bytes',
    ...(extname(file) === '.js' && { 'Content-Security-Policy': policy("'self'") }),
    'Last-Modified': modified,
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': last - first + 1,
    ...(range && { 'Content-Range': `bytes ${first}-${last}/${found.size}` }),
  });
  if (request.method === 'HEAD' || found.size === 0) return response.end();
  return pipeline(createReadStream(file, { start: first, end: last, highWaterMark: PIECE }), response);
}

/**
 * Start serving.
 * @param {number} port  0 takes a free one
 * @param {Mounts} [mounts]  e.g. { '/vilt-b32/': 'build/vilt-b32/' }
 * @param {Record<string, string>} [headers]  of every answer
 * @returns {Promise<import('node:http').Server>}
 */
export function serve(port, mounts = {}, headers = HEADERS) {
  return new Promise((done, reject) => {
    const server = createServer((request, response) => {
      answer(request, response, mounts, headers).catch(({ message }) => {
        if (response.headersSent) return response.destroy();
        return response.writeHead(500, { ...HEADERS, 'Content-Type': TEXT }).end(`${request.url} can't be answered: ${message}\n`);
      });
    }).on('error', reject);
    server.listen(port, 'localhost', () => done(server));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.env.PORT || '8080';
  const port = Number(asked);
  if (!/^\d+$/.test(asked) || port > 65535) {
    console.error(`PORT is ${JSON.stringify(asked)}, expected a whole number from 0 to 65535`);
    process.exit(1);
  }
  try {
    const server = await serve(port);
    console.log(`http://localhost:${/** @type {any} */ (server.address()).port}/`);
  } catch (error) {
    const taken = error.code === 'EADDRINUSE';
    console.error(taken ? `port ${port} is taken: choose another, PORT=8081 make demo` : `can't serve on port ${port}: ${error.message}`);
    process.exit(1);
  }
}
