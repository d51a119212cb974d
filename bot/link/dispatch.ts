/**
 * Events as the bot's side of the link reads them, parsed only where somebody listens.
 *
 * @module
 */

import { readEnvelope } from "../../protocol/discord/envelope.ts";
import {
  DOOR_TOTAL,
  type EventRecord,
  GAP_EVENT,
  GUILD_MOVED_EVENT,
  readGap,
  readMoved,
  RECORD,
} from "../../protocol/event_frame.ts";

/** A dispatch, parsed. See [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events). */
export interface Dispatch {
  readonly op: number;
  readonly t: string;
  readonly s: number | null;
  readonly d: unknown;
}

const decoder = new TextDecoder();

/**
 * The event of a record; `undefined` where its kind is unknown, another shard has served it, or nobody wants
 * events of its name.
 *
 * @throws {SyntaxError} When the body is not JSON.
 */
export function readDispatch(
  record: EventRecord,
  wants: (name: string) => boolean,
): Dispatch | undefined {
  if (record.kind === RECORD.GAP) {
    return wants(GAP_EVENT) ? own(GAP_EVENT, readGap(record)) : undefined;
  }
  if (record.kind === RECORD.MOVED) {
    return wants(GUILD_MOVED_EVENT) ? own(GUILD_MOVED_EVENT, readMoved(record)) : undefined;
  }
  if (record.kind !== RECORD.DISPATCH) return undefined;
  const { t } = readEnvelope(record.body);
  if (t === null || !wants(t)) return undefined;
  return JSON.parse(decoder.decode(record.body)) as Dispatch;
}

/** An event of ours: Discord has not numbered it. */
function own(t: string, d: unknown): Dispatch {
  return { op: 0, t, s: null, d };
}

/** The shard that an event is of: of what came by no shard its note says. */
export function placeOf(
  { d }: Dispatch,
  source: { readonly shardId: number; readonly totalShards: number },
): { readonly shardId: number; readonly totalShards: number } {
  if (source.totalShards !== DOOR_TOTAL) return source;
  const { gatehouse } = (d ?? {}) as { gatehouse?: { shard?: unknown } };
  const [, id, total] = /^(\d+)\/(\d+)$/.exec(String(gatehouse?.shard)) ?? [];
  return { shardId: Number(id ?? 0), totalShards: Number(total ?? 1) };
}
