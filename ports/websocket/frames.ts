/**
 * WebSocket frames as bytes (RFC 6455, no extensions): read for either end, and written. No sockets.
 *
 * @module
 */

/** Opcodes of frames. */
export const OPCODE = { CONTINUED: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** A close frame without a code is told as this one. */
export const NO_CODE = 1005;
/** Stands for a connection that broke without a close frame. */
export const BROKEN = 1006;

/** What comes in. All bytes are the receiver's for the length of the call only. */
export interface FrameEvents {
  /** A whole message. Text is not checked to be UTF-8. */
  message(data: Uint8Array, isText: boolean): void;
  ping(data: Uint8Array): void;
  /** The peer says goodbye; {@linkcode NO_CODE} where it gave no code. Nothing comes after it. */
  close(code: number, reason: string): void;
}

/** What to expect of the peer. */
export interface FrameRules {
  /** Whether frames are masked: those of a client are, those of a server are not. */
  readonly masked: boolean;
  /** The largest message, in bytes. */
  readonly maxMessageBytes: number;
}

/** Why nothing more can be read: the code to close with, and the reason in words. */
export interface FrameProblem {
  readonly code: 1002 | 1009;
  readonly reason: string;
}

/** The frame being read. */
interface Head {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly length: number;
  /** `null`: not masked. */
  readonly mask: number | null;
}

/**
 * Reads frames from bytes that come in any portions. A message that lies whole in one portion is told
 * as a view of it; any other is copied once.
 */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #rules: FrameRules;
  /** The beginning of a head that is not all here. */
  #cutHead: Uint8Array | null = null;
  #head: Head | null = null;
  /** How much of the frame's payload has come already. */
  #got = 0;
  /** The message that is begun, in fragments or because a frame came in pieces. */
  #message: Pile | null = null;
  /** Whether a fragment has come and the last has not, and of which opcode the first was. */
  #fragmentsOf = 0;
  #control: Pile | null = null;
  #over = false;

  constructor(events: FrameEvents, rules: FrameRules) {
    this.#events = events;
    this.#rules = rules;
  }

  /** Reads no more, whatever comes: also in the middle of a portion. */
  stop(): void {
    this.#over = true;
    this.#message = this.#control = this.#cutHead = null;
  }

  /**
   * Reads a portion, whose bytes are unmasked where they lie. Gives what is wrong with it; after that,
   * and after a close frame, nothing is read any more.
   */
  read(bytes: Uint8Array): FrameProblem | null {
    let at = 0;
    while (!this.#over) {
      if (!this.#head) {
        if (at === bytes.length) break;
        const next = this.#readHead(bytes, at);
        if (next < 0) break;
        at = next;
        const problem = this.#problem();
        if (problem) {
          this.stop();
          return problem;
        }
      }
      const head = this.#head!;
      const end = Math.min(at + head.length - this.#got, bytes.length);
      // A mask of 0 leaves the bytes as they are.
      if (head.mask) applyMask(bytes, at, end, head.mask, this.#got);
      const isWhole = this.#got + end - at === head.length;
      this.#payload(head, bytes.subarray(at, end), isWhole);
      if (!isWhole) break;
      at = end;
    }
    return null;
  }

  /** Where the payload begins; -1 while the head is not all here. */
  #readHead(bytes: Uint8Array, at: number): number {
    if (!this.#cutHead) {
      const size = this.#parseHead(bytes, at);
      if (size < 0) this.#cutHead = bytes.slice(at);
      return size < 0 ? -1 : at + size;
    }
    const before = this.#cutHead.length;
    const joined = new Uint8Array(Math.min(before + bytes.length, MOST_HEAD_BYTES));
    joined.set(this.#cutHead);
    joined.set(bytes.subarray(0, joined.length - before), before);
    const size = this.#parseHead(joined, 0);
    this.#cutHead = size < 0 ? joined : null;
    return size < 0 ? -1 : size - before;
  }

  /** Its size; -1 while it is not all here. */
  #parseHead(bytes: Uint8Array, at: number): number {
    const here = bytes.length - at;
    if (here < 2) return -1;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    let length = second & 0x7f;
    let size = 2;
    if (length === 126) {
      size = 4;
      if (here < size) return -1;
      length = bytes[at + 2]! << 8 | bytes[at + 3]!;
    } else if (length === 127) {
      size = 10;
      if (here < size) return -1;
      length = uint32(bytes, at + 2) * 2 ** 32 + uint32(bytes, at + 6);
    }
    let mask: number | null = null;
    if ((second & 0x80) !== 0) {
      if (here < size + 4) return -1;
      mask = uint32(bytes, at + size);
      size += 4;
    }
    // The reserved bits stay in, so that such an opcode is none.
    this.#head = { isFinal: (first & 0x80) !== 0, opcode: first & 0x7f, length, mask };
    this.#got = 0;
    return size;
  }

  #problem(): FrameProblem | null {
    const { isFinal, opcode, length, mask } = this.#head!;
    if ((mask !== null) !== this.#rules.masked) {
      return { code: 1002, reason: `a frame is ${this.#rules.masked ? "not " : ""}masked` };
    }
    if (opcode >= OPCODE.CLOSE) {
      if (opcode > OPCODE.PONG) return { code: 1002, reason: `opcode ${opcode} is unknown` };
      if (!isFinal) return { code: 1002, reason: "a control frame is fragmented" };
      if (length > 125) return { code: 1002, reason: `a control frame has ${length} bytes` };
      if (opcode === OPCODE.CLOSE && length === 1) {
        return { code: 1002, reason: "half a close code" };
      }
      return null;
    }
    if (opcode > OPCODE.BINARY) return { code: 1002, reason: `opcode ${opcode} is unknown` };
    if ((opcode === OPCODE.CONTINUED) !== (this.#fragmentsOf !== 0)) {
      return { code: 1002, reason: "a fragment is out of place" };
    }
    const total = length + (this.#message?.length ?? 0);
    if (total <= this.#rules.maxMessageBytes) return null;
    return { code: 1009, reason: `a message has ${total} bytes or more` };
  }

  #payload(head: Head, part: Uint8Array, isWhole: boolean): void {
    const isControl = head.opcode >= OPCODE.CLOSE;
    const begun = isControl ? this.#control : this.#message;
    const ends = isWhole && head.isFinal;
    if (begun || !ends) {
      const pile = begun ?? new Pile();
      pile.add(part, head.length - this.#got);
      if (isControl) this.#control = pile;
      else this.#message = pile;
    }
    this.#got += part.length;
    if (!isWhole) return;
    this.#head = null;
    if (isControl) {
      this.#control = null;
      return this.#controlFrame(head.opcode, begun?.bytes ?? part);
    }
    const opcode = this.#fragmentsOf || head.opcode;
    this.#fragmentsOf = head.isFinal ? 0 : opcode;
    if (!head.isFinal) return;
    this.#message = null;
    this.#events.message(begun?.bytes ?? part, opcode === OPCODE.TEXT);
  }

  #controlFrame(opcode: number, data: Uint8Array): void {
    if (opcode === OPCODE.PING) this.#events.ping(data);
    if (opcode !== OPCODE.CLOSE) return;
    this.stop();
    const code = data.length < 2 ? NO_CODE : data[0]! << 8 | data[1]!;
    this.#events.close(code, new TextDecoder().decode(data.subarray(2)));
  }
}

/** Bytes that a frame of so many takes at most, its head and mask included. */
export function frameBound(payloadBytes: number): number {
  return payloadBytes + MOST_HEAD_BYTES;
}

/** Writes a final frame into `into` from `at` on; gives where it ends. `mask`: as a client must. */
export function writeFrame(
  into: Uint8Array,
  at: number,
  opcode: number,
  payload: Uint8Array,
  mask: number | null,
): number {
  const { length } = payload;
  const maskBit = mask === null ? 0 : 0x80;
  into[at++] = 0x80 | opcode;
  if (length < 126) into[at++] = maskBit | length;
  else if (length < 0x1_0000) {
    into[at++] = maskBit | 126;
    into[at++] = length >> 8;
    into[at++] = length;
  } else {
    into[at++] = maskBit | 127;
    at = writeUint32(into, at, Math.floor(length / 2 ** 32));
    at = writeUint32(into, at, length);
  }
  if (mask !== null) at = writeUint32(into, at, mask);
  into.set(payload, at);
  if (mask) applyMask(into, at, at + length, mask, 0);
  return at + length;
}

/** What a close frame holds. The codes that stand for "none" are not sent; long reasons are cut. */
export function closePayload(code: number, reason: string): Uint8Array {
  if (code === NO_CODE || code === BROKEN) return new Uint8Array();
  const payload = new Uint8Array(125);
  payload.set([code >> 8, code]);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}

const MOST_HEAD_BYTES = 14;
/** What is set aside for a frame before any of it has come: a head alone must not cost memory. */
const TRUSTED_BYTES = 64 * 1024;

/** Bytes that are put together; grows in steps, so that each byte is moved a few times at most. */
class Pile {
  length = 0;
  #bytes = new Uint8Array();

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Adds `part`, the next of `toCome` bytes. */
  add(part: Uint8Array, toCome: number): void {
    const needed = this.length + part.length;
    if (needed > this.#bytes.length) {
      const trusted = Math.min(this.length + toCome, Math.max(TRUSTED_BYTES, 2 * needed));
      const grown = new Uint8Array(Math.max(trusted, 2 * this.#bytes.length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.length);
    this.length = needed;
  }
}

/** Masks or unmasks in place. `offset`: how much of the frame came before. */
function applyMask(bytes: Uint8Array, from: number, to: number, mask: number, offset: number) {
  const shift = (offset & 3) * 8;
  const key = shift === 0 ? mask : mask << shift | mask >>> (32 - shift);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = from;
  for (; at + 4 <= to; at += 4) view.setInt32(at, view.getInt32(at) ^ key);
  for (let bit = 24; at < to; at++, bit -= 8) bytes[at]! ^= key >>> bit;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

function writeUint32(into: Uint8Array, at: number, value: number): number {
  into[at++] = value >>> 24;
  into[at++] = value >>> 16;
  into[at++] = value >>> 8;
  into[at++] = value;
  return at;
}
