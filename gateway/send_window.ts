/**
 * How much a connection may send: 120 payloads in any 60 s, of which enough are kept back for
 * heartbeats. A sliding-window log: the only kind that neither forbids a burst nor lets twice the
 * limit through at a window's edge.
 * See [Discord Docs/Rate Limiting](https://discord.com/developers/docs/events/gateway#rate-limiting).
 *
 * @module
 */

/** Payloads that Discord takes in one window. */
export const SENDS_PER_WINDOW = 120;
/** Length of the window. */
export const SEND_WINDOW_MS = 60_000;
/** IDENTIFY or RESUME, and the answer to a heartbeat that Discord asks for. */
const OWN_SENDS = 3;

/** One connection's sends. */
export class SendWindow {
  readonly #sentMs: number[] = [];
  readonly #room: number;

  /** @param heartbeatIntervalMs From HELLO: the shorter, the more is kept back. */
  constructor(heartbeatIntervalMs: number) {
    const beats = Math.ceil(SEND_WINDOW_MS / heartbeatIntervalMs) + 1;
    this.#room = Math.max(1, SENDS_PER_WINDOW - beats - OWN_SENDS);
  }

  /** Notes a send; heartbeats, IDENTIFY and RESUME are noted too, but never wait. */
  note(nowMs: number): void {
    this.#forget(nowMs);
    this.#sentMs.push(nowMs);
  }

  /**
   * How long a command has to wait now; 0 when it may go.
   *
   * @param spare Payloads of the window that are left to others.
   */
  waitMs(nowMs: number, spare = 0): number {
    this.#forget(nowMs);
    const excess = this.#sentMs.length - Math.max(1, this.#room - spare);
    return excess < 0 ? 0 : this.#sentMs[excess]! + SEND_WINDOW_MS - nowMs;
  }

  /** The same for the answer to a heartbeat that Discord asks for, which has room of its own. */
  answerWaitMs(nowMs: number): number {
    return this.waitMs(nowMs, 1 - OWN_SENDS);
  }

  #forget(nowMs: number): void {
    while (this.#sentMs.length > 0 && this.#sentMs[0]! <= nowMs - SEND_WINDOW_MS) {
      this.#sentMs.shift();
    }
  }
}
