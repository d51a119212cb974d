/**
 * Whether the unit does its work right now, and why not: the answer of `/readyz`.
 *
 * @module
 */

import { shardNames } from "../protocol/ids.ts";
import type { ReshardSnapshot } from "../protocol/reshard.ts";
import type { IntentName } from "../protocol/discord/intents.ts";
import {
  type DeafType,
  type DiscoverySnapshot,
  type GuildLimit,
  type IdentifySnapshot,
  servingOf,
  type ShardSnapshot,
  type Snapshot,
} from "../protocol/status.ts";
import { crowdedShards, crowdingAdvice, fullestShard } from "./reshard/crowding.ts";
import { fleetReasons, fleetWarnings } from "./fleet/readiness.ts";
import { holdText } from "./identify.ts";

/** The verdict. `reasons` is empty exactly when the unit is ready. */
export interface Readiness {
  readonly ready: boolean;
  /** In a person's words, the most telling first. */
  readonly reasons: readonly string[];
  /** What does not go as it should although the unit does its work, or will not for much longer. */
  readonly warnings: readonly string[];
  /** How near to the guilds that Discord allows the fullest shard is; `null` where none is known. */
  readonly fullest: FullestShard | null;
}

/** A shard and its guilds. */
export interface FullestShard {
  readonly shardId: number;
  readonly guilds: number;
  /** Guilds that it may have. */
  readonly most: number;
  /** The one in percent of the other. */
  readonly percent: number;
}

/**
 * Ready means: every shard that serves is ready, every worker runs, every cluster and service is connected. A unit
 * without clusters is ready as well: its events wait for a consumer.
 */
export function readiness(snapshot: Snapshot): Readiness {
  const { workers, clusters, services, identify } = snapshot;
  const reasons = [
    ...holdReason(identify),
    ...shardReasons(snapshot),
    ...fleetReasons(snapshot.fleet, servingOf(snapshot.shards).length),
    ...placeReasons(workers, "running", ({ workerId }) => `worker ${workerId}`),
    ...placeReasons(clusters, "connected", ({ clusterId }) => `cluster ${clusterId}`),
    ...placeReasons(services, "connected", ({ name }) => `service ${name}`),
  ];
  return {
    ready: reasons.length === 0,
    reasons,
    warnings: warningsOf(snapshot),
    fullest: fullestOf(snapshot),
  };
}

function fullestOf({ shards, guildLimit: { most } }: Snapshot): FullestShard | null {
  const { shardId, guilds } = fullestShard(servingOf(shards)) ?? {};
  if (shardId === undefined || typeof guilds !== "number") return null;
  return { shardId, guilds, most, percent: Math.floor(guilds / most * 100) };
}

function warningsOf(snapshot: Snapshot): string[] {
  const { deafTypes, intents, guildLimit, reshard, fleet } = snapshot;
  const shards = servingOf(snapshot.shards);
  return [
    ...degradedWarnings(shards, intents.refused),
    ...deafTypes.map(deafWarning),
    ...crowdedWarning(shards, guildLimit),
    ...reshardWarning(reshard),
    ...fleetWarnings(fleet),
  ];
}

/** Which shards live without which intents; those that are granted again come back by themselves. */
function degradedWarnings(
  shards: readonly ShardSnapshot[],
  refused: readonly IntentName[],
): string[] {
  const lacking = Map.groupBy(
    shards.filter(({ lacks }) => lacks.length > 0),
    ({ lacks }) => lacks.join(", "),
  );
  return [...lacking].map(([names, members]) => {
    const isRefused = members[0]!.lacks.some((name) => refused.includes(name));
    const why = isRefused
      ? "which Discord refuses (4014): grant it in the developer portal"
      : "which is granted again: they get new sessions in turn";
    return `degraded: ${
      shardNames(members.map(({ shardId }) => shardId))
    } without ${names}, ${why}`;
  });
}

function deafWarning({ type, sinceMs, expected, others }: DeafType): string {
  const since = new Date(sinceMs).toISOString().slice(0, 16);
  const text =
    `no ${type} since ${since}Z, ${expected} were to be expected while ${others} others came`;
  return `${text}: the sessions may be deaf to it`;
}

function crowdedWarning(shards: readonly ShardSnapshot[], limit: GuildLimit): string[] {
  const [fullest, ...others] = crowdedShards(shards, limit);
  if (!fullest) return [];
  const also = others.length > 0 ? `, ${others.length} more are nearly as full` : "";
  const text = `${fullest.guilds} of ${limit.most} guilds that a shard may have${also}`;
  return [`shard ${fullest.shardId} has ${text}: ${crowdingAdvice(limit)}`];
}

/** One that does not go on by itself. */
function reshardWarning(reshard: ReshardSnapshot | null): string[] {
  if (reshard?.state !== "paused" && reshard?.state !== "failed") return [];
  const { from, to, state, reason } = reshard;
  const has = state === "paused" ? "is paused" : "has failed";
  return [`the reshard from ${from} to ${to} shards ${has}${because(reason)}`];
}

function shardReasons({ shards, discovery, fleet }: Snapshot): string[] {
  if (discovery) return [`no shard has started yet; ${waitText(discovery)}`];
  if (shards.length === 0 && fleet === null) return ["no shard has started yet"];
  const waiting = Map.groupBy(
    servingOf(shards).filter((shard) => shard.state !== "ready"),
    ({ state, reason }) => `${state}${because(reason)}`,
  );
  return [...waiting].map(([state, members]) =>
    `${shardNames(members.map(({ shardId }) => shardId))}: ${state}`
  );
}

/** That the reserve holds shards back. */
export function holdReason(identify: IdentifySnapshot): string[] {
  const { held } = identify;
  return held === null ? [] : [`identifies are held back ${holdText(identify, held)}`];
}

/** When Discord is asked again where to connect, and why it has not said. */
export function waitText({ reason, untilMs }: DiscoverySnapshot): string {
  const until = new Date(untilMs).toISOString().replace(/\.\d+Z$/, "Z");
  return `Discord is asked again at ${until}: ${reason}`;
}

function placeReasons<Place extends { readonly state: string; readonly reason: string }>(
  places: readonly Place[],
  well: Place["state"],
  nameOf: (place: Place) => string,
): string[] {
  return places.filter(({ state }) => state !== well)
    .map((place) => `${nameOf(place)}: ${place.state}${because(place.reason)}`);
}

function because(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}
