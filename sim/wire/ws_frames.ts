/**
 * WebSocket frames as a server reads and writes them (RFC 6455): no sockets, no extensions.
 *
 * @module
 */

/** What a client has sent: a whole message, or a control frame. */
export type Received =
  | { readonly kind: "message"; readonly data: Uint8Array }
  | { readonly kind: "close"; readonly code: number }
  | { readonly kind: "ping"; readonly data: Uint8Array };

/** Reads frames from bytes that come in any portions. */
export interface FrameReader {
  /** @throws {RangeError} When the bytes are not frames of a client. */
  read(bytes: Uint8Array): Received[];
}

/** Opcodes of frames. */
export const FRAME = { CONTINUED: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** A reader at the start of a connection. Messages in fragments are put together. */
export function createFrameReader(): FrameReader {
  let rest: Uint8Array = new Uint8Array();
  let fragments: Uint8Array[] = [];
  return {
    read(bytes) {
      rest = rest.length === 0 ? bytes.slice() : joined([rest, bytes]);
      const received: Received[] = [];
      for (let frame = take(rest); frame; frame = take(rest)) {
        rest = rest.subarray(frame.end);
        const { opcode, data } = frame;
        if (opcode === FRAME.CLOSE) received.push({ kind: "close", code: closeCodeOf(data) });
        else if (opcode === FRAME.PING) received.push({ kind: "ping", data });
        else if (opcode !== FRAME.PONG) {
          fragments.push(data);
          if (!frame.final) continue;
          received.push({ kind: "message", data: joined(fragments) });
          fragments = [];
        }
      }
      return received;
    },
  };
}

/** The header of an unmasked frame that holds `length` bytes. */
export function frameHeader(opcode: number, length: number): Uint8Array {
  const first = 0x80 | opcode;
  if (length < 126) return Uint8Array.of(first, length);
  if (length < 0x1_0000) return Uint8Array.of(first, 126, length >> 8, length);
  const header = new Uint8Array(10);
  header.set([first, 127]);
  new DataView(header.buffer).setBigUint64(2, BigInt(length));
  return header;
}

/** What a close frame holds. 1005 and 1006 stand for "no code" and are not sent. */
export function closeData(code: number, reason: string): Uint8Array {
  if (code === 1005 || code === 1006) return new Uint8Array();
  return joined([Uint8Array.of(code >> 8, code), new TextEncoder().encode(reason)]);
}

/** The parts as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const MOST_BYTES = 1 << 20;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly data: Uint8Array;
  readonly end: number;
}

/** The first frame, unmasked; `undefined` where it is not all here. */
function take(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes[0]!;
  const second = bytes[1]!;
  if ((first & 0x70) !== 0 || (second & 0x80) === 0) {
    throw new RangeError("Cannot read frame: reserved bits are set, or it is not masked");
  }
  const { length, at } = lengthOf(bytes, second & 0x7f);
  if (length > MOST_BYTES) throw new RangeError(`Cannot read frame: ${length} bytes are too many`);
  const start = at + 4;
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(at, start);
  const data = bytes.slice(start, start + length);
  for (let i = 0; i < length; i++) data[i]! ^= mask[i & 3]!;
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, data, end: start + length };
}

/** Length of the payload and where the mask begins; endless while the length is not all here. */
function lengthOf(bytes: Uint8Array, short: number): { length: number; at: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (short < 126) return { length: short, at: 2 };
  const at = short === 126 ? 4 : 10;
  if (bytes.length < at) return { length: 0, at: Infinity };
  return { length: short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2)), at };
}

function closeCodeOf(data: Uint8Array): number {
  return data.length < 2 ? 1005 : data[0]! << 8 | data[1]!;
}
