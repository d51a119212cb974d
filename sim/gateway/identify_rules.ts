/**
 * What an IDENTIFY must look like. See
 * [Discord Docs/Identify](https://discord.com/developers/docs/events/gateway-events#identify).
 * Pace and budget are judged elsewhere.
 *
 * @module
 */

import { ALL_INTENTS, grantedIntents, PRIVILEGED_INTENTS } from "../../protocol/discord/intents.ts";
import { isRecord } from "../../protocol/record.ts";
import type { Rule } from "../world/ledger.ts";
import { guildsOf } from "./ready.ts";
import type { World } from "../world/world.ts";

/** An IDENTIFY that keeps the rules. */
export interface ValidIdentify {
  readonly shardId: number;
  readonly totalShards: number;
  /** What the client sent, for READY's echo. */
  readonly shard: readonly [number, number] | null;
  readonly intents: number;
  readonly largeThreshold: number;
  readonly compress: boolean;
  /** `undefined` where there is none. */
  readonly presence: unknown;
}

/** The close code that Discord answers a bad payload with, and the rule it breaks. */
export interface Refusal {
  readonly code: number;
  readonly rule: Rule;
  readonly reason: string;
}

/** Reads an IDENTIFY, or says how Discord refuses it. */
export function readIdentify(
  world: World,
  d: unknown,
): { readonly identify: ValidIdentify } | { readonly refusal: Refusal } {
  if (!isRecord(d)) return refuse(4002, "bad payload", "Error while decoding payload.");
  if (!world.acceptsToken(d.token)) return refuse(4004, "token", "Authentication failed.");
  if (!isRecord(d.properties)) return refuse(4002, "bad payload", "Error while decoding payload.");
  if (d.presence !== undefined && !isPresence(d.presence)) {
    return refuse(4002, "bad payload", "Error while decoding payload.");
  }
  const shard = d.shard === undefined ? null : readShard(d.shard);
  if (shard === undefined) return refuse(4010, "shard", "Invalid shard.");
  const [shardId, totalShards] = shard ?? [0, 1];
  const refusal = refuseShard(world, shardId, totalShards) ?? refuseIntents(world, d.intents);
  if (refusal) return { refusal };
  const { large_threshold: threshold = 50 } = d;
  return {
    identify: {
      shardId,
      totalShards,
      shard,
      intents: d.intents as number,
      largeThreshold: typeof threshold === "number" ? Math.min(250, Math.max(50, threshold)) : 50,
      compress: d.compress === true,
      presence: d.presence,
    },
  };
}

/** Whether Discord can read a presence, here and in op 3. */
export function isPresence(presence: unknown): boolean {
  if (!isRecord(presence)) return false;
  const { status = "online", activities = [] } = presence;
  return typeof status === "string" && Array.isArray(activities) && activities.every(isRecord);
}

function readShard(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [id, count] = value as unknown[];
  if (!Number.isInteger(id) || !Number.isInteger(count)) return undefined;
  return [id as number, count as number];
}

function refuseShard(world: World, shardId: number, totalShards: number): Refusal | undefined {
  const multiple = world.settings.largeBotMultiple ?? 1;
  if (shardId < 0 || shardId >= totalShards || totalShards % multiple !== 0) {
    return { code: 4010, rule: "shard", reason: "Invalid shard." };
  }
  if (guildsOf(world, shardId, totalShards).length > world.settings.maxGuildsPerShard) {
    return { code: 4011, rule: "shard", reason: "Sharding required." };
  }
  return undefined;
}

function refuseIntents(world: World, intents: unknown): Refusal | undefined {
  if (!Number.isInteger(intents) || ((intents as number) & ~ALL_INTENTS) !== 0) {
    return { code: 4013, rule: "intents", reason: "Invalid intent(s)." };
  }
  const granted = grantedIntents(world.application.flags);
  if (((intents as number) & PRIVILEGED_INTENTS & ~granted) !== 0) {
    return { code: 4014, rule: "intents", reason: "Disallowed intent(s)." };
  }
  return undefined;
}

function refuse(code: number, rule: Rule, reason: string): { readonly refusal: Refusal } {
  return { refusal: { code, rule, reason } };
}
