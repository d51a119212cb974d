/**
 * A deflate stream whose messages refer to earlier ones, made synchronously (RFC 1951). The host's
 * synchronous compressor forgets its context after each call and ignores a dictionary, so this is a
 * small one of our own: fixed codes, the first match found. It is here to be decoded, not to be tight.
 *
 * @module
 */

/** Compresses each message with those before it as context; each ends with `00 00 FF FF`. */
export class Deflate {
  /** Where four bytes with this hash were last seen, counted from the stream's start. */
  readonly #seen = new Float64Array(1 << HASH_BITS).fill(-1);
  #history: Uint8Array = new Uint8Array();
  /** Place of `#history[0]` in the stream. */
  #base = 0;

  /** The next message's bytes. */
  piece(text: Uint8Array): Uint8Array {
    const data = new Uint8Array(this.#history.length + text.length);
    data.set(this.#history);
    data.set(text, this.#history.length);
    const out = new Bits(text.length);
    out.put(FIXED_BLOCK, 3);
    for (let at = this.#history.length; at < data.length;) {
      const found = at + LEAST_LENGTH <= data.length ? this.#match(data, at) : -1;
      if (found < 0) putSymbol(out, data[at++]!);
      else {
        const length = lengthOf(data, found, at);
        putMatch(out, length, at - found);
        at += length;
      }
    }
    putSymbol(out, END_OF_BLOCK);
    const kept = Math.min(data.length, MOST_DISTANCE);
    this.#base += data.length - kept;
    this.#history = data.slice(data.length - kept);
    return out.flushed();
  }

  /** Something else was put into the stream: later messages do not refer behind it. */
  forget(): void {
    if (this.#history.length === 0) return;
    this.#base += this.#history.length;
    this.#history = new Uint8Array();
  }

  /** Place in `data` of an earlier match for the four bytes at `at`, or -1; remembers `at`. */
  #match(data: Uint8Array, at: number): number {
    const four = data[at]! | data[at + 1]! << 8 | data[at + 2]! << 16 | data[at + 3]! << 24;
    const slot = Math.imul(four, 0x9e37_79b1) >>> (32 - HASH_BITS);
    const found = this.#seen[slot]! - this.#base;
    this.#seen[slot] = this.#base + at;
    if (found < 0 || at - found > MOST_DISTANCE) return -1;
    return lengthOf(data, found, at) >= LEAST_LENGTH ? found : -1;
  }
}

const HASH_BITS = 12;
const MOST_DISTANCE = 32_768;
const LEAST_LENGTH = 4;
const MOST_LENGTH = 258;
const END_OF_BLOCK = 256;
/** Not the last block, fixed codes. */
const FIXED_BLOCK = 0b010;

function lengthOf(data: Uint8Array, found: number, at: number): number {
  const most = Math.min(MOST_LENGTH, data.length - at);
  let length = 0;
  while (length < most && data[found + length] === data[at + length]) length += 1;
  return length;
}

/** Bits, the lowest first, as deflate wants them. */
class Bits {
  #bytes: Uint8Array;
  #length = 0;
  #held = 0;
  #count = 0;

  /** Room for fixed codes: a byte takes 9 bits at most. */
  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes + (bytes >> 3) + 16);
  }

  put(value: number, count: number): void {
    this.#held |= value << this.#count;
    this.#count += count;
    for (; this.#count >= 8; this.#count -= 8, this.#held >>>= 8) {
      this.#bytes[this.#length++] = this.#held;
    }
  }

  /** Ends at a byte boundary with an empty stored block: what a sync flush is. */
  flushed(): Uint8Array {
    this.put(0, 3);
    if (this.#count > 0) this.put(0, 8 - this.#count);
    this.#bytes.set([0, 0, 0xff, 0xff], this.#length);
    return this.#bytes.subarray(0, this.#length + 4);
  }
}

/** The fixed code of a literal, of the end, or of a length. Codes go the highest bit first. */
function putSymbol(out: Bits, symbol: number): void {
  if (symbol < 144) out.put(reversed(0x30 + symbol, 8), 8);
  else if (symbol < 256) out.put(reversed(0x190 + symbol - 144, 9), 9);
  else if (symbol < 280) out.put(reversed(symbol - 256, 7), 7);
  else out.put(reversed(0xc0 + symbol - 280, 8), 8);
}

function putMatch(out: Bits, length: number, distance: number): void {
  if (length === MOST_LENGTH) putSymbol(out, 285);
  else {
    const { step, extra, rest } = stepOf(length - 3, 4);
    putSymbol(out, 257 + step);
    out.put(rest, extra);
  }
  const { step, extra, rest } = stepOf(distance - 1, 2);
  out.put(reversed(step, 5), 5);
  out.put(rest, extra);
}

/** Lengths and distances grow in steps: `perDoubling` steps of one size, then of twice that size. */
function stepOf(
  value: number,
  perDoubling: number,
): { readonly step: number; readonly extra: number; readonly rest: number } {
  let extra = 0;
  while (value >> extra >= 2 * perDoubling) extra += 1;
  const step = perDoubling * extra + (value >> extra);
  return { step, extra, rest: value & ((1 << extra) - 1) };
}

function reversed(code: number, bits: number): number {
  let result = 0;
  for (let i = 0; i < bits; i++) result |= (code >> i & 1) << (bits - 1 - i);
  return result;
}
