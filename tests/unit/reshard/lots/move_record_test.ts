import assert from "node:assert/strict";
import { logTo } from "../../../../ports/log.ts";
import { memoryStore } from "../../../../ports/store.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { Ledger } from "../../../../unit/reshard/lots/ledger.ts";
import { MoveRecord } from "../../../../unit/reshard/lots/move_record.ts";
import { handedOver, NO_TALLY, settled, withMove } from "../../../../unit/reshard/record.ts";
import { FileRecords } from "../../../../unit/reshard/written/records.ts";
import { MOVING } from "../../../support/records.ts";

function setUp({ isNew = false, record = MOVING } = {}) {
  const clock = createVirtualClock();
  const logged: string[] = [];
  const log = logTo((_, event) => logged.push(event));
  const store = memoryStore();
  const ledger: Ledger = new Ledger({
    ...{ clock, log, record, records: new FileRecords({ store, log }), doneOf: () => 0 },
    recorded: (each) => void move.take(each),
  });
  const share = { unit: "a", epoch: 3 };
  const move: MoveRecord = new MoveRecord({ clock, log, ledger, record, isNew, share });
  return { move, ledger, store, clock, logged };
}

const handed = {
  ...{ rest: 0, total: 4, guilds: 5, anchors: 3, quiet: 2, forced: 0 },
  cuts: new Map(),
};

Deno.test("what is steered is written down until it is, and a move is known once it was written", async () => {
  const { move, store, clock, logged } = setUp({ isNew: true });
  const { save } = store;
  store.save = () => Promise.reject(new Error("disk full"));
  move.commit();
  move.steer({ isPaused: true });
  await clock.advance(3_500);
  assert.deepEqual([move.isKnown, move.steering.isPaused], [false, true]);
  assert.ok(logged.length >= 6, `${logged}`);
  store.save = save;
  await clock.advance(1_500);
  assert.deepEqual([move.isKnown, move.record.move!.isPaused], [true, true]);
  move.stop();
});

Deno.test("identifies count at once, of all units, and once each", async () => {
  const others = { ...NO_TALLY, guilds: 2, identifies: 7 };
  const { move } = setUp({ record: withMove(MOVING, { tallies: { b: others } }) });
  move.countIdentify();
  move.countIdentify();
  assert.equal(move.tally.identifies, 9);
  await move.hand(handed);
  assert.deepEqual([move.tally.identifies, move.tally.guilds], [9, 7]);
  assert.equal(move.record.move!.tallies.a!.identifies, 2);
});

Deno.test("a lot is there once that is written down, and a move is over once all are and that is", async () => {
  const { move, ledger } = setUp();
  await move.hand(handed);
  assert.deepEqual([move.isThere(0), move.isThere(1)], [true, false]);
  await move.settle();
  assert.equal(move.isOver, false);
  await move.hand({ ...handed, rest: 1 });
  await move.settle();
  assert.deepEqual([move.isOver, move.isThere(0), ledger.record.total], [true, true, 4]);
});

Deno.test("of a move that others have ended nothing more is written down", async () => {
  const { move, ledger, clock, logged } = setUp();
  const all = [0, 1].reduce((record, rest) => handedOver(record, rest, 4, new Map(), 3), MOVING);
  await ledger.write(() => settled(all));
  await assert.rejects(move.hand(handed), { code: "refused" });
  move.steer({ isPaused: true });
  await clock.advance(5_000);
  assert.deepEqual([move.isOver, ledger.record.total, logged], [true, 4, []]);
});
