import assert from "node:assert/strict";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import {
  begun,
  handedOver,
  lotsOfRecord,
  ownerOf,
  ownerOfShard,
  type ReshardRecord,
  roleOf,
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
    turn: 2,
    total: 4,
    cuts: { "0/4": cuts(5), "1/4": cuts(10), "3/4": cuts(20) },
  });
  assert.deepEqual(settled(withMove(moving, { goal: 2 })), { ...two, turn: 2 });
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
