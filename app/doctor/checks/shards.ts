/**
 * Checks of the shards: whether they are enough, and whether Discord lets them all begin today.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import type { GatewayInfo } from "../../../gateway/gateway_info.ts";
import { guildLimit, MOST_GUILDS } from "../../../unit/reshard/crowding.ts";
import { openingOf } from "../../../unit/reshard/opening.ts";
import { counted, duration } from "../../../protocol/rounded.ts";
import type { Facts } from "../facts.ts";
import { fail, ok, type Seen, skipped, warn } from "../finding.ts";
import { unasked } from "./discord.ts";
import { configOf, countText, TOKEN_FIRST } from "./words.ts";

/** Guilds are never spread quite evenly: of so many on average some shard has 2,500. */
const FULL = MOST_GUILDS * 0.95;
/** What Discord has in mind where it recommends a number of shards. */
const USUAL_GUILDS = 1_000;

/** What there is to say of the shards. */
interface Plan {
  readonly config: Config;
  readonly info: GatewayInfo;
  /** Shards of the whole bot. */
  readonly total: number;
  /** Those that this unit runs. */
  readonly own: number;
  /** Those of them whose session may be resumed. */
  readonly resumable: number;
  /** `null`: Discord did not say. */
  readonly guilds: number | null;
  readonly isFleet: boolean;
}

/** Whether they are enough for the bot's guilds. */
export function checkShards(facts: Facts): Seen[] {
  const plan = planOf(facts);
  if ("verdict" in plan) return [plan];
  return [room(plan), ...range(plan), ...multiple(plan)];
}

function room({ config, info, total, guilds, isFleet }: Plan): Seen {
  const { reshardAt, isAutomatic } = guildLimit(config, true);
  const recommended = `Discord recommends ${countText(info.shards)}`;
  const each = guilds === null ? USUAL_GUILDS * info.shards / total : guilds / total;
  const about = `${guilds === null ? "about " : ""}${countText(Math.round(each))}`;
  const found = `${counted(total, "shard")}, ${about} of ${
    countText(MOST_GUILDS)
  } guilds each; ${recommended}`;
  const better = Math.max(info.shards, Math.ceil(each * total / (reshardAt * 0.75)));
  const set = `set TOTAL_SHARDS=${better}, or unset it`;
  if (each > FULL) return fail(`${found}: Discord would close them (4011)`, set);
  if (each < reshardAt) return ok(found);
  return warn(
    found,
    isAutomatic && !isFleet ? `${set}; left as it is, the unit reshards once it runs` : set,
  );
}

function range({ config, total }: Plan): Seen[] {
  const { firstShardId, lastShardId } = config;
  if (firstShardId < total && (lastShardId ?? 0) < total) return [];
  return [fail(
    `FIRST_SHARD_ID and LAST_SHARD_ID name shards that are none of ${total}`,
    "change them, or set TOTAL_SHARDS",
  )];
}

function multiple({ info, total }: Plan): Seen[] {
  const { maxConcurrency } = info.sessionStartLimit;
  if (info.shards % maxConcurrency !== 0 || total % maxConcurrency === 0) return [];
  return [warn(
    `of a bot as large as this Discord wants a multiple of ${maxConcurrency} shards (4010)`,
    `set TOTAL_SHARDS=${Math.ceil(total / maxConcurrency) * maxConcurrency}, or unset it`,
  )];
}

/** Whether the day's identifies do. */
export function checkIdentifies(facts: Facts): Seen {
  const plan = planOf(facts);
  if ("verdict" in plan) return plan;
  const { config, info, own, resumable } = plan;
  const { total, remaining, resetAfterMs, maxConcurrency } = info.sessionStartLimit;
  const reserve = Math.ceil(total * config.identifyReservePercent / 100);
  const left = Math.max(0, remaining - reserve);
  const needed = own - resumable;
  const found = `${countText(remaining)} of ${countText(total)} left, ` +
    `${countText(reserve)} of them kept in reserve; ${counted(own, "shard")}` +
    (resumable > 0 ? `, ${countText(resumable)} of which may resume` : "");
  const anew = `in ${duration(resetAfterMs)} there are ${countText(total)} again`;
  if (needed > left) {
    const rest = `${found}: ${countText(needed - left)} would wait`;
    // No day has as many.
    if (needed > total - reserve) return fail(rest, tooMany(needed, total));
    return fail(rest, `wait: ${anew}; \`gatehouse start --force\` spends the reserve as well`);
  }
  if (own > left) {
    return warn(
      `${found}: should they not, ${countText(own - left)} would wait`,
      `keep STATE_DIR; ${anew}`,
    );
  }
  const takesMs = Math.ceil(needed / maxConcurrency) * config.spawnShardDelayMs;
  return ok(needed === 0 ? found : `${found}; ${duration(takesMs)} until all have begun`);
}

function tooMany(needed: number, total: number): string {
  if (needed > total) return "spread the first start over several days, or run fewer shards";
  const percent = Math.floor((1 - needed / total) * 100);
  return `set IDENTIFY_RESERVE=${percent} for the first start, or \`gatehouse start --force\``;
}

function planOf({ settings, discord, host, nats }: Facts): Plan | Seen {
  const why = configOf(settings, "the simulator says how many");
  if (!settings.ok || why !== null) return skipped(why!);
  const gateway = discord?.gateway ?? null;
  if (gateway === null) return skipped(TOKEN_FIRST);
  if ("failed" in gateway) return unasked(gateway);
  const { config } = settings;
  const isFleet = nats.length > 0;
  const record = isFleet ? null : host.state?.record ?? null;
  const { total } = openingOf(record, config.totalShards, gateway.is.shards).record;
  const last = Math.min(config.lastShardId ?? total - 1, total - 1);
  const own = Math.max(0, last - config.firstShardId + 1);
  const application = discord?.application ?? null;
  return {
    config,
    info: gateway.is,
    total,
    own,
    resumable: Math.min(own, host.state?.sessions.get(total) ?? 0),
    guilds: application && "is" in application ? application.is.guilds : null,
    isFleet,
  };
}
