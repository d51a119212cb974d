/**
 * Counts requests against all limits and says, for each, what its rate-limit headers are and whether
 * it is refused. It knows nothing of routes or bodies.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { SimSettings } from "../world/options.ts";
import { type Take, take, type Usage } from "./bucket.ts";
import { bucketHash, type Limit, type LimitName, LIMITS } from "./limits.ts";

/** Whose doing a 429 is. `shared` is not held against the client. */
export type Scope = "user" | "global" | "shared";

/** A limit and the top-level resource it is counted by: channel, guild, webhook; or nothing. */
export interface LimitUse {
  readonly name: LimitName;
  readonly major: string;
}

/** One request, as far as limits are concerned. */
export interface Ask {
  /** Whose limits these are: the credential, or the address where there is none. */
  readonly identity: string;
  /** The limits that count. At most the first is visible; the others are hidden. None: no headers. */
  readonly limits: readonly LimitUse[];
  /** True for interaction endpoints: the global limit does not count them. */
  readonly exempt: boolean;
}

/** Why a request is refused. */
export interface TooMany {
  readonly scope: Scope;
  readonly retryAfterMs: number;
  /** True when no header could have told the client: a hidden limit, or other clients. */
  readonly hidden: boolean;
  /** Discord's error code, where a 429 of this kind has one. */
  readonly code?: number;
}

/** The answer to a request. */
export interface Verdict {
  readonly headers: Readonly<Record<string, string>>;
  readonly tooMany?: TooMany;
}

/** Other clients use up a resource for a while: every request to it gets a 429 of scope `shared`. */
export interface Saturation {
  readonly forMs: number;
  /** Only this channel, guild or webhook. Default: every one. */
  readonly major?: string;
  /** 20028 (channel write limit) or 40062 (service resource), as Discord has been seen to send. */
  readonly code?: number;
}

/** Spent counts are thrown away once per this many requests. */
const SWEEP_EVERY = 4096;

/** The counts, which begin empty, and what a test may change while they run. */
export class Limiter {
  readonly #clock: Clock;
  readonly #settings: Pick<SimSettings, "restGlobalPerSecond">;
  readonly #limits: Record<LimitName, Limit> = { ...LIMITS };
  readonly #hashes = new Map<LimitName, readonly [string, ...string[]]>();
  readonly #under = new Map<LimitName, Limit>();
  readonly #saturated: (Saturation & { name: LimitName; untilMs: number })[] = [];
  readonly #usages = new Map<string, Usage>();
  #asked = 0;

  /** @param settings Read with each request. */
  constructor(clock: Clock, settings: Pick<SimSettings, "restGlobalPerSecond">) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Counts one request. */
  ask(ask: Ask): Verdict {
    if (++this.#asked % SWEEP_EVERY === 0) this.#sweep();
    if (!ask.exempt) {
      const limit = this.#settings.restGlobalPerSecond;
      const window = { limit, windowMs: 1000, kind: "aligned" } as const;
      const { allowed, retryAfterMs } = this.#count(ask.identity, window);
      if (!allowed) {
        return refuse({ "X-RateLimit-Global": "true" }, {
          scope: "global",
          retryAfterMs,
          hidden: false,
        });
      }
    }
    let headers: Verdict["headers"] = {};
    for (const use of ask.limits) {
      const verdict = this.#countLimit(ask.identity, use);
      headers = { ...headers, ...verdict.headers };
      const tooMany = verdict.tooMany ?? this.#saturation(use);
      if (tooMany) return refuse(headers, tooMany);
      const under = this.#countUnder(ask.identity, use);
      if (under.tooMany) return refuse({ ...headers, ...under.headers }, under.tooMany);
    }
    return { headers };
  }

  /** Changes a limit from the next request on. Its counts are kept. */
  set(name: LimitName, change: Partial<Limit>): void {
    this.#limits[name] = { ...this.#limits[name], ...change };
  }

  /** Gives a limit another hash, and with it new counts. Several are shown in turn. */
  rehash(name: LimitName, ...hashes: [string, ...string[]]): void {
    this.#hashes.set(name, hashes);
  }

  /**
   * Lets a second limit count all that `name` counts. It shows itself by its own 429s only, as Discord's
   * has been seen to do for the deletion of messages: other answers show `name`.
   */
  under(name: LimitName, limit: Limit): void {
    this.#under.set(name, limit);
  }

  /** Lets other clients use up a resource. */
  saturate(name: LimitName, saturation: Saturation): void {
    this.#saturated.push({
      ...saturation,
      name,
      untilMs: this.#clock.now() + saturation.forMs,
    });
  }

  #countLimit(identity: string, { name, major }: LimitUse): Verdict {
    const limit = this.#limits[name];
    const hashes = this.#hashes.get(name);
    const hash = hashes?.[this.#asked % hashes.length] ?? limit.hash;
    const scope = limit.scope ?? "user";
    // The name is part of the key: limits that show one hash may still count separately.
    const answer = this.#count(
      JSON.stringify([
        name,
        hash,
        scope === "shared" ? "" : identity,
        limit.ignoresMajor ? "" : major,
      ]),
      limit.window,
    );
    const headers = hash === null ? {} : visibleHeaders(limit, hash, answer, this.#clock.epochMs());
    if (answer.allowed) return { headers };
    const { retryAfterMs } = answer;
    return { headers, tooMany: { scope, retryAfterMs, hidden: hash === null } };
  }

  #countUnder(identity: string, { name, major }: LimitUse): Verdict {
    const limit = this.#under.get(name);
    if (!limit) return { headers: {} };
    const answer = this.#count(JSON.stringify(["under", name, identity, major]), limit.window);
    const headers = visibleHeaders(limit, limit.hash ?? name, answer, this.#clock.epochMs());
    if (answer.allowed) return { headers };
    return { headers, tooMany: { scope: "user", retryAfterMs: answer.retryAfterMs, hidden: true } };
  }

  #count(key: string, window: Limit["window"]): Take {
    const answer = take(window, this.#usages.get(key), this.#clock.now());
    this.#usages.set(key, answer.usage);
    return answer;
  }

  #saturation({ name, major }: LimitUse): TooMany | undefined {
    const nowMs = this.#clock.now();
    for (const { name: of, major: only = major, untilMs, code } of this.#saturated) {
      if (of !== name || only !== major || untilMs <= nowMs) continue;
      const retryAfterMs = untilMs - nowMs;
      return { scope: "shared", retryAfterMs, hidden: true, ...(code && { code }) };
    }
    return undefined;
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    for (const [key, { restoredAtMs }] of this.#usages) {
      if (restoredAtMs <= nowMs) this.#usages.delete(key);
    }
  }
}

function visibleHeaders(limit: Limit, hash: string, answer: Take, wallMs: number) {
  return {
    "X-RateLimit-Limit": String(limit.window.limit),
    "X-RateLimit-Remaining": String(answer.remaining),
    "X-RateLimit-Reset": seconds(wallMs + answer.resetAfterMs),
    "X-RateLimit-Reset-After": seconds(answer.resetAfterMs),
    "X-RateLimit-Bucket": bucketHash(hash),
  };
}

function refuse(headers: Verdict["headers"], tooMany: TooMany): Verdict {
  const retryAfter = String(Math.max(1, Math.ceil(tooMany.retryAfterMs / 1000)));
  return {
    headers: { ...headers, "X-RateLimit-Scope": tooMany.scope, "Retry-After": retryAfter },
    tooMany,
  };
}

/** Seconds with three decimals, rounded up: a client that waits that long has waited long enough. */
export function seconds(ms: number): string {
  return (Math.ceil(ms) / 1000).toFixed(3);
}
