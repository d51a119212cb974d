/**
 * What the bot gets of a shard that was handed guilds, where others have served them before: pure.
 *
 * @module
 */

import { fieldsOf, NOTE_FIELD, textField } from "../../protocol/discord/body.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { type EventRecord, type Moved, RECORD } from "../../protocol/event_frame.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import type { Cuts } from "../../protocol/reshard.ts";
import type { IdentityOf } from "./seen_notes.ts";

const NO_BODY = new Uint8Array(0);

/**
 * A record as it is to be sent: `SERVED` in place of what the shards that had its guild before have brought, `MOVED`
 * in place of the GUILD_CREATE by which a guild loads that the bot has from them; anything else as it is, and so what
 * is the session's own. Of a GAP nothing is missing where they have brought all that came before it.
 *
 * @throws {SyntaxError} When it cannot be read.
 */
export function asServed(record: EventRecord, cuts: Cuts, identityOf: IdentityOf): EventRecord {
  const { kind, cursor, body, shardId } = record;
  if (cursor > cuts.through) return record;
  const served = { shardId, kind: RECORD.SERVED, cursor, body: NO_BODY };
  if (kind === RECORD.GAP) return cursor <= lowest(cuts) ? served : record;
  if (kind !== RECORD.DISPATCH) return record;
  const { t } = readEnvelope(body);
  if (t === null) return record;
  if (t === "RESUMED") return served;
  if (loads(t, body)) return moved(record, cuts);
  const { guildId, key } = identityOf(t, body);
  if (key === null) return record;
  return cursor <= (cuts.guilds[guildId] ?? cuts.others) ? served : record;
}

/**
 * Whether who goes on from an earlier cursor does not get a dispatch, as it came, and so has guilds that are as after
 * it. Of READY clients on `/gateway` get nothing.
 *
 * @throws {SyntaxError} When it cannot be read.
 */
export function isServed(
  { cursor, payload }: { readonly cursor: number; readonly payload: Uint8Array },
  cuts: Cuts,
  identityOf: IdentityOf,
): boolean {
  const { t } = readEnvelope(payload);
  if (t === null || cursor > cuts.through) return false;
  if (t === "READY") return true;
  if (t === "GUILD_CREATE" && cuts.loads.includes(textField(payload, "id") ?? "")) return false;
  const { guildId, key } = identityOf(t, payload);
  return key !== null && cursor <= (cuts.guilds[guildId] ?? cuts.others);
}

/** Up to this cursor the events of all guilds have been served. */
function lowest({ guilds, others }: Cuts): number {
  return Object.values(guilds).reduce((least, cut) => Math.min(least, cut), others);
}

/** Whether it is a GUILD_CREATE by which a guild of the session loads. */
function loads(t: string, body: Uint8Array): boolean {
  if (t === "GUILD_LOADED_DD") return true;
  if (t !== "GUILD_CREATE") return false;
  const note = fieldsOf(body, [NOTE_FIELD], 1)[NOTE_FIELD] as { guild?: unknown } | undefined;
  return note?.guild === "loaded";
}

function moved(record: EventRecord, { from, loads, mayRepeat }: Cuts): EventRecord {
  const guildId = textField(record.body, "id");
  if (guildId === undefined || loads.includes(guildId) || !from[0]) return record;
  const { total } = from[0];
  const moved: Moved = {
    guildId,
    from: { total, id: calculateShardId(guildId, total) },
    mayRepeat: mayRepeat.includes(guildId),
  };
  return { ...record, kind: RECORD.MOVED, body: new TextEncoder().encode(JSON.stringify(moved)) };
}
