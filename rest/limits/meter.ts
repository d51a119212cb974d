/**
 * Counts what the proxy does: by route, by status, by scope; the time in the queue apart from the
 * time at Discord's.
 *
 * @module
 */

import type {
  RestAnswerCount,
  RestLaneTimes,
  RestRouteSnapshot,
  Times,
} from "../../protocol/status.ts";
import { type LaneName, LANES } from "./permits.ts";

/** One request, when it is over. */
export interface Finished {
  readonly method: string;
  readonly template: string;
  readonly lane: LaneName;
  readonly status: number;
  /** Scope of a 429, else empty. */
  readonly scope: string;
  /** Who answered. */
  readonly by: "discord" | "proxy";
  readonly queueMs: number;
  /** Until the head of the answer; `null` where it never went out. */
  readonly upstreamMs: number | null;
}

/** Upper bounds of the histograms, ms. */
// deno-fmt-ignore
export const TIME_BOUNDS_MS: readonly number[] = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

/** A caller that makes up paths must not fill the memory: routes beyond these are one. */
const MOST_ROUTES = 500;
const OTHER = "other";

interface RouteCounts {
  readonly method: string;
  readonly route: string;
  queueMs: number;
  upstreamMs: number;
  readonly answers: Map<string, { -readonly [Key in keyof RestAnswerCount]: RestAnswerCount[Key] }>;
}

/** Counters that only grow. */
export class Meter {
  readonly #routes = new Map<string, RouteCounts>();
  readonly #lanes = new Map<LaneName, { queue: Histogram; upstream: Histogram }>();

  constructor() {
    for (const lane of Object.keys(LANES) as LaneName[]) {
      this.#lanes.set(lane, { queue: new Histogram(), upstream: new Histogram() });
    }
  }

  /** Counts one request. */
  count(finished: Finished): void {
    const { lane, status, scope, by, queueMs, upstreamMs } = finished;
    const route = this.#route(finished);
    route.queueMs += queueMs;
    route.upstreamMs += upstreamMs ?? 0;
    add(route, { status, scope, by });
    const times = this.#lanes.get(lane)!;
    times.queue.add(queueMs);
    if (upstreamMs !== null) times.upstream.add(upstreamMs);
  }

  /** Counts a 429 that was tried again: the request itself is counted when it is over. */
  refused({ method, template, scope }: Pick<Finished, "method" | "template" | "scope">): void {
    add(this.#route({ method, template }), { status: 429, scope, by: "discord" });
  }

  /** By route, in the order of their first use. */
  get routes(): RestRouteSnapshot[] {
    return [...this.#routes.values()].map(({ answers, ...route }) => ({
      ...route,
      answers: [...answers.values()].map((answer) => ({ ...answer })),
    }));
  }

  /** By lane, the first first. */
  get lanes(): RestLaneTimes[] {
    return [...this.#lanes].map(([lane, { queue, upstream }]) => ({
      lane,
      queue: queue.times,
      upstream: upstream.times,
    }));
  }

  #route({ method, template }: Pick<Finished, "method" | "template">): RouteCounts {
    const name = `${method} ${template}`;
    const known = this.#routes.get(name);
    if (known) return known;
    const isFull = this.#routes.size >= MOST_ROUTES;
    if (isFull && template !== OTHER) {
      return this.#route({ method: OTHER, template: OTHER });
    }
    const route = { method, route: template, queueMs: 0, upstreamMs: 0, answers: new Map() };
    this.#routes.set(name, route);
    return route;
  }
}

function add(route: RouteCounts, answer: Omit<RestAnswerCount, "count">): void {
  const key = `${answer.status} ${answer.scope} ${answer.by}`;
  const counted = route.answers.get(key);
  if (counted) counted.count++;
  else route.answers.set(key, { ...answer, count: 1 });
}

class Histogram {
  readonly #counts = new Array<number>(TIME_BOUNDS_MS.length).fill(0);
  #count = 0;
  #sumMs = 0;

  add(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    const at = TIME_BOUNDS_MS.findIndex((bound) => ms <= bound);
    if (at >= 0) this.#counts[at]!++;
  }

  get times(): Times {
    let below = 0;
    return {
      buckets: TIME_BOUNDS_MS.map((boundMs, i) => ({ boundMs, count: below += this.#counts[i]! })),
      count: this.#count,
      sumMs: this.#sumMs,
    };
  }
}
