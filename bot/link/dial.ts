/**
 * A consumer that dials the unit: connects, greets, and connects again for ever.
 *
 * @module
 */

import { LINK_CLOSE } from "../../protocol/event_frame.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { redialDelayMs } from "../../ports/random.ts";
import type { Socket } from "../../ports/socket.ts";
import type { World } from "../../ports/world.ts";
import type { ConsumerLink, EventConsumer } from "./consumer.ts";

/** From dialling to the unit's welcome. */
const WELCOME_DEADLINE_MS = 10_000;
/** From our close frame to the peer's. */
const CLOSE_DEADLINE_MS = 2_000;

/** What dialling needs. */
export interface DialOptions extends Pick<World, "connect" | "clock" | "random" | "log"> {
  /** The unit's `/events`, `ws:` or `wss:`. */
  readonly url: string;
  /** Sent as `Authorization`. */
  readonly authorization: string;
  readonly consumer: EventConsumer;
}

/**
 * Dials at once, and again whenever the link is lost. The function returned ends it, and resolves when
 * what was sent has arrived: a process that exits before then takes its last acknowledgement along.
 */
export function dialEvents(options: DialOptions): () => Promise<void> {
  const dial = new Dial(options);
  return () => dial.end();
}

class Dial {
  readonly #options: DialOptions;
  #failures = 0;
  #call: Call | undefined;
  #redial: Cancel | undefined;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#dial();
  }

  async end(): Promise<void> {
    this.#redial?.();
    await this.#call?.hangUp();
  }

  #dial(): void {
    this.#call = new Call(this.#options, (reason, fine) => {
      this.#failures = fine ? 1 : this.#failures + 1;
      const inMs = Math.round(redialDelayMs(this.#failures, this.#options.random));
      this.#options.log.warn("event link is down", { reason, redialInMs: inMs });
      this.#redial = this.#options.clock.after(inMs, () => this.#dial());
    });
  }
}

/** One connection. `onEnd` is called once, unless we hang up; `fine`: it did work for a while. */
class Call {
  readonly #onEnd: (reason: string, fine: boolean) => void;
  readonly #clock: Clock;
  readonly #gone = Promise.withResolvers<void>();
  readonly #socket: Socket;
  #link: ConsumerLink | undefined;
  #deadline: Cancel;
  #over = false;

  constructor(options: DialOptions, onEnd: (reason: string, fine: boolean) => void) {
    const { clock, consumer } = options;
    this.#onEnd = onEnd;
    this.#clock = clock;
    this.#deadline = clock.after(WELCOME_DEADLINE_MS, () => {
      if (!this.#link?.welcomed) this.#end("no welcome in time", false);
    });
    this.#socket = options.connect(options.url, {
      open: () => {
        this.#link = consumer.attach({
          send: (text) => this.#socket.send(text),
          close: (code, reason) => this.#close(code, reason),
        });
      },
      message: (data, isText) => this.#message(data, isText),
      closed: (code, reason) => {
        // Two processes that run as one cluster would throw each other out without a pause.
        const fine = (this.#link?.welcomed ?? false) && code !== LINK_CLOSE.TAKEN_OVER;
        this.#end(`closed with ${code}${reason && `: ${reason}`}`, fine);
        this.#gone.resolve();
      },
      failed: (reason) => {
        this.#end(reason, false);
        this.#gone.resolve();
      },
    }, { headers: { authorization: options.authorization } });
  }

  /** Resolves when the peer has answered our close, or has not for a while. */
  async hangUp(): Promise<void> {
    this.#deadline();
    if (this.#over) return;
    this.#over = true;
    this.#link?.closed();
    const cancel = this.#clock.after(CLOSE_DEADLINE_MS, () => this.#gone.resolve());
    this.#socket.close(LINK_CLOSE.GOING_AWAY, "the cluster is going away");
    await this.#gone.promise;
    cancel();
  }

  #message(data: Uint8Array, isText: boolean): void {
    if (isText) this.#link?.text(new TextDecoder().decode(data));
    else this.#link?.batch(data);
  }

  #close(code: number, reason: string): void {
    this.#deadline();
    this.#deadline = this.#clock.after(
      CLOSE_DEADLINE_MS,
      () => this.#end(`we closed: ${reason}`, false),
    );
    this.#socket.close(code, reason);
  }

  #end(reason: string, fine: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline();
    this.#link?.closed();
    this.#socket.destroy();
    this.#onEnd(reason, fine);
  }
}
