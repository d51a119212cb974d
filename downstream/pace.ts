/**
 * How much a client on `/gateway` may send: what Discord takes, so that a bot that is too fast for
 * Discord learns it here and not in production. See
 * [Discord Docs/Rate Limiting](https://discord.com/developers/docs/events/gateway#rate-limiting).
 *
 * @module
 */

/** Messages in one window; one more is close 4008. */
export const MESSAGES_PER_WINDOW = 120;
/** Length of the window. */
export const MESSAGE_WINDOW_MS = 60_000;

/** The messages of one connection, in a window that slides. */
export class DownstreamPace {
  readonly #cameMs: number[] = [];

  /** Counts a message that came at `nowMs`; false where it is one too many. */
  allows(nowMs: number): boolean {
    while (this.#cameMs.length > 0 && this.#cameMs[0]! <= nowMs - MESSAGE_WINDOW_MS) {
      this.#cameMs.shift();
    }
    this.#cameMs.push(nowMs);
    return this.#cameMs.length <= MESSAGES_PER_WINDOW;
  }
}
