/**
 * Claim: a batch of raw records costs a fraction of one JSON text per event, on both ends together.
 * The baseline starts from an event that is parsed already, which a sharder of objects has anyway.
 *
 * @module
 */

import { encodeBatch, type EventRecord, readBatch, RECORD } from "../protocol/event_frame.ts";
import { compare, costTable, printTables, type Table } from "./measure.ts";
import { makePayloads, PAYLOAD_KINDS, type PayloadKind } from "./payloads.ts";

const decoder = new TextDecoder();
const BATCH_BYTES = 64 * 1024;
/** Results go here, so that no work is optimised away. */
let sink: unknown;

async function table(kind: PayloadKind): Promise<Table> {
  const perBatch = Math.ceil(BATCH_BYTES / kind.bytes);
  const payloads = makePayloads(kind, perBatch);
  const records = payloads.map((body, i): EventRecord => (
    { shardId: i % 16, kind: RECORD.DISPATCH, cursor: i + 1, body }
  ));
  const events = payloads.map((body, i) => (
    { shardId: i % 16, cursor: i + 1, payload: JSON.parse(decoder.decode(body)) as unknown }
  ));
  const costs = await compare({
    "one JSON text per event": (count) => {
      for (let i = 0; i < count; i++) {
        sink = JSON.parse(JSON.stringify(events[i % perBatch]));
      }
    },
    "batches of 64 KB": (count) => {
      for (let i = 0; i < count; i += perBatch) {
        sink = readBatch(
          encodeBatch(16, i + perBatch <= count ? records : records.slice(0, count - i)),
        );
      }
    },
  });
  return costTable(
    `Batch, written and read, per event: ${kind.label}`,
    costs,
    "one JSON text per event",
  );
}

/** One table per size. */
export async function run(): Promise<Table[]> {
  return [await table(PAYLOAD_KINDS.small), await table(PAYLOAD_KINDS.message)];
}

if (import.meta.main) {
  printTables(await run());
  if (sink === undefined) throw new Error("nothing was measured");
}
