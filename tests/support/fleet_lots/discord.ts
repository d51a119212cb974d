/**
 * What Discord and the bot have of shards whose units come and go: each event goes to the session of each total that
 * has its guild, and is told to the bot by who serves. Cursors are the numbers of the events, so that of both totals
 * the same cursor is the same event.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { VirtualClock } from "../../../sim/mod.ts";
import {
  calculateShardId,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../../protocol/ids.ts";
import type { Cuts } from "../../../protocol/reshard.ts";

/** Guilds that there are. */
export const GUILDS = 48;
const EVERY_MS = 50;

/** A session at Discord's, and how far the bot has come with it. */
export interface Session {
  readonly number: number;
  /** It gets what comes after this event. */
  readonly born: number;
  delivered: number;
  /** Ends the connection that it has: who resumes it takes it. */
  taken: () => void;
}

/** A shard that a unit runs. */
export interface Running {
  readonly unit: string;
  readonly key: ShardKey;
  /** What it may tell the bot; `null`: nothing. */
  readonly serves: () => { readonly cuts: Cuts | null; readonly through: number } | null;
}

/** Discord, and the bot. */
export class FakeDiscord {
  readonly sessions = new Map<ShardKeyText, Session>();
  /** `id/total` of each identify, in order. */
  readonly identifies: string[] = [];
  /** Guild → events that the bot got, in order. */
  readonly #got = new Map<number, number[]>();
  readonly #events: number[] = [];
  #isQuiet = false;

  constructor(clock: VirtualClock, running: () => Iterable<Running>) {
    clock.after(
      EVERY_MS,
      function tick(this: FakeDiscord) {
        if (!this.#isQuiet) this.#events.push((this.#events.length * 7) % GUILDS);
        for (const each of running()) this.#deliver(each);
        clock.after(EVERY_MS, tick.bind(this));
      }.bind(this),
    );
  }

  /** Number of the newest event. */
  get newest(): number {
    return this.#events.length;
  }

  /** Nothing happens any more. */
  quiet(): void {
    this.#isQuiet = true;
  }

  /** A shard identifies. */
  identify(key: ShardKey): void {
    this.identifies.push(shardKeyText(key));
    const number = this.identifies.length;
    const now = this.newest;
    this.sessions.set(shardKeyText(key), { number, born: now, delivered: now, taken() {} });
  }

  /** A shard has its session from now on; whoever had it before has it no more. */
  connect(key: ShardKey, taken: () => void): void {
    const session = this.sessions.get(shardKeyText(key));
    session?.taken();
    if (session) session.taken = taken;
  }

  /** Guilds of a shard. */
  guildsOf({ total, id }: ShardKey): string[] {
    return Array.from({ length: GUILDS }, (_, guild) => String(BigInt(guild) << 22n))
      .filter((guildId) => calculateShardId(guildId, total) === id);
  }

  /** Guilds of which the bot has got nothing for some seconds. */
  get late(): number[] {
    const isLate = (guild: number) =>
      this.newest - (this.#got.get(guild)?.at(-1) ?? 0) > 3 * GUILDS;
    return Array.from({ length: GUILDS }, (_, guild) => guild).filter(isLate);
  }

  /** Every event since `first` came once, in order of its guild. */
  assertWhole(first: number): void {
    for (let guild = 0; guild < GUILDS; guild++) {
      const all = this.#events.flatMap((of, at) => of === guild && at + 1 > first ? [at + 1] : []);
      const got = (this.#got.get(guild) ?? []).filter((event) => event > first);
      assert.deepEqual(got, all, `guild ${guild}: lost, twice or out of order`);
    }
  }

  #deliver({ key, serves }: Running): void {
    const session = this.sessions.get(shardKeyText(key));
    const told = serves();
    if (!session || !told) return;
    const through = Math.min(told.through, this.newest);
    for (let event = session.delivered + 1; event <= through; event++) {
      const guild = this.#events[event - 1]!;
      if (guild % key.total !== key.id || event <= session.born) continue;
      if (told.cuts && event <= told.cuts.others) continue;
      this.#got.set(guild, [...this.#got.get(guild) ?? [], event]);
    }
    session.delivered = Math.max(session.delivered, through);
  }
}
