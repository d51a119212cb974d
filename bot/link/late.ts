/**
 * Events that come late: a GAP has said that they are missing, because the host that had them was away, and now they
 * were found. They come out of their order, each once.
 *
 * @module
 */

import { within } from "../../ports/clock.ts";
import type { World } from "../../ports/world.ts";
import { cannot, GatehouseError, messageOf } from "../../protocol/errors.ts";
import { type EventRecord, readRecords } from "../../protocol/event_frame.ts";
import type { LateValue } from "../../protocol/link_call.ts";
import { isCount, isRecord } from "../../protocol/record.ts";
import type { Receiver } from "./consumer_world.ts";
import { readDispatch } from "./dispatch.ts";
import type { ShardProgress } from "./progress.ts";

const bad = cannot("take late events", "bad_message", "peer");

/** Late events of one shard. */
export interface LateEvents extends Pick<LateValue, "shardId" | "totalShards"> {
  readonly records: readonly EventRecord[];
}

/**
 * Reads the value of a `late` call.
 *
 * @throws {GatehouseError} `bad_message`, `bad_frame`.
 */
export function readLate(value: unknown): LateEvents {
  const { shardId, totalShards, records } = isRecord(value) ? value : {};
  if (!isCount(shardId) || !isCount(totalShards) || typeof records !== "string") {
    throw bad("expected {totalShards, shardId, records}");
  }
  return { shardId, totalShards, records: readRecords(Uint8Array.fromBase64(records)) };
}

/** Who takes late events, and how long each may take. */
export interface TakingLate extends Pick<World, "clock" | "log"> {
  readonly receiver: Receiver;
  readonly deadlineMs: number;
}

/**
 * Has those handled that did not come before; resolves when all are dealt with, or have had their time.
 *
 * @param progress How far the shard has come; `undefined`: nothing of it has come.
 * @throws {GatehouseError} `not_ready` where the GAP that they were in has not come: nobody knows yet what of it is
 * missing.
 */
export async function takeLate(
  { shardId, totalShards, records }: LateEvents,
  progress: ShardProgress | undefined,
  { receiver, clock, log, deadlineMs }: TakingLate,
): Promise<void> {
  const handling: Promise<unknown>[] = [];
  for (const record of records) {
    const is = progress?.late(record.cursor) ?? "early";
    if (is === "early") {
      await Promise.all(handling);
      const text =
        `Cannot take event ${record.cursor} of shard ${shardId}: it is not known to be missing`;
      throw new GatehouseError("not_ready", "peer", text);
    }
    if (is === "new") handling.push(handle(record));
  }
  await Promise.all(handling);

  async function handle(record: EventRecord): Promise<void> {
    const about = { shardId, cursor: record.cursor };
    try {
      const dispatch = readDispatch(record, (name) => receiver.wants(name));
      if (!dispatch) return;
      let isDone = false;
      const handled = Promise.resolve(receiver.receive(dispatch, shardId, totalShards));
      await within(clock, deadlineMs, handled.then(() => isDone = true));
      if (isDone) return;
      log.error("handler missed its deadline", { ...about, name: dispatch.t, deadlineMs });
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("handler failed", { ...about, error: messageOf(error), stack });
    }
  }
}
