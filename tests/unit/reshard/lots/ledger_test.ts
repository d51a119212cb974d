import assert from "node:assert/strict";
import { memoryStore } from "../../../../ports/store.ts";
import { Ledger } from "../../../../unit/reshard/lots/ledger.ts";
import {
  begun,
  handedOver,
  type ReshardRecord,
  settledRecord,
  withMove,
} from "../../../../unit/reshard/record.ts";

const record = begun(settledRecord(2, null), { to: 4, by: "operator", startedAtMs: 0 });
const cut = { from: [], through: 7, guilds: {}, others: 7, loads: [], mayRepeat: [] };

function ledger(done = 0) {
  const store = memoryStore();
  const recorded: ReshardRecord[] = [];
  const at = { done };
  const options = { store, record, doneOf: () => at.done };
  const made = new Ledger({ ...options, recorded: (each) => void recorded.push(each) });
  return { ledger: made, store, recorded, at };
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
  await written.settled();
});

Deno.test("write() takes out cuts that everybody has passed, and isUntidy says that there are some", async () => {
  const { ledger: written, at } = ledger();
  await written.write((before) => handedOver(before, 0, 4, new Map([[0, cut]])));
  assert.equal(written.isUntidy, false);
  assert.ok(written.record.cuts["0/4"]);
  at.done = 7;
  assert.equal(written.isUntidy, true);
  await written.write((before) => before);
  assert.deepEqual(written.record.cuts, {});
});
