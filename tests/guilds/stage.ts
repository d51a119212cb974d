/**
 * A thread of its own for the guilds of a shard: its work is done when the test says, a step at a time.
 *
 * @module
 */

import { Slices } from "../../guilds/slices.ts";
import { ShardGuilds, type ShardGuildsOptions } from "../../guilds/shard_guilds.ts";
import { TailRoom } from "../../guilds/tail.ts";
import type { GuildLog, GuildRecord } from "../../ports/guild_log.ts";
import { type Cancel, type Clock, systemClock } from "../../ports/clock.ts";

/** Time that goes on by a millisecond whenever somebody looks. */
export class SteppedClock implements Clock {
  #nowMs = 0;
  readonly #soon: (() => void)[] = [];
  readonly wallMs = systemClock.wallMs;
  readonly epochMs = systemClock.epochMs;
  readonly setEpoch = systemClock.setEpoch;

  now(): number {
    return this.#nowMs++;
  }

  after(): Cancel {
    return () => {};
  }

  soon(task: () => void): Cancel {
    this.#soon.push(task);
    return () => {};
  }

  /** Does up to so many slices of what is to be done. */
  async slices(most = Infinity): Promise<void> {
    for (let i = 0; i < most; i++) {
      await settled();
      const task = this.#soon.shift();
      if (!task) return;
      task();
    }
    await settled();
  }
}

/** Waits for what follows from promises that are settled. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await null;
}

/** A log in memory, which answers when it is asked. */
export class MemoryLog implements GuildLog {
  readonly records: GuildRecord[] = [];
  forgotten = 0;

  append(record: GuildRecord): void {
    this.records.push(record);
  }

  read(cursor: number, limitBytes: number): Promise<GuildRecord[]> {
    const after = this.records.filter((each) => each.cursor > cursor);
    let bytes = 0;
    const enough = after.findIndex(({ payload }) => (bytes += payload.length) >= limitBytes);
    return Promise.resolve(enough < 0 ? after : after.slice(0, enough + 1));
  }

  forget(): void {
    this.forgotten++;
    this.records.length = 0;
  }
}

/** The guilds of a shard, and who does their work. */
export function setStage(options: Partial<ShardGuildsOptions> = {}) {
  const clock = new SteppedClock();
  const lost: string[] = [];
  const guilds = new ShardGuilds({
    clock,
    slices: new Slices(clock),
    room: new TailRoom(1 << 24),
    extras: [],
    intents: () => 0xffff,
    log: null,
    lost: (reason) => void lost.push(reason),
    ...options,
  });
  /** Waits for an answer. */
  const got = async <T>(asked: Promise<T>): Promise<T> => {
    await clock.slices();
    return await asked;
  };
  return { clock, guilds, lost, got };
}
