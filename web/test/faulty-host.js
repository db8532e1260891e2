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

/**
 * Something that may go wrong with a request: work(answer) sends something, or nothing.
 * @typedef {object} Fault
 * @property {(answer: any) => void} work
 * @property {'rest' | 'whole' | 'bytes'} [of]  it happens to: those that ask for the rest of a file, for all of it, for bytes; default: all
 * @property {boolean} [damages]  only a checksum can tell that the file is another one now
 */

/** @type {Record<string, Fault>} */
const FAULTS = {
  '404': { work: (answer) => answer.status(404), damages: true },
  '416': { work: (answer) => answer.status(416) },
  '500': { work: (answer) => answer.status(500) },
  'a web page instead': {
    work: (answer) => answer.response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Welcome'), damages: true,
  },
  'it is gone': { work: (answer) => answer.response.destroy() },
  'no answer': { work: () => {} },
  'it is elsewhere': { work: (answer) => answer.redirect() },
  'stalls': { work: (answer) => answer.send({ until: answer.somewhere(), length: 'whole' }), of: 'bytes' },
  'breaks off': { work: (answer) => answer.send({ until: answer.somewhere(), length: 'whole', then: 'destroy' }), of: 'bytes' },
  'says that it has less': { work: (answer) => answer.send({ until: answer.somewhere(), then: 'end' }), of: 'bytes', damages: true },
  'says that it has more': { work: (answer) => answer.send({ more: 1000, then: 'destroy' }), of: 'bytes' },
  'flips a bit': { work: (answer) => answer.send({ flipped: answer.somewhere(), then: 'end' }), of: 'bytes', damages: true },
  'ignores ranges': { work: (answer) => answer.send({ from: 0, then: 'end' }), of: 'rest' },
  'sends another range': { work: (answer) => answer.send({ shift: 7, then: 'end' }), of: 'rest' },
  'sends less of a range': { work: (answer) => answer.send({ until: answer.somewhere(), last: true, then: 'end' }), of: 'rest' },
  'sends a part unasked': { work: (answer) => answer.send({ until: answer.somewhere(), last: true, part: true, then: 'end' }), of: 'whole' },
  'changes its file': { work: (answer) => (answer.change(), answer.send({ then: 'end' })) },
  'is writing its file': { work: (answer) => (answer.change(), answer.send({ torn: answer.somewhere(), then: 'end' })), of: 'bytes', damages: true },
};

/** Everything that can go wrong. */
export const FAULT_NAMES = Object.keys(FAULTS);

/** What happens only to those that ask for the rest of a file. */
export const OF_RESTS = FAULT_NAMES.filter((name) => FAULTS[name].of === 'rest');

/** What is told from all that is well, even of a file that has no checksum. */
export const TOLD = FAULT_NAMES.filter((name) => !FAULTS[name].damages);

/** So long the bytes before a break have to arrive: browsers drop what they have not given by then. In milliseconds. */
const ARRIVAL = 50;

export class FaultyHost {
  /** Share of the requests that something goes wrong with. */ share = 0;
  /** By these names. */ faults = FAULT_NAMES;
  /** Nobody is there. */ isGone = false;
  /** After so many bytes nothing comes, by the names of the files. @type {Record<string, number>} */ stops = {};
  /** Which version of the files is there. */ version = 0;
  /** How often what went wrong, all together. @type {Map<string, number>} */ counts = new Map();
  /** What went wrong lately, for messages. @type {string[]} */ log = [];
  #versions;
  #random = randomNumbers(0);

  /** @param {Record<string, Buffer>[]} versions  files by their names; a changed file is that of the next version */
  constructor(versions) {
    this.#versions = versions;
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /** Begin anew: the first version, without faults. @param {number} seed */
  reset(seed) {
    this.#random = randomNumbers(seed);
    this.version = this.share = 0;
    this.isGone = false;
    this.stops = {};
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
    return this.#versions[this.version][name];
  }

  #name({ url }) {
    return new URL(url, 'http://host').pathname.split('/').pop();
  }

  #answer(request, response) {
    const { method, headers: { range, 'if-range': condition, 'if-none-match': known } } = request;
    const name = this.#name(request);
    const random = this.#random;
    const tag = () => `"${name} ${this.version}"`;
    const wanted = range && (!condition || condition === tag()) ? Number(/\d+/.exec(range)[0]) : 0;
    const before = this.version;

    const send = ({ from = wanted, until, length, last = false, part = from > 0, more = 0, flipped, shift = 0, torn = 0, then }) => {
      const file = this.file(name);
      const bytes = torn ? Buffer.concat([file.subarray(0, torn), this.#versions[before][name].subarray(torn)]) : file;
      if (from && from >= bytes.length) return answer.status(416);
      const sent = Buffer.from(bytes.subarray(from, until === undefined ? undefined : Math.max(from + Number(last), until)));
      if (flipped >= from) sent[flipped - from] ^= 1 << Math.floor(random() * 8);
      const end = last ? from + sent.length : bytes.length;
      const size = length ? bytes.length - from : sent.length + more;
      response.writeHead(part ? 206 : 200, {
        etag: tag(), 'content-length': size, ...(part && { 'content-range': `bytes ${from + shift}-${end - 1}/${bytes.length}` }),
      });
      if (method === 'HEAD') return response.end();
      if (then === 'end') response.end(sent);
      else response.write(sent, () => then && setTimeout(() => response.destroy(), ARRIVAL));
    };
    const answer = {
      response,
      status: (code) => response.writeHead(code, { 'content-type': 'text/plain' }).end('no'),
      redirect: () => response.writeHead(302, { location: `/elsewhere${new URL(request.url, 'http://host').pathname}` }).end(),
      somewhere: () => wanted + Math.floor(random() * (this.file(name).length - wanted)),
      change: () => { this.version = (this.version + 1) % this.#versions.length; },
      send,
    };

    if (this.isGone) return response.destroy();
    const fault = random() < this.share && this.#choose(method === 'HEAD' ? [] : [wanted ? 'rest' : 'whole', 'bytes']);
    if (fault) {
      this.counts.set(fault, this.count(fault) + 1);
      this.log.push(`${method} ${name} ${range ?? ''}: ${fault}`);
      return FAULTS[fault].work(answer);
    }
    this.log.push(`${method} ${name} ${range ?? ''}`);
    if (name in this.stops) return send({ until: this.stops[name], length: 'whole' });
    if (known === tag()) return response.writeHead(304, { etag: tag() }).end();
    if (wanted >= this.file(name).length) return answer.status(416);
    send({ then: 'end' });
  }

  /** How often this went wrong. @param {string} fault */
  count(fault) {
    return this.counts.get(fault) ?? 0;
  }

  /** One of the faults that can happen to such a request, if any: any, or one that was rarest so far; few ask for the rest of a file. @param {string[]} kinds */
  #choose(kinds) {
    const fitting = this.faults.filter((name) => !FAULTS[name].of || kinds.includes(FAULTS[name].of));
    const rarest = Math.min(...fitting.map((name) => this.count(name)));
    const choice = !kinds.includes('rest') && this.#random() < 0.5 ? fitting : fitting.filter((name) => this.count(name) === rarest);
    return choice[Math.floor(this.#random() * choice.length)];
  }
}
