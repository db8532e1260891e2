// A host that does what hosts do on bad days: it stalls, breaks off, lies, forgets, and changes its files meanwhile.

import { createServer } from 'node:http';

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What may go wrong with a request, by name: work(answer) sends something, or nothing. */
const FAULTS = {
  '404': (answer) => answer.status(404),
  '416': (answer) => answer.status(416),
  '500': (answer) => answer.status(500),
  'a web page instead': (answer) => answer.response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Welcome'),
  'it is gone': (answer) => answer.response.destroy(),
  'no answer': () => {},
  'stalls': (answer) => answer.send({ until: answer.somewhere() }),
  'breaks off': (answer) => answer.send({ until: answer.somewhere(), then: 'destroy' }),
  'says that it has less': (answer) => answer.send({ until: answer.somewhere(), length: 'as sent', then: 'end' }),
  'says that it has more': (answer) => answer.send({ more: 1000, then: 'destroy' }),
  'flips a bit': (answer) => answer.send({ flipped: answer.somewhere(), then: 'end' }),
  'ignores ranges': (answer) => answer.send({ from: 0, then: 'end' }),
  'sends another range': (answer) => answer.send({ shift: 7, then: 'end' }),
  'changes its file': (answer) => (answer.change(), answer.send({ then: 'end' })),
  'is writing its file': (answer) => (answer.change(), answer.send({ torn: answer.somewhere(), then: 'end' })),
};

/** Everything that can go wrong. */
export const FAULT_NAMES = Object.keys(FAULTS);

export class FaultyHost {
  /** Share of the requests that something goes wrong with. */ share = 0;
  /** How often what went wrong, all together. @type {Map<string, number>} */ counts = new Map();
  /** What went wrong lately, for messages. @type {string[]} */ log = [];
  #versions;
  #version = 0;
  #random = randomNumbers(0);

  /** @param {Record<string, Buffer>[]} versions  files by their names; a changed file is that of the next version */
  constructor(versions) {
    this.#versions = versions;
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /** Begin anew: the first version, without faults. @param {number} seed */
  reset(seed) {
    this.#random = randomNumbers(seed);
    this.#version = 0;
    this.share = 0;
    this.log = [];
  }

  /** Handle a request if it is for one of the files. @returns {boolean} whether it was */
  handles(request, response) {
    if (!(this.#name(request) in this.#versions[0])) return false;
    this.#answer(request, response);
    return true;
  }

  /** The file as it is now. @param {string} name */
  file(name) {
    return this.#versions[this.#version][name];
  }

  #name({ url }) {
    return new URL(url, 'http://host').pathname.split('/').pop();
  }

  #answer(request, response) {
    const { method, headers: { range, 'if-range': condition, 'if-none-match': known } } = request;
    const name = this.#name(request);
    const random = this.#random;
    const tag = () => `"${name} ${this.#version}"`;
    const wanted = range && (!condition || condition === tag()) ? Number(/\d+/.exec(range)[0]) : 0;
    const before = this.#version;

    const send = ({ from = wanted, until, length, more = 0, flipped, shift = 0, torn = 0, then }) => {
      const file = this.file(name);
      const bytes = torn ? Buffer.concat([file.subarray(0, torn), this.#versions[before][name].subarray(torn)]) : file;
      const status = from ? 206 : 200;
      const part = Buffer.from(bytes.subarray(from, until === undefined ? undefined : Math.max(from, until)));
      if (flipped >= from) part[flipped - from] ^= 1 << Math.floor(random() * 8);
      const size = length ? part.length : bytes.length - from + more;
      response.writeHead(status, {
        etag: tag(), 'content-length': size, ...(from && { 'content-range': `bytes ${from + shift}-${bytes.length - 1}/${bytes.length}` }),
      });
      if (method === 'HEAD') return response.end();
      if (then === 'end') response.end(part);
      else response.write(part, () => then && response.destroy());
    };
    const answer = {
      response,
      status: (code) => response.writeHead(code, { 'content-type': 'text/plain' }).end('no'),
      somewhere: () => Math.floor(random() * this.file(name).length),
      change: () => { this.#version = (this.#version + 1) % this.#versions.length; },
      send,
    };

    if (random() < this.share) {
      const fault = FAULT_NAMES[Math.floor(random() * FAULT_NAMES.length)];
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
      this.log.push(`${method} ${name} ${range ?? ''}: ${fault}`);
      return FAULTS[fault](answer);
    }
    this.log.push(`${method} ${name} ${range ?? ''}`);
    if (known === tag()) return response.writeHead(304, { etag: tag() }).end();
    if (wanted >= this.file(name).length) return answer.status(416);
    send({ then: 'end' });
  }
}
