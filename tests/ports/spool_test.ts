import assert from "node:assert/strict";
import { requireGrowing } from "../../ports/spool.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { eventRecord, eventRecords, SHARD, spoolConformance } from "../store/spool_conformance.ts";

spoolConformance("memorySpool()", () => ({ open: memorySpool() }));

Deno.test("memorySpool() keeps the bytes of the moment: later changes do not reach it", async () => {
  const spool = await memorySpool()(SHARD);
  const record = eventRecord(1);
  await spool.append([record]);
  record.body.fill(0);
  assert.notEqual((await spool.read(-1, 1))[0]!.body[0], 0);
});

Deno.test("requireGrowing() gives the last cursor, and says what is wrong with which record", () => {
  assert.equal(requireGrowing(SHARD, 4, []), 4);
  assert.equal(requireGrowing(SHARD, 4, eventRecords(5, 9)), 9);
  assert.throws(() => requireGrowing(SHARD, 5, [eventRecord(5)]), {
    code: "illegal_step",
    message: "Cannot append event 5 of shard 3: it comes after cursor 5 of shard 3",
  });
});
