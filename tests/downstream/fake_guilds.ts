/**
 * The guilds of one shard as its worker keeps them, by the plainest means: every event that there was,
 * played from the beginning to the cursor that is asked for.
 *
 * @module
 */

import type { GuildsPiece, GuildsQuestion } from "../../protocol/guild_pieces.ts";

/** Guild id → the cursor of the event that it is as after; `null` where it is not available. */
export type Guilds = Map<string, number | null>;

/** What an event says of guilds. */
export interface GuildEvent {
  readonly cursor: number;
  readonly t: string;
  readonly id: string;
  /** With `GUILD_DELETE`: an outage. */
  readonly unavailable?: boolean;
  /** With `READY`: the guilds, none of which is available yet. */
  readonly ids?: readonly string[];
}

/** What follows from an event, for whoever keeps guilds: our worker, or a library. */
export function applyGuild(guilds: Guilds, { t, id, unavailable, cursor, ids }: GuildEvent): void {
  if (t === "READY") guilds.clear();
  for (const each of ids ?? []) guilds.set(each, null);
  if (t === "GUILD_CREATE") guilds.set(id, cursor);
  else if (t === "GUILD_UPDATE" && guilds.get(id)) guilds.set(id, cursor);
  else if (t === "GUILD_DELETE" && unavailable) guilds.set(id, null);
  else if (t === "GUILD_DELETE") guilds.delete(id);
}

/** The guilds of one shard. */
export class FakeGuilds {
  readonly events: GuildEvent[] = [];
  /** How many are in a piece. */
  perPiece = 2;
  /** Whether they are not known. */
  isUnknown = false;
  /** Every question, as the cursor and how many the asker had. */
  readonly asked: [number, number][] = [];

  /** All guilds as of a cursor. */
  asOf(cursor: number): Guilds {
    const guilds: Guilds = new Map();
    for (const event of this.events) if (event.cursor <= cursor) applyGuild(guilds, event);
    return guilds;
  }

  /** As a worker answers it; what is older than what is acknowledged is not known any more. */
  answer(
    { cursor, after }: Pick<GuildsQuestion, "cursor" | "after">,
    acknowledged: number,
  ): GuildsPiece | null {
    this.asked.push([cursor, after]);
    if (this.isUnknown || cursor < acknowledged) return null;
    const sorted = [...this.asOf(cursor)].sort(([a], [b]) => Number(a) - Number(b));
    const here = sorted.filter(([, is]) => is !== null);
    const away = sorted.filter(([, is]) => is === null);
    const bodies = here.slice(after, after + this.perPiece).map(([id, is]) =>
      new TextEncoder().encode(JSON.stringify({ id, cursor: is, isSnapshot: true }))
    );
    return { guildIds: [...here, ...away].map(([id]) => id), available: here.length, bodies };
  }
}
