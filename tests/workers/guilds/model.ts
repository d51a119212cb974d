/**
 * Guilds that are so simple that one sees what they should be: of each guild the cursor of the last event
 * that has changed it. They last as the real ones do, so that who keeps them can be tested with all of
 * time and every failure.
 *
 * @module
 */

import { GatehouseError } from "../../../protocol/errors.ts";
import type {
  GuildBase,
  GuildLog,
  GuildRecord,
  KeptGuilds,
  LastingGuilds,
} from "../../../ports/guild_log.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Guild id → cursor of the last change. */
type Guilds = ReadonlyMap<string, number>;

/** A dispatch that changes a guild. */
export function guildChange(cursor: number, guildId: string, bytes = 0): GuildRecord {
  return record(cursor, "GUILD_UPDATE", { id: guildId, at: cursor, x: "x".repeat(bytes) });
}

/** A dispatch with which a session, and all guilds with it, begin. */
export function sessionBegin(cursor: number, sessionId: string): GuildRecord {
  return record(cursor, "READY", { session_id: sessionId });
}

/** The guilds after some records, in order; `null` before a READY. */
export function guildsAfter(
  records: readonly GuildRecord[],
  before: Guilds | null = null,
): Guilds | null {
  let guilds = before && new Map(before);
  for (const { payload } of records) {
    const { t, d } = JSON.parse(decoder.decode(payload));
    if (t === "READY") guilds = new Map();
    else guilds?.set(d.id, d.at);
  }
  return guilds;
}

/** The guilds of a shard, as of the cursor up to which everybody is done. */
export class ModelGuilds implements LastingGuilds {
  readonly form = "model";
  newest = 0;
  readonly #log: GuildLog;
  /** As of `#applied`. */
  #guilds: Guilds | null = null;
  #applied = 0;
  #done = 0;
  /** What is not applied, beyond what has to be read from the log. */
  #tail: GuildRecord[] = [];
  /** Up to here what is not applied has to be read. */
  #readTo = 0;

  constructor(log: GuildLog) {
    this.#log = log;
  }

  /** A dispatch has come; `null`: one that changes nothing. */
  see(cursor: number, record: GuildRecord | null): void {
    if (cursor <= this.newest) return;
    this.newest = cursor;
    if (!record) return;
    if (!this.#guilds) {
      if (!guildsAfter([record])) return;
      this.#guilds = new Map();
      this.#applied = cursor - 1;
    }
    this.#tail.push(record);
    this.#log.append(record);
  }

  /** Everybody is done with everything up to `cursor`. */
  async acknowledge(cursor: number): Promise<void> {
    this.#done = Math.max(this.#done, cursor);
    if (!this.#guilds) return;
    try {
      if (this.#applied < this.#readTo) {
        this.#tail.unshift(...await readFrom(this.#log, this.#applied, this.#readTo));
      }
      this.#readTo = 0;
      // What was acknowledged and has not come again yet is not known.
      const to = Math.min(this.#done, this.newest);
      const after = this.#tail.findIndex((each) => each.cursor > to);
      const done = this.#tail.splice(0, after < 0 ? this.#tail.length : after);
      this.#guilds = guildsAfter(done, this.#guilds);
      this.#applied = Math.max(this.#applied, to);
    } catch {
      this.lose();
    }
  }

  /** They are not known any more. */
  lose(): void {
    this.#guilds = null;
    this.#tail = [];
    this.#readTo = 0;
    this.#log.forget();
  }

  /** As of the cursor up to which everybody is done; `null`: unknown. */
  get known(): Guilds | null {
    return this.#applied <= this.#done ? this.#guilds : null;
  }

  // deno-lint-ignore require-await -- as the real ones
  async base(): Promise<GuildBase | null> {
    if (!this.#guilds) return null;
    const parts = [...this.#guilds].map(([guildId, at]) => ({
      guildId,
      bytes: encoder.encode(`${at}`),
    }));
    return { cursor: this.#applied, form: this.form, botId: "7", parts };
  }

  load({ cursor, form, parts, newest }: KeptGuilds): void {
    if (form !== this.form) throw new GatehouseError("bad_state", "host", `form ${form}`);
    this.#guilds = new Map(
      [...parts].map(({ guildId, bytes }) => [guildId, Number(decoder.decode(bytes))]),
    );
    this.#applied = cursor;
    this.newest = this.#readTo = newest;
  }

  goesOnAfter(cursor: number): void {
    if (this.#guilds && cursor > this.newest) this.lose();
  }
}

async function readFrom(log: GuildLog, after: number, to: number): Promise<GuildRecord[]> {
  const records: GuildRecord[] = [];
  for (;;) {
    const piece = await log.read(records.at(-1)?.cursor ?? after, 200);
    records.push(...piece.filter(({ cursor }) => cursor <= to));
    if (piece.length === 0 || piece.at(-1)!.cursor >= to) return records;
  }
}

function record(cursor: number, t: string, d: object): GuildRecord {
  return { cursor, payload: encoder.encode(JSON.stringify({ t, s: 1, op: 0, d })) };
}
