/**
 * What Discord has said is not there any more: a webhook, an interaction's token, a credential. More
 * requests to it would only count as invalid, so they are answered here, each in its own time one goes
 * ahead to see whether it is still so. It only computes; time comes in with each call.
 * See [Discord Docs/Invalid Request Limit](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
 *
 * @module
 */

import { parseRecord } from "../protocol/record.ts";
import type { Ask } from "./limits/permits.ts";
import type { Problem } from "./problem.ts";

/** What Discord answered, to be answered again in its place until the next request may go ahead. */
export type DeadEnd = Required<Omit<Problem, "reason">>;

/** A request, as far as it can be in vain. */
export type Attempt = Pick<Ask, "route" | "credential">;

interface Entry {
  readonly answer: Pick<DeadEnd, "status" | "message" | "code">;
  readonly pauseMs: number;
  retryAtMs: number;
  /** One has gone ahead, and its answer is not here yet. */
  isProbed: boolean;
}

/** The first pause and the longest: a webhook that is gone stays so, a 401 may be Discord's mistake. */
const PAUSES = {
  place: { firstMs: 60_000, mostMs: 3_600_000 },
  credential: { firstMs: 1_000, mostMs: 60_000 },
} as const;

/** Time for the one that goes ahead. */
const PROBE_MS = 30_000;
const MOST_ENTRIES = 10_000;

const UNKNOWN_WEBHOOK = 10015;
const INVALID_WEBHOOK_TOKEN = 50027;

/** The dead ends that are known. */
export class DeadEnds {
  readonly #entries = new Map<string, Entry>();

  /** How many are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Where a request leads nowhere, what to answer; `null` lets it go. */
  find(attempt: Attempt, nowMs: number): DeadEnd | null {
    if (this.#entries.size === 0) return null;
    const entries = [placeKey(attempt), credentialKey(attempt)]
      .map((key) => key === null ? undefined : this.#entries.get(key))
      .filter((entry) => entry !== undefined);
    const wall = entries.find(({ retryAtMs }) => retryAtMs > nowMs);
    if (wall) return { ...wall.answer, retryAfterMs: wall.retryAtMs - nowMs };
    for (const entry of entries) {
      entry.isProbed = true;
      entry.retryAtMs = nowMs + PROBE_MS;
    }
    return null;
  }

  /** Learns from an answer. `text` is the body of a 401 or 404. */
  learn(attempt: Attempt, status: number, text: string | undefined, nowMs: number): void {
    if (this.#entries.size === 0 && status < 400) return;
    const { code, message } = readError(status === 401 || status === 404 ? text : undefined);
    const isGone = (status === 404 && code === UNKNOWN_WEBHOOK) ||
      (status === 401 && code === INVALID_WEBHOOK_TOKEN);
    const note = (key: string | null, kind: keyof typeof PAUSES, isDead: boolean) => {
      if (key === null) return;
      if (isDead) this.#add(key, { status, code, message }, kind, nowMs);
      else if (status < 500 && status !== 429) this.#entries.delete(key);
    };
    note(placeKey(attempt), "place", isGone);
    if (!isGone) note(credentialKey(attempt), "credential", status === 401 && code === 0);
  }

  #add(key: string, answer: Entry["answer"], kind: keyof typeof PAUSES, nowMs: number): void {
    const before = this.#entries.get(key);
    // Answers to requests that were under way together say one thing, once.
    if (before && !before.isProbed) return;
    const { firstMs, mostMs } = PAUSES[kind];
    const pauseMs = before ? Math.min(before.pauseMs * 2, mostMs) : firstMs;
    this.#entries.delete(key);
    this.#entries.set(key, { answer, pauseMs, retryAtMs: nowMs + pauseMs, isProbed: false });
    if (this.#entries.size > MOST_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

/** A webhook, by its token or not; interactions' tokens are used as webhooks. */
function placeKey({ route: { major } }: Attempt): string | null {
  return major.startsWith("webhooks/") ? major : null;
}

/** A 401 at a place with a token of its own says nothing of the credential. */
function credentialKey({ route: { kind }, credential }: Attempt): string | null {
  return kind === "other" && credential !== "" ? `credential ${credential}` : null;
}

function readError(text: string | undefined): { code: number; message: string } {
  const { code, message } = parseRecord(text);
  return { code: typeof code === "number" ? code : -1, message: String(message ?? "") };
}
