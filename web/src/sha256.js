// SHA-256 (FIPS 180-4) of bytes that come piece by piece: crypto.subtle takes them only all at once, and plain http has none.

const BLOCK = 64;

/** The first 64 primes. */
const PRIMES = [2];
for (let n = 3; PRIMES.length < 64; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);

/** The first 32 bits behind the point. @param {number} x */
const fraction = (x) => (x % 1) * 2 ** 32;
const FIRST = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** @param {number} x @param {number} n */
const turn = (x, n) => (x >>> n) | (x << (32 - n));

/** The hash of what it is given. */
export class Sha256 {
  #state = FIRST.slice();
  #words = new Int32Array(64);
  #rest = new Uint8Array(BLOCK); // bytes of a block that is not whole yet
  #length = 0;

  /** @param {Uint8Array} bytes  the next ones */
  update(bytes) {
    const have = this.#length % BLOCK;
    this.#length += bytes.length;
    let at = 0;
    if (have) {
      this.#rest.set(bytes.subarray(0, at = BLOCK - have), have);
      if (have + bytes.length < BLOCK) return;
      this.#mix(this.#rest, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#mix(bytes, at);
    this.#rest.set(bytes.subarray(at));
  }

  /** Of all bytes; nothing comes after it. @returns {Uint8Array<ArrayBuffer>} 32 bytes */
  digest() {
    const end = new DataView(new ArrayBuffer(BLOCK - ((this.#length + 8) % BLOCK) + 8)); // up to the end of a block
    end.setUint8(0, 0x80);
    end.setBigUint64(end.byteLength - 8, BigInt(this.#length) * 8n);
    this.update(new Uint8Array(end.buffer));
    const hash = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, i) => hash.setInt32(i * 4, word));
    return new Uint8Array(hash.buffer);
  }

  /** Take in the block of `bytes` that begins at `at`. @param {Uint8Array} bytes @param {number} at */
  #mix(bytes, at) {
    const w = this.#words;
    for (let i = 0; i < 16; i++, at += 4) w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g, g = f, f = e, e = (d + one) | 0;
      d = c, c = b, b = a, a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (this.#state[i] += word));
  }
}
