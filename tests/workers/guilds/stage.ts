/**
 * A shard whose guilds are kept on a disk in memory, in virtual time, through any number of lives.
 *
 * @module
 */

import type { GuildRecord } from "../../../ports/guild_log.ts";
import { logTo } from "../../../ports/log.ts";
import { type Estate, NO_ESTATE } from "../../../protocol/estate.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { openGuildDir } from "../../../store/guild_files.ts";
import { GuildKeeper } from "../../../workers/guilds/keeper.ts";
import { type FakeDisk, fakeDisk } from "../../support/fake_disk.ts";
import { guildChange, guildsAfter, ModelGuilds, sessionBegin } from "./model.ts";

/** The shard of the tests. */
export const SHARD = 3;

/** A shard over many lives: what Discord has sent, and who keeps its guilds now. */
export class Shard {
  readonly clock = createVirtualClock();
  readonly logged: { event: string; fields: Record<string, unknown> }[] = [];
  disk: FakeDisk = fakeDisk();
  /** Every dispatch that ever came; those that change nothing are `null`. */
  readonly events: { readonly cursor: number; readonly record: GuildRecord | null }[] = [];
  sessionId = "";
  acknowledged = 0;
  mayWrite = true;
  /** Whether the disk has failed in this life. */
  hasFailed = false;
  keeper!: GuildKeeper;
  guilds!: ModelGuilds;
  totalShards = 16;
  #sessions = 0;
  #cancelLook = () => {};

  get newest(): number {
    return this.events.at(-1)?.cursor ?? 0;
  }

  /** Brings a worker up; gives after which cursor Discord goes on. */
  async live(at: { acknowledged?: number; safe?: number } = {}): Promise<number> {
    const acknowledged = at.acknowledged ?? this.acknowledged;
    const safe = at.safe ?? acknowledged;
    const estate: Estate = {
      ...NO_ESTATE,
      acknowledged,
      session: this.sessionId
        ? {
          shardId: SHARD,
          totalShards: this.totalShards,
          intents: 1,
          sessionId: this.sessionId,
          resumeUrl: null,
          seq: safe,
          base: 0,
        }
        : null,
    };
    this.acknowledged = acknowledged;
    let turn = Promise.resolve();
    const keeper = this.keeper = new GuildKeeper({
      clock: this.clock,
      log: logTo((_, event, fields) => this.logged.push({ event, fields })),
      shardId: SHARD,
      totalShards: this.totalShards,
      stream: "stream",
      open: openGuildDir("d", { fs: this.disk, segmentBytes: 400 }),
      mayWrite: () => this.mayWrite,
      inTurn: (task) => turn = turn.then(task),
      leastChangedBytes: 1_000,
    });
    this.guilds = new ModelGuilds(keeper);
    const covered = await keeper.load(this.guilds, estate, safe);
    const from = Math.min(safe, covered ?? safe);
    this.guilds.goesOnAfter(from);
    await this.guilds.acknowledge(acknowledged);
    let isAlive = true;
    const look = () => {
      if (!isAlive) return;
      keeper.look();
      this.clock.after(500, look);
    };
    this.clock.after(500, look);
    this.#cancelLook = () => void (isAlive = false);
    if (estate.session) {
      for (const event of this.events) {
        if (event.cursor > from) this.#see(event);
      }
    }
    await this.guilds.acknowledge(acknowledged);
    return from;
  }

  /** The worker is gone without a word, and perhaps the power with it. */
  die(random?: () => number): void {
    this.#cancelLook();
    if (random) this.disk = this.disk.crash(random);
    // What the old one still writes it writes in vain.
    else this.disk = fakeDisk(structuredClone(this.disk.files));
  }

  async stop(): Promise<void> {
    this.#cancelLook();
    await this.keeper.close();
  }

  begin(): void {
    this.sessionId = `session ${++this.#sessions}`;
    const cursor = this.newest + 2;
    this.#come({ cursor, record: sessionBegin(cursor, this.sessionId) });
  }

  change(guildId = "1", bytes = 0): void {
    const cursor = this.newest + 1;
    this.#come({ cursor, record: guildChange(cursor, guildId, bytes) });
  }

  other(): void {
    this.#come({ cursor: this.newest + 1, record: null });
  }

  async acknowledge(cursor = this.newest): Promise<void> {
    this.acknowledged = Math.max(this.acknowledged, cursor);
    await this.guilds.acknowledge(this.acknowledged);
  }

  /** What the guilds are as of what is acknowledged. */
  get wanted() {
    const known = this.events.filter(({ cursor }) => cursor <= this.acknowledged);
    return guildsAfter(known.flatMap(({ record }) => record ? [record] : []));
  }

  #come(event: Shard["events"][number]): void {
    this.events.push(event);
    this.#see(event);
  }

  #see({ cursor, record }: Shard["events"][number]): void {
    this.guilds.see(cursor, record);
  }
}

/** A shard with three guilds, with which everybody is done. */
export async function lived(): Promise<Shard> {
  const shard = new Shard();
  await shard.live();
  shard.begin();
  for (const guildId of ["1", "2", "3"]) shard.change(guildId);
  await shard.acknowledge();
  return shard;
}
