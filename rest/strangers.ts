/**
 * Callers that do not show the secret, where there is one. What they may ask carries a token of its own
 * in its path: webhooks, first responses to interactions, and what follows those. Discord counts it for this
 * machine's address all the same, so only so many may be invalid: each has a place while it is under way,
 * and one that was invalid, or of which nobody knows, keeps it for ten minutes. They are counted apart,
 * and what they make Discord say is believed for them only: the bot's requests go on, whatever they do.
 * See [Discord Docs/Invalid Request Limit](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
 *
 * @module
 */

import { OWN_CREDENTIAL_HEADER } from "./auth.ts";
import { DeadEnds } from "./dead_ends.ts";
import {
  type Delivered,
  Delivery,
  type DeliveryOptions,
  NOT_HERE,
  type Parcel,
  tripOf,
} from "./delivery.ts";
import { InvalidFuse } from "./invalid_fuse.ts";
import type { Problem } from "./problem.ts";
import type { Route } from "./route.ts";

/** Their part of the invalid requests that lead to a ban: the bot's fuse leaves more than that. */
const SHARE = 0.04;
/** When to try again where others are only under way. */
const MOMENT_MS = 1_000;

/** What they need. */
export type StrangersOptions =
  & Omit<DeliveryOptions, "fuse" | "deadEnds" | "retriesRefusals">
  & { readonly invalidLimit: number };

/** Whether a stranger may ask it: it carries a token of its own. */
export function isForStrangers({ kind }: Pick<Route, "kind">): boolean {
  return kind !== "other";
}

/** Brings the requests of strangers to Discord. */
export class Strangers {
  readonly #options: StrangersOptions;
  readonly #delivery: Delivery;
  /** Only counts: it never blows. */
  readonly #counted = new InvalidFuse(Infinity);
  readonly #most: number;
  #underWay = 0;

  constructor(options: StrangersOptions) {
    this.#options = options;
    this.#most = Math.max(1, Math.floor(options.invalidLimit * SHARE));
    this.#delivery = new Delivery({
      ...options,
      fuse: this.#counted,
      deadEnds: new DeadEnds(),
      // A second try might be as invalid, and has no place.
      retriesRefusals: false,
    });
  }

  /** Of theirs, those that were invalid in the last ten minutes, or may have been. */
  invalid(nowMs: number): number {
    return this.#counted.invalid(nowMs);
  }

  /** Brings one, where there is a place for it. Never throws. */
  async deliver(parcel: Parcel): Promise<Delivered> {
    const { clock, answerMs } = this.#options;
    // One that does not come must not keep others out.
    const arrival = await parcel.body.arrives(clock, answerMs);
    if (arrival !== "here") return { ...tripOf(parcel), result: NOT_HERE[arrival] };
    if (this.#isFull) return { ...tripOf(parcel), result: this.#problem };
    this.#underWay++;
    try {
      const delivered = await this.#delivery.deliver(parcel);
      if (delivered.isLost) this.#counted.count(true, clock.now());
      return delivered;
    } finally {
      this.#underWay--;
    }
  }

  get #isFull(): boolean {
    return this.#underWay + this.invalid(this.#options.clock.now()) >= this.#most;
  }

  get #problem(): Problem {
    const invalidMs = this.#counted.closesInMs(this.#options.clock.now());
    const isInvalid = this.#underWay < this.#most / 2;
    return {
      status: 429,
      reason: `too many without the secret; with it in ${OWN_CREDENTIAL_HEADER} it would go on`,
      retryAfterMs: isInvalid ? Math.max(MOMENT_MS, invalidMs) : MOMENT_MS,
    };
  }
}
