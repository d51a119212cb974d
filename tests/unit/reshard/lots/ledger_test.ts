import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { memoryStore } from "../../../../ports/store.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { Ledger } from "../../../../unit/reshard/lots/ledger.ts";
import { handedOver, type ReshardRecord, withMove } from "../../../../unit/reshard/record.ts";
import { FileRecords } from "../../../../unit/reshard/written/records.ts";
import { MOVING as record } from "../../../support/records.ts";

const cut = { from: [], through: 7, guilds: {}, others: 7, loads: [], mayRepeat: [] };

function ledger(done = 0) {
  const store = memoryStore();
  const clock = createVirtualClock();
  const recorded: ReshardRecord[] = [];
  const heard: ((record: ReshardRecord) => void)[] = [];
  const at = { done };
  const records = new FileRecords({ store, log: silentLog });
  records.watch = (take: (record: ReshardRecord) => void) => {
    heard.push(take);
    return () => heard.splice(0);
  };
  const made = new Ledger({
    ...{ clock, log: silentLog, record, records, doneOf: () => at.done },
    recorded: (each) => void recorded.push(each),
  });
  const hear = (each: ReshardRecord) => heard.forEach((take) => take(each));
  return { ledger: made, store, recorded, records, at, clock, hear };
}

Deno.test("write() makes one change upon the other, each on disk before anybody hears of it", async () => {
  const { ledger: written, store, recorded } = ledger();
  await Promise.all([
    written.write((before) => handedOver(before, 0, 4, new Map([[0, cut]]))),
    written.write((before) => withMove(before, { isPaused: true })),
  ]);
  assert.deepEqual(written.record.move!.moved, [0]);
  assert.equal(written.record.move!.isPaused, true);
  assert.deepEqual(await store.load("reshard"), written.record);
  assert.deepEqual(recorded.at(-1), written.record);
  assert.equal(recorded.length, 2);
});

Deno.test("write() that fails leaves the record as it was, and the next goes on from there", async () => {
  const { ledger: written, store, recorded } = ledger();
  const save = store.save;
  store.save = () => Promise.reject(new Error("disk full"));
  await assert.rejects(
    written.write((before) => handedOver(before, 0, 4, new Map([[0, cut]]))),
    /disk full/,
  );
  assert.equal(written.record, record);
  assert.equal(recorded.length, 0);
  store.save = save;
  await written.write((before) => withMove(before, { isPaused: true }));
  assert.deepEqual(written.record.move!.moved, []);
  await written.stop();
});

Deno.test("cuts that everybody has passed are taken out with the next change, or some seconds later", async () => {
  const { ledger: written, at, clock, records } = ledger();
  await written.write((before) => handedOver(before, 0, 4, new Map([[0, cut]])));
  await clock.advance(60_000);
  assert.ok(written.record.cuts["0/4"]);
  at.done = 7;
  Object.assign(records, { away: "the line is down" });
  await clock.advance(30_000);
  assert.ok(written.record.cuts["0/4"], "nobody can be told");
  Object.assign(records, { away: null });
  await clock.advance(11_000);
  assert.deepEqual(written.record.cuts, {});
  await written.write((before) => handedOver(before, 1, 4, new Map([[1, cut]])));
  assert.deepEqual(written.record.cuts, {});
});

Deno.test("what others have written down is heard, and nobody who is older takes it back", async () => {
  const { ledger: written, recorded, hear } = ledger();
  const half = handedOver(record, 1, 4, new Map());
  hear(half);
  assert.deepEqual(written.record.move!.moved, [1]);
  hear(record);
  await written.write((before) => handedOver(before, 0, 4, new Map([[0, cut]])));
  assert.deepEqual(written.record.move!.moved, [0, 1]);
  assert.deepEqual(Object.keys(recorded.at(-1)!.cuts), ["0/4"]);
  await written.stop();
  const count = recorded.length;
  hear(half);
  assert.equal(recorded.length, count);
});
