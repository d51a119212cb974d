import assert from "node:assert/strict";
import {
  budgetFor,
  CLOCKS_APART_MS,
  encodeRecord,
  type IdentifyRecord,
  parseRecord,
} from "../../../../gateway/identify/fleet/record.ts";

const RECORD: IdentifyRecord = {
  unit: "a",
  term: 3,
  life: "1f",
  budget: { total: 1000, remaining: 900, resetAtMs: 1_800_000_000_000 },
  permits: [{ unit: "b", life: "2e", total: 16, id: 3, turn: 7 }],
};

Deno.test("a record is read as it was written", () => {
  assert.deepEqual(parseRecord(JSON.parse(JSON.stringify(encodeRecord(RECORD)))), RECORD);
});

Deno.test("parseRecord() gives nothing where there is no record, and leaves out what is no permit", () => {
  const written = encodeRecord(RECORD) as Record<string, unknown>;
  for (const wrong of [null, undefined, 1, [], {}, { ...written, budget: {} }]) {
    assert.equal(parseRecord(wrong), null);
  }
  for (const field of Object.keys(written)) {
    assert.equal(parseRecord({ ...written, [field]: undefined }), null, field);
  }
  const permits = [["b", "2e", 16, 3, 7], ["b", "2e", 16], null, ["b", 2, 16, 3, 7]];
  assert.deepEqual(parseRecord({ ...written, permits }), RECORD);
});

Deno.test("budgetFor() lets no clock that is ahead of the writer's fill the day up too early", () => {
  assert.deepEqual(budgetFor("1f", RECORD), RECORD.budget);
  const { resetAtMs } = budgetFor("another", RECORD);
  assert.equal(resetAtMs, RECORD.budget.resetAtMs + CLOCKS_APART_MS);
});
