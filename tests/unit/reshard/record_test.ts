import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { memoryStore } from "../../../ports/store.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import {
  begun,
  handedOver,
  loadRecord,
  lotsOfRecord,
  ownerOf,
  ownerOfShard,
  parseRecord,
  type ReshardRecord,
  roleOf,
  saveRecord,
  settled,
  settledRecord,
  withMove,
  withoutPassed,
} from "../../../unit/reshard/record.ts";

const key = (id: number, total: number): ShardKey => ({ id, total });
const cuts = (through: number): Cuts => ({
  from: [key(0, 2)],
  through,
  guilds: { "1": through - 1, "": 3 },
  others: 2,
  loads: ["7"],
  mayRepeat: [],
});
const START = { to: 4, by: "operator", startedAtMs: 1000 } as const;
const two = settledRecord(2, null);
const moving = begun(two, START);
const half = handedOver(moving, 1, 4, new Map([[1, cuts(10)], [3, cuts(20)]]));

/** Both totals' shards, by what each does. */
function roles(record: ReshardRecord, risen: string[] = []) {
  const keys = [key(0, 2), key(1, 2), ...[0, 1, 2, 3].map((id) => key(id, 4))];
  const texts = new Set(risen) as Set<"0/4">;
  return Object.fromEntries(
    keys.map((each) => [`${each.id}/${each.total}`, roleOf(record, each, texts)?.kind ?? null]),
  );
}

Deno.test("roleOf() has one total serve each lot, and the other rise where it was told to", () => {
  const [serves, rises] = ["serves", "rises"];
  const none = { "0/4": null, "1/4": null, "2/4": null, "3/4": null };
  assert.deepEqual(roles(two, ["0/4"]), { ...none, "0/2": serves, "1/2": serves });
  assert.deepEqual(roles(moving, ["0/4", "2/4"]), {
    ...{ "0/2": serves, "1/2": serves },
    ...{ "0/4": rises, "2/4": rises, "1/4": null, "3/4": null },
  });
  assert.deepEqual(roles(half, ["0/4", "1/4"]), {
    ...{ "0/2": serves, "1/2": null },
    ...{ "0/4": rises, "2/4": null, "1/4": serves, "3/4": serves },
  });
  assert.deepEqual(roleOf(half, key(3, 4), new Set()), { kind: "serves", cuts: cuts(20) });
  assert.deepEqual(roleOf(half, key(0, 2), new Set()), { kind: "serves", cuts: null });
});

Deno.test("roleOf() gives no role to a shard of another total, or beyond one", () => {
  for (const other of [key(0, 8), key(4, 4), key(-1, 4)]) {
    assert.equal(roleOf(half, other, new Set(["0/8", "4/4"])), null);
    assert.equal(ownerOfShard(half, other), null);
  }
});

Deno.test("handedOver() takes a lot back with cuts of the old shards, and drops those of the new", () => {
  const back = handedOver(half, 1, 2, new Map([[1, cuts(99)]]));
  assert.deepEqual(back.move!.moved, []);
  assert.deepEqual(back.cuts, { "1/2": cuts(99) });
  assert.equal(ownerOf(back, 1), 2);
  assert.deepEqual(half.move!.moved, [1], "a record is never changed");
});

Deno.test("settled() ends a move when every lot is at its goal, and not before", () => {
  assert.equal(settled(half), half);
  assert.equal(settled(two), two);
  const whole = handedOver(half, 0, 4, new Map([[0, cuts(5)]]));
  assert.deepEqual(settled(whole), {
    ...two,
    total: 4,
    cuts: { "0/4": cuts(5), "1/4": cuts(10), "3/4": cuts(20) },
  });
  assert.deepEqual(settled(withMove(moving, { goal: 2 })), two);
  assert.equal(settled(withMove(half, { goal: 2 })).move!.to, 4);
});

Deno.test("withoutPassed() drops the cuts that everybody has passed", () => {
  const done = ({ id }: ShardKey) => id === 1 ? 10 : 19;
  assert.deepEqual(Object.keys(withoutPassed(half, done).cuts), ["3/4"]);
  assert.equal(withoutPassed(half, () => 0), half);
});

Deno.test("lotsOfRecord() and ownerOf() hold for shrinking totals as well", () => {
  const shrinking = handedOver(begun(settledRecord(8, null), START), 3, 4, new Map());
  assert.deepEqual(lotsOfRecord(shrinking)[3], { rest: 3, from: [3, 7], to: [3] });
  assert.equal(ownerOfShard(shrinking, key(7, 8)), 4);
  assert.equal(ownerOfShard(shrinking, key(6, 8)), 8);
});

function told() {
  const lines: unknown[] = [];
  return { lines, log: logTo((level, event, fields) => lines.push([level, event, fields])) };
}

Deno.test("loadRecord() gives what was saved, and nothing where nothing was", async () => {
  const { lines, log } = told();
  const store = memoryStore();
  const sessions = () => new Map([[2, 2]]);
  assert.equal(await loadRecord({ store, log, sessions }), null);
  await saveRecord(store, half);
  assert.deepEqual(await loadRecord({ store, log, sessions }), half);
  assert.deepEqual(lines, []);
});

Deno.test("loadRecord() has the total that lives most serve all where the record is lost, and says so", async () => {
  for (
    const [sessions, total] of [[[[2, 1], [4, 3]], 4], [[[2, 1], [4, 2]], 2], [[[4, 0]], null]]
  ) {
    const { lines, log } = told();
    const store = memoryStore();
    await store.save("reshard", { ...half, total: 0 });
    const alive = () => new Map(sessions as [number, number][]);
    const record = await loadRecord({ store, log, sessions: alive });
    assert.deepEqual(record, total === null ? null : settledRecord(total as number, null));
    const error = "total is 0";
    const event = "which shards serve which guilds was written down and cannot be read";
    assert.deepEqual(lines, [["error", event, { error, servesAll: total }]]);
    // The next life finds the same owner, whatever lives then.
    if (total !== null) {
      assert.deepEqual(await loadRecord({ store, log, sessions: () => new Map() }), record);
    }
  }
});

Deno.test("loadRecord() notices a file that the store has set aside", async () => {
  const { lines, log } = told();
  const whole = memoryStore();
  let damaged = 0;
  const store = {
    ...whole,
    get damaged() {
      return damaged;
    },
    load(name: string) {
      damaged++;
      return whole.load(name);
    },
  };
  const record = await loadRecord({ store, log, sessions: () => new Map([[4, 4], [2, 1]]) });
  assert.deepEqual(record, settledRecord(4, null));
  assert.equal(lines.length, 1);
});

Deno.test("parseRecord() takes nothing that is not whole", () => {
  assert.deepEqual(parseRecord(structuredClone(half)), half);
  const between = withMove(half, { startedAtMs: 1000.25 });
  assert.deepEqual(parseRecord(between), between, "a clock may tell parts of a ms");
  const move = half.move!;
  const wrong: object[] = [
    { total: 1e9 },
    { asked: 0 },
    { cuts: null },
    { cuts: { "1-4": cuts(1) } },
    { cuts: { "1/4": { ...cuts(1), through: -1 } } },
    { cuts: { "1/4": { ...cuts(1), guilds: { "1": "2" } } } },
    { cuts: { "1/4": { ...cuts(1), from: [{ total: 2, id: 2 }] } } },
    { cuts: { "1/4": { ...cuts(1), loads: [1] } } },
    { move: undefined },
    { move: { ...move, to: 2 } },
    { move: { ...move, goal: 8 } },
    { move: { ...move, moved: [2] } },
    { move: { ...move, moved: [1, 1] } },
    { move: { ...move, by: "me" } },
    { move: { ...move, isPaused: 1 } },
    { move: { ...move, failed: undefined } },
    { move: { ...move, startedAtMs: "now" } },
    { move: { ...move, tally: { ...move.tally, forced: null } } },
  ];
  for (const changed of wrong) {
    assert.equal(typeof parseRecord({ ...half, ...changed }), "string", JSON.stringify(changed));
  }
  for (const other of [undefined, null, 1, []]) assert.equal(typeof parseRecord(other), "string");
});
