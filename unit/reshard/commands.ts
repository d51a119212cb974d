/**
 * Commands of the bot on their way to a shard: what is of a guild goes to the shard that has it at that moment,
 * whichever shard was named, and waits while that is being decided.
 *
 * @module
 */

import type { MembersAnswer, MembersRequest } from "../../protocol/discord/members.ts";
import { messageOf } from "../../protocol/errors.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { Presence } from "../../protocol/discord/presence.ts";
import {
  calculateShardId,
  readId,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import { within } from "../../ports/clock.ts";
import type { World } from "../../ports/world.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import type { Owners } from "./owners.ts";
import { Questions } from "./questions.ts";
import type { Voice } from "./voice.ts";

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
  /** Shards that other units of a fleet have. Default: this unit has all. */
  readonly far?: FarCommands;
  /** Where the bot is in voice. */
  readonly voice: Pick<Voice, "note" | "of" | "stay">;
  /** The presence that the bot has set on a shard. */
  readonly presenceOf: (shard: ShardKey) => Presence | null;
}

/** The way to shards of other units: `../peers/fleet/far_shards.ts`. */
export interface FarCommands {
  /** Whether another unit has a shard. */
  isFar(shard: ShardKey): boolean;
  send(shard: ShardKey, payload: ShardPayload): Promise<void>;
  requestMembers(shard: ShardKey, request: MembersRequest): Promise<MembersAnswer>;
}

/** A shard that is about to end has so long to send what it was given. */
const LAST_SENT_MS = 5_000;

/** The commands of a unit. */
export class UnitCommands {
  readonly #options: UnitCommandsOptions;
  readonly #questions = new Questions();
  /** Shards whose events are held back, and since when, ms since the Unix epoch. */
  readonly #held = new Map<ShardKeyText, number>();
  /** What is being sent, by shard. */
  readonly #sending = new Map<ShardKeyText, Set<Promise<void>>>();

  constructor(options: UnitCommandsOptions) {
    this.#options = options;
  }

  /**
   * Sends a command: of a guild to that guild's shard, of several (op 31) to the shards of each, with its own.
   * What is of no guild, as a presence, to the shard that is named, or whoever has its guilds.
   *
   * @param shardId Of the total that the payload names, or that the bot goes by, or of any that serves.
   * @returns When it was handed to the sockets.
   * @throws {GatehouseError} What a shard refuses with; `no_shard` where there is no such shard.
   */
  async send(shardId: number, payload: ShardPayload): Promise<void> {
    const guildIds = guildsOf(payload);
    if (guildIds === null) {
      const shards = this.#shardsOf(shardId, payload.totalShards);
      await Promise.all(shards.map((shard) => this.#send(shard, payload)));
      return;
    }
    await this.#ask(guildIds, async (shard, own) => {
      await this.#send(shard, narrowed(payload, own));
      // Who has the shard remembers what it was told.
      if (this.#far(shard)) return;
      for (const id of own) this.#note(id, narrowed(payload, [id]));
    });
  }

  /**
   * Members of a guild, by its shard.
   *
   * @throws {GatehouseError} As {@linkcode WorkerPool.requestMembers}.
   */
  async requestMembers(request: MembersRequest): Promise<MembersAnswer> {
    const { poolOf } = this.#options;
    const ask = (shard: ShardKey) =>
      this.#far(shard)?.requestMembers(shard, request) ??
        poolOf(shard).requestMembers(shard.id, request);
    const [answer] = await this.#ask([request.guildId], ask);
    return answer!;
  }

  /** What comes on a shard is held back from now on: answers to what it was told last may not reach the bot. */
  held(shard: ShardKey): void {
    this.#held.set(shardKeyText(shard), this.#options.clock.epochMs());
  }

  /** A shard that was held back goes on. */
  lifted(shard: ShardKey): void {
    this.#held.delete(shardKeyText(shard));
  }

  /**
   * A shard that was held back is about to end, for others have its guilds: they are told what it was told, the
   * presence, where the bot is in voice, and what may not be answered. Resolves when that is sent: then nobody
   * leaves voice when it ends. What cannot be sent is logged.
   */
  async leave(shard: ShardKey): Promise<void> {
    const { owners, clock } = this.#options;
    const text = shardKeyText(shard);
    const heldAtMs = this.#held.get(text);
    this.#held.delete(text);
    if (heldAtMs === undefined) return;
    await within(clock, LAST_SENT_MS, Promise.allSettled(this.#sending.get(text) ?? []));
    const isOf = (guildId: string) => calculateShardId(guildId, shard.total) === shard.id;
    const homeOf = (guildId: string) => shardKeyText(owners().shardOf(guildId));
    const voice = Map.groupBy(this.#options.voice.of(isOf), homeOf);
    const questions = Map.groupBy(this.#questions.of(isOf, heldAtMs), ([id]) => homeOf(id));
    await Promise.all(
      owners().sharing(shard).map(async (heir) => {
        const key = shardKeyText(heir);
        for (const payload of this.#presenceFor(heir, shard)) await this.#retell(heir, payload);
        for (const [, payload] of questions.get(key) ?? []) await this.#retell(heir, payload);
        // One after another: the bot's own come between, and no line is too long.
        for (const guildId of voice.get(key) ?? []) {
          const stay = await this.#options.voice.stay(guildId);
          if (stay) await this.#retell(heir, stay);
        }
      }),
    );
  }

  #note(guildId: string, payload: ShardPayload): void {
    const { voice, clock } = this.#options;
    if (payload.op === OP.VOICE_STATE_UPDATE) voice.note(guildId, payload);
    else this.#questions.note(guildId, payload, clock.epochMs());
  }

  #presenceFor(heir: ShardKey, shard: ShardKey): ShardPayload[] {
    const { presenceOf } = this.#options;
    const presence = presenceOf(shard);
    const isKnown = presence === null || isSame(presence, presenceOf(heir));
    return isKnown ? [] : [{ op: OP.PRESENCE_UPDATE, d: presence }];
  }

  async #retell(shard: ShardKey, payload: ShardPayload): Promise<void> {
    try {
      await this.#send(shard, payload);
    } catch (error) {
      this.#options.log.warn("a shard was not told what the one before it was", {
        shardId: shard.id,
        totalShards: shard.total,
        op: payload.op,
        error: messageOf(error),
      });
    }
  }

  #far(shard: ShardKey): FarCommands | null {
    const { far, owners } = this.#options;
    const isOne = far !== undefined && shard.id >= 0 && owners().serves(shard);
    return isOne && far.isFar(shard) ? far : null;
  }

  async #send(shard: ShardKey, payload: ShardPayload): Promise<void> {
    const far = this.#far(shard);
    if (far) return await far.send(shard, payload);
    const sending = this.#sending.getOrInsertComputed(shardKeyText(shard), () => new Set());
    const sent = this.#options.poolOf(shard).sendPayload(shard.id, payload);
    sending.add(sent);
    try {
      await sent;
    } catch (error) {
      const gone = this.#far(shard);
      if (!gone) throw error;
      await gone.send(shard, payload);
    } finally {
      sending.delete(sent);
    }
  }

  /**
   * Asks the shards that have these guilds, each for its own; others where guilds have moved before the first
   * could do it, or another unit where the shard has.
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
      const wasFar = this.#far(shard) !== null;
      try {
        return [await ask(shard, own)];
      } catch (error) {
        await this.#settled(own);
        const isGone = !wasFar && this.#far(shard) !== null;
        if (!isGone && this.#options.owners().serves(shard)) throw error;
        return await this.#ask(own, ask);
      }
    }));
    return answers.flat();
  }

  async #settled(guildIds: readonly string[]): Promise<void> {
    await Promise.all(guildIds.map((id) => this.#options.settled(id)));
  }

  /**
   * Who is meant by a shard's id: the one that serves by it, of whichever total; where none does, or it is said of
   * how many it is one, who has its guilds.
   */
  #shardsOf(id: number, of: number | undefined): readonly ShardKey[] {
    const owners = this.#options.owners();
    const own = of === undefined ? owners.serving.filter((each) => each.id === id) : [];
    if (own.length > 0) return own;
    const named = { total: of ?? owners.total, id };
    const isOne = id >= 0 && id < named.total;
    return isOne ? owners.sharing(named) : [named];
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
