import assert from "node:assert/strict";
import { shardKeyText } from "../../../protocol/ids.ts";
import { Seats } from "../../../unit/consumers/seats.ts";
import { ownersOf, seatsOver } from "../../support/seats.ts";

Deno.test("Seats tell whether a client's shard is ours, several of ours, or a part of one", () => {
  const seats = seatsOver(4);
  const rows = [[1, 4, true, false], [1, 2, false, false], [5, 8, false, true], [
    0,
    3,
    false,
    false,
  ]] as const;
  for (const [id, total, isOwn, isPart] of rows) {
    const seat = { id, total };
    assert.deepEqual([seats.isOwn(seat), seats.isPart(seat)], [isOwn, isPart], shardKeyText(seat));
  }
  assert.deepEqual(seats.seatsOf({ id: 1, total: 2, reader: "logger" }), [
    { id: 1, total: 4, reader: "logger" },
    { id: 3, total: 4, reader: "logger" },
  ]);
  assert.deepEqual(seats.seatsOf({ id: 0, total: 3 }), []);
});

Deno.test("Seats stay as they are until they are told of other owners", () => {
  const seats = seatsOver(2);
  const of = () => seats.of({ id: 1, total: 2 })!.map(shardKeyText);
  assert.deepEqual(of(), ["1/2"]);
  seats.become(ownersOf(2, 4, [1]));
  assert.deepEqual(of(), ["1/4", "3/4"]);
  assert.deepEqual([seats.total, seats.totals], [2, [2, 4]]);
  assert.deepEqual([{ id: 1, total: 2 }, { id: 3, total: 4 }].map((it) => seats.serves(it)), [
    false,
    true,
  ]);
  seats.become(ownersOf(4));
  assert.deepEqual(seats.totals, [4]);
});

Deno.test("Seats stay as they are until they are told, whatever the unit has meanwhile, and say who has the others", () => {
  const own = new Set([0, 1]);
  const owners = ownersOf(4);
  const seats = new Seats(owners, ({ id }) => own.has(id), ({ id }) => `unit-${id}`);
  own.delete(1);
  assert.deepEqual(seats.serving.map(({ id }) => id), [0, 1]);
  assert.equal(seats.serves({ id: 1, total: 4 }), false);
  assert.equal(seats.whereIs({ id: 1, total: 4 }), "unit-1");
  seats.become(owners);
  assert.deepEqual(seats.serving.map(({ id }) => id), [0]);
});

Deno.test("Seats name the shards that serve, of those that this unit runs", () => {
  const seats = seatsOver(4, null, [], ({ id }) => id < 2);
  assert.deepEqual(seats.serving.map(shardKeyText), ["0/4", "1/4"]);
  assert.deepEqual([1, 2].map((id) => seats.runs({ id, total: 4 })), [true, false]);
});
