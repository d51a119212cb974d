/**
 * A unit that is not there: figures of shards, clusters and all the rest that move as a real one's do, for the
 * dashboard's page to show. Not a test.
 *
 * @module
 */

import type {
  DashboardAct,
  DashboardChange,
  DashboardShard,
  DashboardView,
  Incident,
  Moment,
  ShardHistory,
} from "../../../dashboard/words.ts";
import { type Random, seededRandom } from "../../../ports/random.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { lotsOf } from "../../../protocol/reshard.ts";
import { restOf, unitsOf } from "./world_parts.ts";

/** How large it is, and what goes on in it. */
export interface WorldOptions {
  readonly shards: number;
  /** How many shards become another each second. Default: a third. */
  readonly churn?: number;
  /** A calm world: everything is ready, and no reshard or fleet is there. Default: it has troubles. */
  readonly isCalm?: boolean;
  readonly nowMs: number;
  readonly seed?: number;
}

const STEP_MS = 5_000;
const MOST_GUILDS = 2_500;

/** A world; `tick()` lets a second pass. */
export class World {
  view: DashboardView;
  /** What was asked of it. */
  readonly acts: DashboardAct[] = [];
  /** Until it resolves nothing that was asked for is done. */
  untilDone: Promise<void> = Promise.resolve();
  #random: Random;
  #options: WorldOptions;
  #nextIncident = 100;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 7);
    this.view = this.#first();
  }

  /** A second passes, or what `atMs` says; what has become another. */
  tick(atMs: number): DashboardChange {
    const { shards, churn = Math.ceil(shards / 3) } = this.#options;
    const changed = new Map<string, DashboardShard>();
    for (let count = 0; count < churn; count++) {
      const at = shards === churn ? count : Math.floor(this.#random() * this.view.shards.length);
      const shard = this.#moved(this.view.shards[at]!, atMs);
      changed.set(shard.key, shard);
    }
    const all = this.view.shards.map((shard) => changed.get(shard.key) ?? shard);
    return this.change({ shards: [...changed.values()] }, atMs, { shards: all });
  }

  /** What `tick()` gives, for a change that a test makes. */
  change(
    change: Partial<DashboardChange>,
    atMs: number,
    after: Partial<DashboardView> = {},
  ): DashboardChange {
    const { goneShards: _, moment: __, incidents = [], shards = [], ...whole } = change;
    const moment = this.#moment(atMs);
    const byKey = new Map(shards.map((shard) => [shard.key, shard]));
    const { stepMs, moments } = this.view.history;
    this.view = {
      ...this.view,
      ...whole,
      shards: this.view.shards.map((shard) => byKey.get(shard.key) ?? shard),
      ...after,
      atMs,
      incidents: [...incidents, ...this.view.incidents].slice(0, 200),
      history: { stepMs, moments: [...moments.slice(1), moment] },
    };
    return { ...change, atMs, moment };
  }

  /** One more incident, and the change that tells of it. */
  incident(incident: Omit<Incident, "id" | "atMs">, atMs: number): DashboardChange {
    return this.change({ incidents: [{ ...incident, id: this.#nextIncident++, atMs }] }, atMs);
  }

  /**
   * Notes what the page asks for.
   *
   * @throws {GatehouseError} `refused` for a reshard to as many shards as there are.
   */
  act(act: DashboardAct): void {
    this.acts.push(act);
    if (act.method !== "reshard" || act.totalShards !== this.view.unit.totalShards) return;
    const text = `Cannot reshard: there are ${act.totalShards} shards already`;
    throw new GatehouseError("refused", "caller", text);
  }

  /** One shard's past. */
  history(key: string): ShardHistory | null {
    const shard = this.view.shards.find((each) => each.key === key);
    if (shard === undefined) return null;
    const was = (agoMs: number, state: DashboardShard["state"], reason: string) => ({
      atMs: this.view.atMs - agoMs,
      state,
      reason,
    });
    return {
      shard,
      changes: [
        was(120_000, "ready", "RESUMED after 41 events were replayed"),
        was(121_300, "resuming", "RESUME sent, waiting for RESUMED"),
        was(121_900, "connecting", "connecting to resume on the session's host"),
        was(122_000, "closing", "Discord asked to reconnect (op 7)"),
        was(7_320_000, "ready", "READY with 1,204 guilds"),
        was(7_322_000, "identifying", "IDENTIFY sent, waiting for READY"),
        was(7_340_000, "queued", "not started, waiting to identify"),
      ],
      incidents: this.view.incidents.filter(({ about, of }) => about === "shard" && of === key),
    };
  }

  #first(): DashboardView {
    const { shards: count, nowMs, isCalm = false } = this.#options;
    const shards = Array.from({ length: count }, (_, id) => this.#shard(id, count));
    const clusters = Math.max(1, Math.min(16, Math.round(count / 64)));
    const moments = Array.from(
      { length: 120 },
      (_, at) => this.#moment(nowMs - (120 - at) * STEP_MS),
    );
    const lots = lotsOf(count, count * 2).map((lot, at) => ({
      ...lot,
      phase: at < count / 3
        ? "moved" as const
        : at < count / 3 + 4
        ? "rising" as const
        : "waiting" as const,
      reason: "",
      sinceMs: nowMs - 60_000,
    }));
    return {
      atMs: nowMs,
      ...unitsOf({ count, clusters, nowMs, isCalm, random: this.#random }),
      shards,
      rest: restOf(isCalm),
      reshard: isCalm || count === 1 ? null : {
        from: count,
        to: count * 2,
        state: "running",
        reason: "shards of lots 21 to 24 rise: two identifies at a time",
        by: "operator",
        lots,
        guildsMoved: 41_230,
        anchors: 31_002,
        quiet: 10_201,
        forced: 27,
        identifiesSpent: 44,
        identifiesNeeded: 84,
        identifiesLeft: 812,
        startedAtMs: nowMs - 640_000,
        leftMs: 1_260_000,
      },
      incidents: isCalm ? [] : this.#incidents(nowMs),
      history: { stepMs: STEP_MS, moments },
    };
  }

  #incidents(nowMs: number): Incident[] {
    const { shards: count } = this.#options;
    const of = `${Math.min(17, count - 1)}/${count}`;
    const texts: readonly (readonly [number, Omit<Incident, "id" | "atMs">])[] = [
      [40_000, {
        level: "error",
        about: "shard",
        of,
        text: `Shard ${of}: Discord closed the connection with 4009, session timed out`,
      }],
      [95_000, {
        level: "warn",
        about: "rest",
        text: "REST: POST /channels/:id/messages was limited 14 times within a minute",
      }],
      [180_000, {
        level: "info",
        about: "operator",
        text: "127.0.0.1 asked for a reshard to twice as many shards",
      }],
      [420_000, {
        level: "warn",
        about: "cluster",
        of: "0",
        text:
          "Cluster 0 left with code 1 and was started again; 1,204 events waited for it, none is lost",
      }],
      [1_900_000, {
        level: "info",
        about: "worker",
        of: "0",
        text: "Worker 0 was restarted on request",
      }],
      [5_400_000, {
        level: "info",
        about: "unit",
        text: "Everything is ready, 48 s after the start",
      }],
    ];
    return texts.map(([agoMs, incident], at) => ({
      ...incident,
      id: texts.length - at,
      atMs: nowMs - agoMs,
    }));
  }

  #shard(shardId: number, totalShards: number): DashboardShard {
    const { nowMs, isCalm = false } = this.#options;
    const random = this.#random;
    const guilds = Math.round(MOST_GUILDS * (0.48 + random() * 0.2));
    const shard: DashboardShard = {
      key: `${shardId}/${totalShards}`,
      shardId,
      totalShards,
      role: "serves",
      state: "ready",
      reason: "RESUMED after 41 events were replayed",
      sinceMs: nowMs - Math.round(random() * 7_200_000),
      sessionSinceMs: nowMs - Math.round(7_200_000 + random() * 400_000_000),
      workerId: Math.floor(shardId / 256),
      clusterId: Math.floor(shardId / 64),
      latencyMs: Math.round(38 + random() * 50),
      eventsPerSecond: Math.round((20 + random() * 60) * 10) / 10,
      guilds,
      queued: 0,
      queueAgeMs: 0,
      ackLagMs: Math.round(3 + random() * 9),
      reconnects: Math.floor(random() * 4),
      lastError: null,
    };
    return isCalm || totalShards < 8 ? shard : { ...shard, ...TROUBLES[shardId % 97]?.(nowMs) };
  }

  #moved(shard: DashboardShard, atMs: number): DashboardShard {
    const random = this.#random;
    if (shard.state !== "ready") {
      return { ...shard, reconnects: shard.reconnects + (random() < 0.02 ? 1 : 0) };
    }
    return {
      ...shard,
      latencyMs: Math.max(20, Math.round((shard.latencyMs ?? 50) + (random() - 0.5) * 12)),
      eventsPerSecond: Math.max(
        0,
        Math.round((shard.eventsPerSecond + (random() - 0.5) * 8) * 10) / 10,
      ),
      queued: shard.queueAgeMs > 10_000
        ? shard.queued + 20
        : random() < 0.05
        ? Math.floor(random() * 9)
        : 0,
      queueAgeMs: shard.queueAgeMs > 10_000 ? shard.queueAgeMs + 1_000 : 0,
      guilds: shard.guilds === null ? null : shard.guilds + (random() < 0.05 ? 1 : 0),
      sinceMs: Math.min(shard.sinceMs, atMs),
    };
  }

  #moment(atMs: number): Moment {
    const { shards } = this.#options;
    const random = this.#random;
    const wave = 1 + Math.sin(atMs / 47_000) * 0.18 + Math.sin(atMs / 13_000) * 0.06;
    const away = Math.max(0, Math.sin(atMs / 90_000) - 0.7) * 4_000;
    return {
      atMs,
      eventsPerSecond: Math.round(shards * 48 * wave * (0.97 + random() * 0.06)),
      queued: Math.round(shards * random() * 0.2 + away),
      latencyMs: { median: Math.round(52 + random() * 6), most: Math.round(90 + random() * 60) },
      restPerSecond: Math.round((8 + shards / 30) * wave * (0.9 + random() * 0.2)),
      restWaiting: Math.round(random() * 4),
      limitedPerSecond: random() < 0.1 ? 1 : 0,
      memoryBytes: 210e6 + shards * 90e3,
    };
  }
}

/** Shards that have something, by their id modulo 97. */
const TROUBLES: Readonly<Record<number, (nowMs: number) => Partial<DashboardShard>>> = {
  17: (nowMs) => ({
    state: "backing off",
    reason: "closed 4009: session timed out; next try in 4 s",
    sinceMs: nowMs - 3_000,
    latencyMs: null,
    eventsPerSecond: 0,
    reconnects: 9,
    lastError: {
      atMs: nowMs - 40_000,
      text: "Discord closed the connection with 4009, session timed out",
    },
  }),
  23: (nowMs) => ({
    state: "resuming",
    reason: "RESUME sent, waiting for RESUMED",
    sinceMs: nowMs - 1_000,
    latencyMs: null,
    eventsPerSecond: 0,
  }),
  41: (nowMs) => ({
    queued: 4_120,
    queueAgeMs: 48_000,
    ackLagMs: 48_100,
    sinceMs: nowMs - 900_000,
  }),
  46: () => ({ guilds: 2_391 }),
  52: (nowMs) => ({
    state: "identifying",
    reason: "IDENTIFY sent, waiting for READY",
    sinceMs: nowMs - 2_000,
    sessionSinceMs: null,
    latencyMs: null,
    eventsPerSecond: 0,
  }),
  53: (nowMs) => ({
    state: "queued",
    reason: "the session is invalid, waiting to identify",
    sinceMs: nowMs - 20_000,
    sessionSinceMs: null,
    latencyMs: null,
    eventsPerSecond: 0,
    guilds: null,
  }),
  60: () => ({ latencyMs: 1_840 }),
  88: (nowMs) => ({
    state: "stopped",
    reason: "closed 4014: disallowed intents",
    sinceMs: nowMs - 300_000,
    sessionSinceMs: null,
    latencyMs: null,
    eventsPerSecond: 0,
    lastError: {
      atMs: nowMs - 300_000,
      text: "Discord closed the connection with 4014, disallowed intents",
    },
  }),
};
