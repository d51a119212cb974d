/**
 * What Discord, or the firewall before it, has said no to: a webhook, an interaction's token, a
 * credential, this address. More requests of that kind would only count as invalid, so they are
 * answered here; each in its own time one goes ahead to see whether it is still so. It only computes;
 * time comes in with each call.
 *
 * A verdict is never wider than its evidence. One answer tells of its own route, resource and
 * credential. Of the whole webhook, credential or address it takes two routes that say the same, or
 * several resources of one, with no better answer between; the first that is better lifts it.
 * See [Discord Docs/Invalid Request Limit](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
 *
 * @module
 */

import { parseRecord } from "../protocol/record.ts";
import type { Ask } from "./limits/permits.ts";
import type { Refusal } from "./limits/rate_report.ts";
import type { Problem } from "./problem.ts";

/** What to answer in Discord's place until the next request may go ahead. */
export type DeadEnd = Problem & Required<Pick<Problem, "retryAfterMs">>;

/** A request, as far as it can be in vain. */
export type Attempt = Pick<Ask, "route" | "credential">;

/** An answer, as far as it tells that. */
export interface Answered {
  readonly status: number;
  /** The body of a 401 or 404. */
  readonly text?: string | undefined;
  readonly refusal?: Refusal | null;
}

/** What a no may be about, beyond its route: a webhook by its token or not, who asks, where from. */
type Ground = "place" | "credential" | "address";
const GROUNDS: readonly Ground[] = ["place", "credential", "address"];

/** A no. */
interface No {
  readonly ground: Ground;
  readonly answer: Omit<Problem, "reason">;
  /** The next may not come sooner. */
  readonly leastMs: number;
}

/** It stands in the way of one route, or of all that have a ground in common. */
interface Wall {
  readonly answer: Problem;
  /** Until then it stops nobody. */
  readonly opensMs: number;
  pauseMs: number;
  retryAtMs: number;
  /** One has gone ahead, and its answer is not here yet. */
  isProbed: boolean;
}

interface Pauses {
  readonly graceMs: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What is gone stays so; a 401 or the firewall's page may be a mistake, or a moment's. */
const PAUSES: Readonly<Record<Ground | "token", Pauses>> = {
  place: { graceMs: 0, firstMs: 1_000, mostMs: 3_600_000 },
  credential: { graceMs: 0, firstMs: 1_000, mostMs: 60_000 },
  address: { graceMs: 0, firstMs: 1_000, mostMs: 60_000 },
  // An interaction's is known from its first response on, which may still be on its way.
  token: { graceMs: 5_000, firstMs: 1_000, mostMs: 60_000 },
};

const SO_BEFORE = "Discord has answered so a moment ago";
const BLOCKED = "Cloudflare's firewall has blocked this route a moment ago";
const SHUT_OUT = "Cloudflare keeps this address out for a while";

/** Routes that have to say the same before it is believed of others. */
const ROUTES = 2;
/** Or resources of one route: another channel that gets the same text is hardly another witness. */
const RESOURCES = 5;
/** Time for the one that goes ahead. */
const PROBE_MS = 30_000;
const MOST = 10_000;

const UNKNOWN_WEBHOOK = 10015;
const INVALID_WEBHOOK_TOKEN = 50027;

/** The dead ends that are known. */
export class DeadEnds {
  readonly #walls = new Map<string, Wall>();
  /** Who has said no with no better answer since, by what is in common: resources, and their routes. */
  readonly #witnesses = new Map<string, Map<string, string>>();

  /** How many are known. */
  get size(): number {
    return this.#walls.size;
  }

  /** Whether this machine is kept out, whatever it asks. */
  isShutOut(nowMs: number): boolean {
    return (this.#walls.get("address")?.retryAtMs ?? -Infinity) > nowMs;
  }

  /** Where a request leads nowhere, what to answer; `null` where it may go. */
  find(attempt: Attempt, nowMs: number): DeadEnd | null {
    const met = this.#before(attempt).find(({ untilMs }) => untilMs > nowMs);
    return met ? { ...met.wall.answer, retryAfterMs: met.untilMs - nowMs } : null;
  }

  /**
   * A request that may go does so: others of its kind wait for what comes of it, where that is in
   * doubt. Gives whether it is.
   */
  goAhead(attempt: Attempt, nowMs: number): boolean {
    const walls = this.#before(attempt).map(({ wall }) => wall)
      .filter(({ opensMs }) => opensMs <= nowMs);
    for (const wall of walls) {
      wall.isProbed = true;
      wall.retryAtMs = nowMs + PROBE_MS;
    }
    return walls.length > 0;
  }

  /** Learns from an answer. */
  learn(attempt: Attempt, answered: Answered, nowMs: number): void {
    const no = noOf(attempt, answered);
    if (no) this.#raise(attempt, no, nowMs);
    if (this.#walls.size === 0) return;
    for (const ground of GROUNDS) {
      const all = commonKey(attempt, ground);
      if (all === null || ground === no?.ground || !isYes(ground, answered)) continue;
      this.#witnesses.delete(all);
      this.#walls.delete(all);
      this.#walls.delete(ownKey(attempt, all));
    }
  }

  /** What stands in the way of a request, each until when. */
  #before(attempt: Attempt): { readonly wall: Wall; readonly untilMs: number }[] {
    if (this.#walls.size === 0) return [];
    return GROUNDS.flatMap((ground) => {
      const key = commonKey(attempt, ground);
      if (key === null) return [];
      const own = this.#walls.get(ownKey(attempt, key));
      const common = this.#walls.get(key);
      // A route that was refused itself says little of the others: they go ahead first.
      const afterMs = own && common && !common.isProbed ? common.pauseMs : 0;
      return [
        ...own ? [{ wall: own, untilMs: own.retryAtMs }] : [],
        ...common ? [{ wall: common, untilMs: common.retryAtMs + afterMs }] : [],
      ];
    });
  }

  #raise(attempt: Attempt, no: No, nowMs: number): void {
    const { ground } = no;
    const all = commonKey(attempt, ground)!;
    const pauses =
      PAUSES[attempt.route.kind === "interaction" && ground === "place" ? "token" : ground];
    const isAddress = ground === "address";
    this.#add(ownKey(attempt, all), no, isAddress ? BLOCKED : SO_BEFORE, pauses, nowMs);
    if (!this.#isProven(attempt, all)) return;
    this.#add(all, no, isAddress ? SHUT_OUT : SO_BEFORE, pauses, nowMs);
  }

  #add(key: string, { answer, leastMs }: No, reason: string, pauses: Pauses, nowMs: number): void {
    const before = this.#walls.get(key);
    if (before && !before.isProbed) {
      // Answers to requests that were under way together say one thing, once; a time they may name.
      before.retryAtMs = Math.max(before.retryAtMs, nowMs + leastMs);
      return;
    }
    const { graceMs, firstMs, mostMs } = pauses;
    const opensMs = before?.opensMs ?? nowMs + graceMs;
    const isOpen = nowMs >= opensMs;
    const nextMs = Math.max(firstMs, Math.min((before?.pauseMs ?? 0) * 2, mostMs));
    const pauseMs = isOpen ? nextMs : 0;
    const retryAtMs = nowMs + Math.max(pauseMs, leastMs);
    this.#walls.delete(key);
    this.#walls.set(key, {
      answer: { ...answer, reason },
      opensMs,
      pauseMs,
      retryAtMs,
      isProbed: false,
    });
    dropOldest(this.#walls);
  }

  /** Whether enough have said so; counts one more. */
  #isProven({ route: { method, template, major }, credential }: Attempt, all: string): boolean {
    const route = `${credential} ${method} ${template}`;
    const witnesses = this.#witnesses.get(all) ?? new Map<string, string>();
    if (witnesses.size < RESOURCES) witnesses.set(`${route} ${major}`, route);
    this.#witnesses.set(all, witnesses);
    dropOldest(this.#witnesses);
    return witnesses.size >= RESOURCES || new Set(witnesses.values()).size >= ROUTES;
  }
}

/** What an answer says no to. */
function noOf(attempt: Attempt, { status, text, refusal }: Answered): No | null {
  if (refusal?.scope === "address") {
    return { ground: "address", answer: { status: 429 }, leastMs: refusal.retryAfterMs };
  }
  if (status !== 401 && status !== 404) return null;
  const { code, message } = readError(text);
  const isGone = status === 404 ? code === UNKNOWN_WEBHOOK : code === INVALID_WEBHOOK_TOKEN;
  const ground = isGone ? "place" : status === 401 && code === 0 ? "credential" : null;
  if (ground === null || commonKey(attempt, ground) === null) return null;
  return { ground, answer: { status, code, message }, leastMs: 0 };
}

/** Whether an answer shows that what may be said no to is well. Of Discord's, any lets the address in. */
function isYes(ground: Ground, { status, refusal }: Answered): boolean {
  if (refusal?.scope === "address" || status >= 500) return false;
  return ground === "address" || (status !== 401 && status !== 429);
}

/** What a request has in common with others: `null` where a no to it could not be about that. */
function commonKey({ route: { kind, major }, credential }: Attempt, ground: Ground): string | null {
  switch (ground) {
    case "place":
      // By its token or not; interactions' tokens are used as webhooks.
      return major.startsWith("webhooks/") ? `place ${major}` : null;
    case "credential":
      // A 401 at a place with a token of its own says nothing of the credential.
      return kind === "other" && credential !== "" ? `credential ${credential}` : null;
    case "address":
      return "address";
  }
}

/** The very route and credential. */
function ownKey({ route: { method, template, major }, credential }: Attempt, all: string): string {
  return `${all} ${method} ${template} ${major} ${credential}`;
}

function readError(text: string | undefined): { code: number; message: string } {
  const { code, message } = parseRecord(text);
  return { code: typeof code === "number" ? code : -1, message: String(message ?? "") };
}

function dropOldest(map: Map<string, unknown>): void {
  if (map.size > MOST) map.delete(map.keys().next().value!);
}
