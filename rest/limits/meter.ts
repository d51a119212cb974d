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
import type { Delivered, Parcel } from "../delivery.ts";
import type { Route } from "../route.ts";
import { type LaneName, LANES, type Permits } from "./permits.ts";

/** One request, when it is over. */
export interface Finished
  extends Pick<Delivered, "result" | "scope" | "retried" | "queueMs" | "upstreamMs"> {
  readonly parcel: Pick<Parcel, "route" | "lane">;
}

/** Upper bounds of the histograms, ms. */
// deno-fmt-ignore
export const TIME_BOUNDS_MS: readonly number[] = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

/** A caller that makes up paths must not fill the memory: routes beyond these are one. */
const MOST_ROUTES = 500;
/** Of these, those that strangers were the first to use: there is less than that for them. */
const MOST_OF_STRANGERS = 20;
const OTHER = "other";
/** Kinds of answers of one route; Discord has about a dozen. */
const MOST_ANSWERS = 24;

interface RouteCounts {
  readonly method: string;
  readonly route: string;
  waiting: number;
  queueMs: number;
  upstreamMs: number;
  readonly answers: Map<string, { -readonly [Key in keyof RestAnswerCount]: RestAnswerCount[Key] }>;
}

/** Counters that only grow. */
export class Meter {
  readonly #routes = new Map<string, RouteCounts>();
  #ofStrangers = 0;
  readonly #lanes = new Map((Object.keys(LANES) as LaneName[]).map((lane) => [
    lane,
    { queue: new Histogram(), upstream: new Histogram() },
  ]));

  /** Counts one request, and the 429s of its earlier tries; perhaps a stranger's. */
  count(finished: Finished, isStranger = false): void {
    const { parcel, result, scope, retried, queueMs, upstreamMs } = finished;
    const { method, template } = parcel.route;
    const route = this.#route(method, template, isStranger);
    for (const scope of retried) add(route, { status: 429, scope, by: "discord" });
    const by = result instanceof Response ? "discord" : "proxy";
    add(route, { status: result.status, scope, by });
    route.queueMs += queueMs;
    route.upstreamMs += upstreamMs ?? 0;
    const times = this.#lanes.get(parcel.lane)!;
    times.queue.add(queueMs);
    if (upstreamMs !== null) times.upstream.add(upstreamMs);
  }

  /** A request begins to wait for its limits; perhaps a stranger's. What is given is to be called when it does so no more. */
  waits({ method, template }: Pick<Route, "method" | "template">, isStranger: boolean): () => void {
    const route = this.#route(method, template, isStranger);
    route.waiting++;
    return () => void route.waiting--;
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

  #route(method: string, template: string, isStranger: boolean): RouteCounts {
    const name = `${method} ${template}`;
    const known = this.#routes.get(name);
    if (known) return known;
    const isFull = this.#routes.size >= MOST_ROUTES ||
      (isStranger && this.#ofStrangers >= MOST_OF_STRANGERS);
    if (isFull && template !== OTHER) return this.#route(OTHER, OTHER, false);
    if (isStranger) this.#ofStrangers++;
    const route = {
      method,
      route: template,
      waiting: 0,
      queueMs: 0,
      upstreamMs: 0,
      answers: new Map(),
    };
    this.#routes.set(name, route);
    return route;
  }
}

/** The same permits; `waits` is told of each request that waits for one, and gives what is called when it does not. */
export function metered(
  permits: Permits,
  waits: (route: Route) => () => void,
): Permits {
  return {
    async acquire(ask) {
      const done = waits(ask.route);
      try {
        return await permits.acquire(ask);
      } finally {
        done();
      }
    },
  };
}

function add(route: RouteCounts, answer: Omit<RestAnswerCount, "count">): void {
  const key = `${answer.status} ${answer.scope} ${answer.by}`;
  const counted = route.answers.get(key);
  if (counted) counted.count++;
  else if (route.answers.size >= MOST_ANSWERS && !isClass(answer)) add(route, classOf(answer));
  else route.answers.set(key, { ...answer, count: 1 });
}

/** Of what is one kind of answers too many, only the first digit of its status counts: `418` as `400`. */
function classOf({ status, by }: Omit<RestAnswerCount, "count">): Omit<RestAnswerCount, "count"> {
  return { status: Math.floor(status / 100) * 100, scope: "", by };
}

function isClass({ status, scope }: Omit<RestAnswerCount, "count">): boolean {
  return status % 100 === 0 && scope === "";
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
