/**
 * The columns of `gatehouse top`, each once: its key, its title, its text, and how it is sorted.
 *
 * @module
 */

import { shardText } from "../../../protocol/ids.ts";
import { SHARD_STATES, type ShardState } from "../../../protocol/status.ts";
import { count, milliseconds, NOTHING, short } from "../print/figures.ts";
import type { TopRow } from "./rows.ts";

/** A column by which rows may be sorted. */
export interface TopColumn {
  /** What is pressed to sort by it. */
  readonly key: string;
  readonly title: string;
  readonly width: number;
  /** Texts stand left. Default: right. */
  readonly isText?: boolean;
  /** @param nowMs ms since the Unix epoch. */
  text(row: TopRow, nowMs: number): string;
  /** The largest comes first. */
  value(row: TopRow): number;
}

/** Worst first: what does not come up by itself, then what is on its way, then what is well. */
const SEVERITY: readonly ShardState[] = ["stopped", "backing off", "closing", "idle"];

/** Columns by name, in the order of the screen. */
export const TOP_COLUMNS = {
  shard: {
    key: "i",
    title: "SHARD",
    width: 9,
    text: ({ shard }) => shardText(shard),
    value: ({ shard }) => -shard.shardId,
  },
  state: {
    key: "s",
    title: "STATE",
    width: 11,
    isText: true,
    text: ({ shard }) => shard.state,
    value: ({ shard: { state } }) => severity(state),
  },
  for: {
    key: "f",
    title: "FOR",
    width: 6,
    text: ({ shard }, nowMs) => short(nowMs - shard.sinceMs),
    value: ({ shard }) => -shard.sinceMs,
  },
  latency: {
    key: "l",
    title: "LATENCY",
    width: 7,
    text: ({ latencyMs }) => milliseconds(latencyMs),
    value: ({ latencyMs }) => latencyMs ?? -1,
  },
  events: {
    key: "e",
    title: "EVENTS/S",
    width: 8,
    text: ({ eventsPerSecond }) => perSecond(eventsPerSecond),
    value: ({ eventsPerSecond }) => eventsPerSecond ?? -1,
  },
  queued: {
    key: "u",
    title: "QUEUED",
    width: 7,
    text: ({ queued }) => count(queued),
    value: ({ queued }) => queued,
  },
  age: {
    key: "a",
    title: "AGE",
    width: 6,
    text: ({ ageMs }) => ageMs > 0 ? short(ageMs) : NOTHING,
    value: ({ ageMs }) => ageMs,
  },
  guilds: {
    key: "g",
    title: "GUILDS",
    width: 6,
    text: ({ shard }) => count(shard.guilds),
    value: ({ shard }) => shard.guilds ?? -1,
  },
  reconnects: {
    key: "r",
    title: "RECON",
    width: 5,
    text: ({ reconnects }) => count(reconnects),
    value: ({ reconnects }) => reconnects,
  },
  worker: {
    key: "w",
    title: "WORKER",
    width: 6,
    text: ({ shard }) => `${shard.workerId}`,
    value: ({ shard }) => -shard.workerId,
  },
  cluster: {
    key: "c",
    title: "CLUSTER",
    width: 7,
    text: ({ shard }) => `${shard.clusterId ?? NOTHING}`,
    value: ({ shard }) => -(shard.clusterId ?? Infinity),
  },
} as const satisfies Readonly<Record<string, TopColumn>>;

/** A column's name. */
export type ColumnName = keyof typeof TOP_COLUMNS;

/** Every column, with its name. */
export const COLUMN_LIST = Object.entries(TOP_COLUMNS) as readonly (readonly [
  ColumnName,
  TopColumn,
])[];

/** Rows by a column, the largest value first, or the smallest; those that are equal by their shard. */
export function sorted(
  rows: readonly TopRow[],
  by: ColumnName,
  isReversed: boolean,
): TopRow[] {
  const { value } = TOP_COLUMNS[by];
  const sign = isReversed ? -1 : 1;
  return rows.toSorted((a, b) =>
    sign * (value(b) - value(a) || 0) || a.shard.totalShards - b.shard.totalShards ||
    a.shard.shardId - b.shard.shardId
  );
}

/** `12`, `0.4`: small rates are not nothing. */
export function perSecond(rate: number | null): string {
  if (rate === null) return NOTHING;
  return rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate);
}

function severity(state: ShardState): number {
  if (state === "ready") return 0;
  const worst = SEVERITY.indexOf(state);
  if (worst >= 0) return 100 - worst;
  return SHARD_STATES.length - SHARD_STATES.indexOf(state);
}
