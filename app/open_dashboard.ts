/**
 * The dashboard of a unit, joined to it: what it sees, what it hears, who may open it.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import { Dashboard } from "../dashboard/dashboard.ts";
import type { PlacesFigures, ShardCounts, WatchedUnit } from "../dashboard/watched.ts";
import { IDENTIFY_SLACK_MS } from "../gateway/identify/queue.ts";
import { systemClock } from "../ports/clock.ts";
import { type Log, logTo } from "../ports/log.ts";
import { VERSION } from "../protocol/discord/user_agent.ts";
import { messageOf } from "../protocol/errors.ts";
import type { Status } from "../protocol/status.ts";
import { authorizePlace, type AuthRules, isConsumerToken } from "../rest/auth.ts";
import type { Generation } from "../unit/generation.ts";
import { callUnit } from "../unit/methods.ts";
import { shardKeyText } from "../protocol/ids.ts";
import type { PeerKey } from "../protocol/peer.ts";
import { askFigures } from "../unit/stats.ts";
import { readiness } from "../unit/readiness.ts";
import type { Unit } from "../unit/unit.ts";
import { callerAddress } from "./http/caller_address.ts";
import { type PublicPlace, socketAddress } from "./http/public_address.ts";
import { FleetLines } from "./terminal/fleet_lines.ts";
import type { UnitLog } from "./terminal/log.ts";
import { ReshardLines } from "./terminal/reshard_lines.ts";

/** What it is joined to. */
export interface OpenDashboardOptions {
  readonly config: Pick<Config, "spawnShardDelayMs">;
  readonly unit: Unit;
  /** The unit's, and its own. */
  readonly log: HeardLog;
  /** Who may come in by the port; asked with each request. */
  readonly rules: () => AuthRules;
  /** How clients reach the port, where it is not by its own address. */
  readonly place: Omit<PublicPlace, "own">;
}

/** Opens it; it ends with {@linkcode Dashboard.stop}. What fails in it is an error in the log; the unit goes on. */
export function openDashboard(
  { config, unit, log, rules, place }: OpenDashboardOptions,
): Pick<Dashboard, "answer" | "stop"> {
  const dashboard = new Dashboard({
    clock: systemClock,
    log,
    unit: watched(unit, config.spawnShardDelayMs),
    refusalOf: ({ headers }) => authorizePlace(headers, rules()),
    hasSecret: () => rules().secret !== undefined,
    isSecret: (text) => isConsumerToken(text, rules()),
    addressOf: (request, peer) =>
      socketAddress({ request, peer }, { ...place, own: rules().own }).replace(/^ws/, "http"),
    callerOf: ({ headers }, peer) => callerAddress(headers, peer, place.trusts),
    port: () => rules().own.port,
  });
  log.heardBy((...line) => dashboard.hear(...line));
  const statuses = unit.status();
  tell(statuses, dashboard).catch((error) =>
    log.error("the dashboard sees no more of the unit", { error: messageOf(error) })
  );
  return {
    answer: (request, peer) => dashboard.answer(request, peer),
    stop() {
      dashboard.stop();
      void statuses.return(undefined);
    },
  };
}

/** A log that somebody hears. */
export interface HeardLog extends Log {
  /** Tells its warnings and errors from now on, and those that have been; without secrets, whatever its level. */
  heardBy(hear: HearLine): void;
}

type HearLine = Parameters<typeof logTo>[0];

/** Makes one of a unit's log. */
export function heardLog(log: UnitLog): HeardLog {
  const before: Parameters<HearLine>[] = [];
  let hear: HearLine = (...line) => void before.push(line);
  const heard = logTo((level, event, fields) => {
    log[level](event, fields);
    if (level === "warn" || level === "error") hear(level, ...log.asWritten(event, fields));
  });
  return Object.assign(heard, {
    heardBy(now: HearLine) {
      hear = now;
      for (const line of before.splice(0)) hear(...line);
    },
  });
}

function watched(unit: Unit, spacingMs: number): WatchedUnit {
  return {
    version: VERSION,
    get totalShards() {
      return unit.totalShards;
    },
    counts: () => ({
      shards: unit.gateway?.generations.flatMap(countsOf) ?? [],
      rest: unit.rest.snapshot,
    }),
    get snapshot() {
      return unit.snapshot;
    },
    standing: readiness,
    identifySpacingMs: spacingMs + IDENTIFY_SLACK_MS,
    figures: () => figuresOf(unit),
    act: (request) => callUnit(unit, "operator", request),
  };
}

function countsOf(generation: Generation): ShardCounts[] {
  const { total, pool } = generation;
  return pool.shards.map(({ status: { shardId: id }, counters }) => ({
    key: shardKeyText({ total, id }),
    serves: generation.serves(id),
    received: counters?.received ?? 0,
    queued: counters?.queued ?? 0,
    latencyMs: counters?.latencyMs ?? null,
  }));
}

/** What clusters and services of this unit say of their processes. */
async function figuresOf({ clusters, services, peers }: Unit): Promise<PlacesFigures> {
  const ask = (peer: PeerKey) => askFigures(peers.switchboard, peer, true);
  const [ofClusters, ofServices] = await Promise.all([
    Promise.all(
      clusters.snapshots.map(async ({ clusterId: id }) => [id, await ask({ kind: "cluster", id })]),
    ),
    Promise.all(
      services.snapshots.map(async ({ name }) => [name, await ask({ kind: "service", name })]),
    ),
  ]);
  return {
    clusters: Object.fromEntries(ofClusters),
    services: Object.fromEntries(ofServices),
  };
}

/** Tells it all that happens. */
async function tell(statuses: AsyncIterable<Status>, dashboard: Dashboard): Promise<void> {
  const reshards = new ReshardLines();
  const fleets = new FleetLines();
  for await (const status of statuses) {
    dashboard.see(status);
    const lines = status.kind === "reshard"
      ? reshards.of(status.reshard)
      : status.kind === "fleet"
      ? fleets.of(status.fleet)
      : [];
    for (const { level, event, fields } of lines) dashboard.say(level, event, fields);
  }
}
