/**
 * What `gatehouse top` knows of a unit: its shards as rows, and what happens per second between two looks at it.
 *
 * @module
 */

import { shardText } from "../../../protocol/ids.ts";
import type { ShardSnapshot, Snapshot } from "../../../protocol/status.ts";
import { answersOf } from "../../../rest/answers.ts";
import { sum } from "../print/figures.ts";

/** A look at a unit. */
export interface Look {
  /** When, by the monotonic clock. */
  readonly atMs: number;
  readonly snapshot: Snapshot;
}

/** A shard. */
export interface TopRow {
  readonly shard: ShardSnapshot;
  /** `null`: it has not been looked at twice yet. */
  readonly eventsPerSecond: number | null;
  readonly queued: number;
  readonly ageMs: number;
  readonly latencyMs: number | null;
  readonly reconnects: number;
}

/** All of it. */
export interface TopModel {
  readonly snapshot: Snapshot;
  readonly rows: readonly TopRow[];
  /** Of all shards; `null` before the second look. */
  readonly eventsPerSecond: number | null;
  readonly restPerSecond: number | null;
  /** 429s, by Discord and by the proxy in its place. */
  readonly limitedPerSecond: number | null;
}

/** What two looks tell. `before` is `null` at the first. */
export function modelOf(before: Look | null, now: Look): TopModel {
  const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1000;
  const perSecond = (was: number | undefined, is: number | undefined) =>
    was === undefined || is === undefined || seconds <= 0
      ? null
      // Of a worker that began anew the counters begin anew.
      : (is >= was ? is - was : is) / seconds;
  const received = new Map(
    before?.snapshot.shards.map((shard) => [shardText(shard), shard.counters?.received]),
  );
  const rows = now.snapshot.shards.map((shard): TopRow => {
    const { counters } = shard;
    return {
      shard,
      eventsPerSecond: perSecond(received.get(shardText(shard)), counters?.received),
      queued: counters?.queued ?? 0,
      ageMs: counters && counters.queued > 0 ? counters.queueAgeMs : 0,
      latencyMs: counters?.latencyMs ?? null,
      reconnects: sum(Object.values(counters?.reconnects ?? {}), (each) => each),
    };
  });
  const known = rows.some(({ eventsPerSecond }) => eventsPerSecond !== null);
  const was = before && answersOf(before.snapshot.rest.routes);
  const is = answersOf(now.snapshot.rest.routes);
  return {
    snapshot: now.snapshot,
    rows,
    eventsPerSecond: known ? sum(rows, (row) => row.eventsPerSecond ?? 0) : null,
    restPerSecond: perSecond(was?.answers, is.answers),
    limitedPerSecond: perSecond(was?.limited, is.limited),
  };
}
