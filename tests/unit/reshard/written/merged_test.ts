import assert from "node:assert/strict";
import fc from "fast-check";
import {
  begun,
  claimed,
  handedOver,
  NO_TALLY,
  ownerOf,
  type ReshardRecord,
  settled,
  settledRecord,
  withMove,
  wordOf,
} from "../../../../unit/reshard/record.ts";
import { merged } from "../../../../unit/reshard/written/merged.ts";
import { encodeRecord } from "../../../../unit/reshard/written/wire.ts";
import { cutsTo } from "../../../support/records.ts";

/** Four lots. */
const FIRST = begun(settledRecord(4, null), { to: 8, by: "operator", startedAtMs: 1 });

/** What all units see of it. */
const seen = (record: ReshardRecord) => JSON.stringify(encodeRecord(record));

type Change = (record: ReshardRecord) => ReshardRecord;

const hand = (rest: number, epoch: number): Change => (record) => {
  const to = ownerOf(record, rest) === 4 ? 8 : 4;
  const unit = `u${rest}`;
  const handed = handedOver(record, rest, to, new Map([[rest, cutsTo(7)]]), epoch);
  const tally = handed.move!.tallies[unit] ?? NO_TALLY;
  const tallies = { ...handed.move!.tallies, [unit]: { ...tally, guilds: tally.guilds + 3 } };
  return withMove(handed, { tallies });
};
const steer = (isPaused: boolean, goal: number): Change => (record) =>
  withMove(record, { isPaused, goal, steered: record.move!.steered + 1 });

const rests = fc.integer({ min: 0, max: 3 });
const epochs = fc.integer({ min: 0, max: 3 });
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(rests, epochs).map(([rest, epoch]) => hand(rest, epoch)),
  fc.tuple(rests, epochs).map(([rest, epoch]): Change => (each) => claimed(each, [rest], epoch)),
  fc.tuple(fc.boolean(), fc.constantFrom(4, 8)).map(([isPaused, goal]) => steer(isPaused, goal)),
);
/** Of this move, or of one before or after it. */
const records = fc.tuple(
  fc.constantFrom(
    FIRST,
    FIRST,
    FIRST,
    FIRST,
    settledRecord(4, null),
    settledRecord(8, null, 2),
    begun(settledRecord(8, null, 2), { to: 4, by: "automatic", startedAtMs: 9 }),
    begun(settledRecord(4, null), { to: 12, by: "operator", startedAtMs: 2 }),
  ),
  fc.array(changes, { maxLength: 8 }),
).map(([record, all]) =>
  record.move && record.move.to === 8 ? all.reduce((each, change) => change(each), record) : record
);

Deno.test("merged() gives the same in whichever order, and however often", () => {
  fc.assert(
    fc.property(records, records, records, (a, b, c) => {
      assert.equal(seen(merged(a, b)), seen(merged(b, a)));
      assert.equal(seen(merged(merged(a, b), c)), seen(merged(a, merged(b, c))));
      assert.equal(seen(merged(a, a)), seen(a));
      assert.equal(seen(merged(merged(a, b), b)), seen(merged(a, b)));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("merged() has all changes of different lots, whichever was written first", () => {
  const lots = fc.uniqueArray(rests, { minLength: 2, maxLength: 4 });
  fc.assert(fc.property(records, lots, epochs, (before, own, epoch) => {
    if (before.move?.to !== 8) return;
    const top = Math.max(epoch, ...own.map((rest) => wordOf(before, rest).epoch));
    const each = own.map((rest) => hand(rest, top)(before));
    const [one, ...others] = each as [ReshardRecord, ...ReshardRecord[]];
    const all = others.reduce(merged, one);
    const oneByOne = own.reduce((record, rest) => hand(rest, top)(record), before);
    assert.equal(seen(all), seen(oneByOne));
  }));
});

Deno.test("merged() never takes back another's lot: who has it by an earlier assignment has no say", () => {
  fc.assert(fc.property(records, rests, epochs, (before, rest, epoch) => {
    if (before.move?.to !== 8) return;
    const top = Math.max(epoch, wordOf(before, rest).epoch) + 1;
    const theirs = claimed(before, [rest], top);
    const late = hand(rest, top - 1)(hand(rest, top - 1)(hand(rest, top - 1)(before)));
    const after = merged(late, theirs);
    assert.equal(ownerOf(after, rest), ownerOf(theirs, rest));
    assert.deepEqual(wordOf(after, rest), wordOf(theirs, rest));
  }));
});

Deno.test("merged() goes back to before neither the beginning of a move nor its end", () => {
  const gone = [0, 1, 2, 3].reduce((each, rest) => hand(rest, 1)(each), FIRST);
  const over = settled(gone);
  assert.deepEqual([over.total, over.move], [8, null]);
  for (const older of [settledRecord(4, null), FIRST, gone]) {
    assert.equal(seen(merged(older, over)), seen(over));
    assert.equal(seen(merged(over, older)), seen(over));
  }
});

Deno.test("merged() leaves each unit its own cuts", () => {
  const [one, other] = [hand(0, 1)(FIRST), hand(1, 1)(FIRST)];
  assert.deepEqual(Object.keys(merged(one, other).cuts), ["0/8"]);
  assert.deepEqual(Object.keys(merged(other, one).cuts), ["1/8"]);
});

Deno.test("merged() takes a move for failed where somebody says so, whoever pauses it at the same moment", () => {
  const failed = withMove(FIRST, { goal: 4, failed: "closed 4010", steered: 1 });
  const paused = withMove(FIRST, { isPaused: true, steered: 1 });
  const { goal, failed: why, isPaused } = merged(paused, failed).move!;
  assert.deepEqual([goal, why, isPaused], [4, "closed 4010", false]);
});
