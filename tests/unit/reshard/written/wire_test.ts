import assert from "node:assert/strict";
import fc from "fast-check";
import { begun, settledRecord, withMove } from "../../../../unit/reshard/record.ts";
import { decodeRecord, encodeRecord } from "../../../../unit/reshard/written/wire.ts";
import { HALF } from "../../../support/records.ts";

Deno.test("decodeRecord() reads what encodeRecord() wrote, without the cuts", () => {
  const rests = fc.uniqueArray(fc.integer({ min: 0, max: 15 })).map((all) =>
    all.toSorted((a, b) => a - b)
  );
  const words = fc.dictionary(
    fc.integer({ min: 0, max: 15 }).map(String),
    fc.record({ epoch: fc.nat(3), count: fc.nat(2) }),
  );
  fc.assert(fc.property(rests, words, (moved, words) => {
    const move = begun(settledRecord(16, 2), { to: 32, by: "automatic", startedAtMs: 1.5 });
    const record = withMove(move, { moved, words: JSON.parse(JSON.stringify(words)) });
    const sent = JSON.parse(JSON.stringify(encodeRecord(record)));
    assert.deepEqual(decodeRecord(sent), record);
  }));
  for (const record of [settledRecord(4, null, 7), HALF]) {
    assert.deepEqual(decodeRecord(encodeRecord(record)), { ...record, cuts: {} });
  }
});

Deno.test("encodeRecord() needs few letters for thousands of lots that neighbours have moved", () => {
  const all = Array.from({ length: 10_000 }, (_, rest) => rest);
  const move = begun(settledRecord(10_000, null), { to: 20_000, by: "operator", startedAtMs: 1 });
  const moved = all.filter((rest) => rest % 250 < 125);
  const words = Object.fromEntries(moved.map((rest) => [rest, { epoch: 1_041, count: 1 }]));
  const text = JSON.stringify(encodeRecord(withMove(move, { moved, words })));
  assert.ok(text.length < 2_000, `${text.length}`);
});

Deno.test("decodeRecord() says what is wrong with what is none", () => {
  const wire = encodeRecord(HALF) as { move: object };
  for (const moved of [[0], [1, 0], ["0", 1], 1, [0, 1e9], [5, 5]]) {
    assert.equal(typeof decodeRecord({ ...wire, move: { ...wire.move, moved } }), "string");
  }
  for (const words of [1, [1], [[1, 1, [1]]], [[-1, 1, [1, 1]]]]) {
    assert.equal(typeof decodeRecord({ ...wire, move: { ...wire.move, words } }), "string");
  }
  for (const other of [null, 1, [], "x", { ...wire, move: 1 }]) {
    assert.equal(typeof decodeRecord(other), "string");
  }
});
