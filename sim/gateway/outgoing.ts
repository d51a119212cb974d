/**
 * The way out of a connection: encoding, and the faults that befall messages on the way (corruption,
 * delay, splitting). Order is kept whatever the delay.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { type Compression, corrupted, createEncode, type Encode, type Frame } from "./encoding.ts";
import type { SimSettings } from "../world/options.ts";

/** The client's end of a connection: text for text messages, bytes for binary ones. */
export interface Peer {
  send(message: string | Uint8Array): void;
  /** Sends a close frame; the connection ends when the client has answered, or at once. */
  close(code: number, reason: string): void;
  /** Ends the connection without a close frame. */
  destroy(): void;
  /** Whether something that was sent waits because the client does not read. */
  readonly isHeldUp: boolean;
}

/** What the way out works with. */
export interface OutgoingParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: SimSettings;
}

/** The way out of one connection. */
export class Outgoing {
  readonly #parts: OutgoingParts;
  readonly #compression: Compression;
  readonly #peer: Peer;
  #encode: Encode;
  #corruptNext = false;
  #delayMs = 0;
  /** When the last delayed message leaves; later ones never overtake it. */
  #lastOutMs = 0;

  constructor(parts: OutgoingParts, compression: Compression, peer: Peer) {
    this.#parts = parts;
    this.#compression = compression;
    this.#peer = peer;
    this.#encode = createEncode(compression, parts.settings.compressionLevel);
  }

  /** How long every message is held back now. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Whether the client may not have what was sent to it, through no fault of its own. */
  get isLate(): boolean {
    return this.#delayMs > 0 || this.#peer.isHeldUp;
  }

  /** Delays every message from now on. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Makes the next message unreadable. */
  corrupt(): void {
    this.#corruptNext = true;
  }

  /** Payload compression was asked for in IDENTIFY; transport compression wins. */
  compressPayloads(): void {
    if (this.#compression !== "none") return;
    this.#encode = createEncode("payload", this.#parts.settings.compressionLevel);
  }

  /** Sends a payload. */
  send(frame: Frame): void {
    let message = this.#encode(frame);
    if (this.#corruptNext) {
      this.#corruptNext = false;
      message = corrupted(message);
    }
    if (typeof message === "string") return this.#out(() => this.#peer.send(message));
    for (const part of this.#split(message)) this.#out(() => this.#peer.send(part));
  }

  /** Sends a close frame after everything before it. */
  close(code: number, reason: string): void {
    this.#out(() => this.#peer.close(code, reason));
  }

  /** Answers the client's close frame. */
  answerClose(code: number): void {
    this.#peer.close(code, "");
  }

  /** Breaks the connection at once. */
  destroy(): void {
    this.#peer.destroy();
  }

  /** A zlib-stream payload may come in several messages; any other is one message. */
  #split(message: Uint8Array): Uint8Array[] {
    const { random, settings } = this.#parts;
    if (this.#compression !== "zlib-stream" || settings.splitFrames === 0) return [message];
    if (random() >= settings.splitFrames) return [message];
    const at = 1 + Math.floor(random() * (message.length - 1));
    return [message.subarray(0, at), message.subarray(at)];
  }

  #out(send: () => void): void {
    const nowMs = this.#parts.clock.now();
    const dueMs = Math.max(this.#lastOutMs, nowMs + this.#delayMs);
    if (dueMs <= nowMs) return send();
    this.#lastOutMs = dueMs;
    this.#parts.clock.after(dueMs - nowMs, send);
  }
}
