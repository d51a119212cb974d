/**
 * Commands of the bot on their way to a shard: what is of a guild goes to the shard that has it at that moment,
 * whichever shard was named, and waits while that is being decided.
 *
 * @module
 */

import type { MembersAnswer, MembersRequest } from "../../protocol/discord/members.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { Presence } from "../../protocol/discord/presence.ts";
import { readId, type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { World } from "../../ports/world.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import type { Owners } from "./owners.ts";
import { ANSWERED_MS, ToldOfGuilds } from "./told.ts";

/** What the commands of a unit need. */
export interface UnitCommandsOptions extends Pick<World, "clock" | "log"> {
  readonly owners: () => Owners;
  /** Resolves when it is decided which shard has a guild: at once but for the moment in which it moves. */
  readonly settled: (guildId: string) => Promise<void>;
  /**
   * The workers of a shard's total.
   *
   * @throws {GatehouseError} `refused` where there is none of it.
   */
  readonly poolOf: (shard: ShardKey) => Pick<WorkerPool, "sendPayload" | "requestMembers">;
  /** The presence that the bot has set on a shard. */
  readonly presenceOf: (shard: ShardKey) => Presence | null;
}

/** Shards that have taken guilds over, and those that had them. */
export interface Taken {
  readonly from: readonly ShardKey[];
  readonly to: readonly ShardKey[];
  /** When those that had them were held: what was asked up to {@linkcode ANSWERED_MS} before may be unanswered. */
  readonly heldAtMs: number;
}

/** The commands of a unit. */
export class UnitCommands {
  readonly #options: UnitCommandsOptions;
  readonly #told = new ToldOfGuilds();

  constructor(options: UnitCommandsOptions) {
    this.#options = options;
  }

  /**
   * Sends a command: of a guild to that guild's shard, of several (op 31) to the shards of each, with its own.
   * What is of no guild, as a presence, to whoever has the guilds of the shard that is named.
   *
   * @param shardId Of the total that the bot goes by, or of any that serves.
   * @returns When it was handed to the sockets.
   * @throws {GatehouseError} What a shard refuses with; `no_shard` where there is no such shard.
   */
  async send(shardId: number, payload: ShardPayload): Promise<void> {
    const { poolOf, clock } = this.#options;
    const guildIds = guildsOf(payload);
    if (guildIds === null) {
      const shards = this.#shardsOf(shardId);
      await Promise.all(shards.map((shard) => poolOf(shard).sendPayload(shard.id, payload)));
      return;
    }
    await this.#ask(guildIds, async (shard, own) => {
      await poolOf(shard).sendPayload(shard.id, narrowed(payload, own));
      for (const id of own) this.#told.note(id, narrowed(payload, [id]), clock.epochMs());
    });
  }

  /**
   * Members of a guild, by its shard.
   *
   * @throws {GatehouseError} As {@linkcode WorkerPool.requestMembers}.
   */
  async requestMembers(request: MembersRequest): Promise<MembersAnswer> {
    const { poolOf } = this.#options;
    const ask = (shard: ShardKey) => poolOf(shard).requestMembers(shard.id, request);
    const [answer] = await this.#ask([request.guildId], ask);
    return answer!;
  }

  /**
   * Tells shards that have taken guilds over what those that had them were told: the presence, where the bot
   * is in voice, and what may not be answered. Before those end: then nobody leaves voice. What fails is
   * logged.
   */
  async retell({ from, to, heldAtMs }: Taken): Promise<void> {
    const { owners, poolOf, presenceOf, log } = this.#options;
    const own = new Map<ShardKeyText, ShardPayload[]>(to.map((shard) => [shardKeyText(shard), []]));
    const presence = from.map(presenceOf).find((each) => each !== null) ?? null;
    for (const shard of to) {
      if (presence === null || isSame(presence, presenceOf(shard))) continue;
      own.get(shardKeyText(shard))!.push({ op: OP.PRESENCE_UPDATE, d: presence });
    }
    const home = (guildId: string) => own.get(shardKeyText(owners().shardOf(guildId)));
    const told = this.#told.of((id) => home(id) !== undefined, heldAtMs - ANSWERED_MS);
    for (const { guildId, payload } of told) home(guildId)!.push(payload);
    await Promise.all(to.map(async (shard) => {
      // One after another: the bot's own come between, and no line is too long.
      for (const payload of own.get(shardKeyText(shard))!) {
        await poolOf(shard).sendPayload(shard.id, payload).catch((error) =>
          log.warn("a shard that took guilds over was not told what the one before was", {
            shardId: shard.id,
            totalShards: shard.total,
            op: payload.op,
            error: messageOf(error),
          })
        );
      }
    }));
  }

  /**
   * Asks the shards that have these guilds, each for its own; others where guilds have moved before the first
   * could do it.
   */
  async #ask<Answer>(
    guildIds: readonly string[],
    ask: (shard: ShardKey, guildIds: readonly string[]) => Promise<Answer>,
  ): Promise<Answer[]> {
    await this.#settled(guildIds);
    const owners = this.#options.owners();
    const byShard = Map.groupBy(guildIds, (id) => shardKeyText(owners.shardOf(id)));
    const answers = await Promise.all([...byShard.values()].map(async (own) => {
      const shard = owners.shardOf(own[0]!);
      try {
        return [await ask(shard, own)];
      } catch (error) {
        await this.#settled(own);
        if (this.#options.owners().serves(shard)) throw error;
        return await this.#ask(own, ask);
      }
    }));
    return answers.flat();
  }

  async #settled(guildIds: readonly string[]): Promise<void> {
    await Promise.all(guildIds.map((id) => this.#options.settled(id)));
  }

  /** Who has guilds of a shard that the bot names: it goes by the total that is left, or has seen the other. */
  #shardsOf(id: number): readonly ShardKey[] {
    const { owners } = this.#options;
    const { total, serving } = owners();
    const named = { total, id };
    const shards = id >= 0 && id < total
      ? owners().sharing(named)
      : serving.filter((shard) => shard.id === id);
    return shards.length > 0 ? shards : [named];
  }
}

/** The guilds that a command is of; `null`: of none, or what it names is no guild. */
function guildsOf({ op, d }: ShardPayload): readonly string[] | null {
  if (op === OP.PRESENCE_UPDATE || !isRecord(d)) return null;
  const ids = (Array.isArray(d.guild_ids) ? d.guild_ids : [d.guild_id]).map(readId);
  return ids.length === 0 || ids.includes(null) ? null : ids as string[];
}

/** A command for some of its guilds. */
function narrowed(payload: ShardPayload, guildIds: readonly string[]): ShardPayload {
  const { guild_ids: all } = payload.d as { guild_ids?: unknown };
  if (!Array.isArray(all) || all.length === guildIds.length) return payload;
  return { ...payload, d: { ...payload.d as object, guild_ids: guildIds } };
}

function isSame(one: Presence, other: Presence | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
