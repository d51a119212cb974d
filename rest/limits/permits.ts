/**
 * The words between the proxy and the limits: a request asks, gets a permit when it may go, and tells
 * what came of it. This is the seam for a fleet: who gives a permit need not be in this process. Who
 * goes first: what a person waits for before what a program does.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { RestSnapshot } from "../../protocol/status.ts";
import type { Report } from "./rate_report.ts";
import type { Route } from "../route.ts";
import type { Shape } from "./sub_limits.ts";

/** Header by which a caller raises or lowers a request: `high`, `normal` or `low`. */
export const PRIORITY_HEADER = "x-gatehouse-priority";

/** The lanes; a lower number goes first. */
export const LANES = { callback: 0, interaction: 1, high: 2, normal: 3, low: 4 } as const;

/** A lane's name. */
export type LaneName = keyof typeof LANES;

/** What slows down whoever asks: see `invalid_fuse.ts`. */
export interface Brake {
  /** Time until the next request may go out. */
  waitMs(nowMs: number): number;
  /** One goes out. */
  take(nowMs: number): void;
}

/** A request that wants to go out. */
export interface Ask {
  /** Whose limits count: the `Authorization` as Discord sees it; empty for none. Never log it. */
  readonly credential: string;
  readonly route: Route;
  /** See {@linkcode LANES}; a lower number goes first. */
  readonly lane: number;
  /** The fields of its body. */
  readonly shape: () => Shape;
  /** How long it may wait for its permit. */
  readonly patienceMs: number;
  /** What slows it down beside its limits. */
  readonly brake: Brake;
  /** The caller went away. */
  readonly signal: AbortSignal;
  /** The place in the order of arrival that an earlier try had. Default: the last. */
  readonly arrival?: number;
}

/** A request may go out now. One of its verbs is called, once: a place that is lent comes back. */
export interface Permit {
  /** For {@linkcode Ask.arrival}, if it has to be tried again. */
  readonly arrival: number;
  /** Discord has answered. */
  settle(report: Report): void;
  /** It went out, and nobody knows what came of it. */
  lose(): void;
  /** It did not go out. */
  giveBack(): void;
}

/** Who gives permits. */
export interface Permits {
  /**
   * Resolves when the request may go out. Requests of one bucket and lane go in the order in which
   * they have asked.
   *
   * @throws {TooLong} when that will not be in time.
   * @throws The signal's reason, when the caller goes away.
   */
  acquire(ask: Ask): Promise<Permit>;
}

/** How much waits and is under way. */
export type LimitsSnapshot = Pick<
  RestSnapshot,
  "credentials" | "waiting" | "inFlight" | "buckets" | "waits"
>;

/** Who gives permits, and says how it stands. */
export interface CountedPermits extends Permits {
  readonly snapshot: LimitsSnapshot;
}

/** A request that would have to wait longer than it may. */
export class TooLong extends GatehouseError {
  /**
   * @param why What it waited for, in words for the caller.
   * @param retryAfterMs When to try again.
   */
  constructor(readonly why: string, readonly retryAfterMs: number) {
    super("deadline", "caller", `Cannot send in time: ${why}`);
  }
}

/**
 * The lane of a request. First responses to interactions have theirs, and nobody else has it: they are
 * lost after 3 s. What follows an interaction comes next, then the rest, as the caller wishes.
 *
 * @example
 * ```ts
 * import { laneOf } from "./permits.ts";
 * console.assert(laneOf({ kind: "other" }, new Headers()) === "normal");
 * console.assert(laneOf({ kind: "other" }, new Headers({ "x-gatehouse-priority": "low" })) === "low");
 * ```
 */
export function laneOf({ kind }: Pick<Route, "kind">, headers: Headers): LaneName {
  if (kind === "callback") return "callback";
  const wanted = headers.get(PRIORITY_HEADER)?.trim().toLowerCase();
  if (wanted === "normal" || wanted === "low") return wanted;
  if (kind === "interaction") return "interaction";
  return wanted === "high" ? "high" : "normal";
}
