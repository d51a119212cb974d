import assert from "node:assert/strict";
import fc from "fast-check";
import {
  areAtOdds,
  botIdOfToken,
  calculateShardId,
  DISCORD_EPOCH_MS,
  identifyKey,
  parseShardKey,
  rangesText,
  type Seat,
  seatFields,
  seatText,
  shardKeyText,
  shardNames,
  shardRange,
  shardText,
  snowflakeMs,
} from "../../protocol/ids.ts";
import { seatsOver } from "../support/seats.ts";

Deno.test("calculateShardId() is (guild_id >> 22) % totalShards, beyond what a number can hold", () => {
  assert.equal(calculateShardId("197038439483310086", 16), Number(46977624770n % 16n));
  assert.equal(calculateShardId(2n ** 64n - 1n, 1000), Number((2n ** 42n - 1n) % 1000n));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({ min: 1, max: 4096 }), (id, n) => {
      const shard = calculateShardId(String(id), n);
      assert(Number.isInteger(shard) && shard >= 0 && shard < n);
      assert.equal(shard, calculateShardId(id, n));
    }),
  );
});

Deno.test("identifyKey() gives max_concurrency shards in a row different keys", () => {
  assert.deepEqual(shardRange(14, 19).map((id) => identifyKey(id, 16)), [14, 15, 0, 1, 2, 3]);
});

Deno.test("shardRange() holds both ends", () => {
  assert.deepEqual(shardRange(3, 5), [3, 4, 5]);
  assert.deepEqual(shardRange(0, 0), [0]);
  assert.deepEqual(shardRange(1, 0), []);
});

Deno.test("parseShardKey() reads what shardKeyText() wrote, and nothing else", () => {
  assert.equal(shardKeyText({ total: 16, id: 3 }), "3/16");
  assert.deepEqual(parseShardKey("3/16"), { total: 16, id: 3 });
  for (
    const other of ["", "3", "3/", "/16", "3/16/1", "-3/16", "3.5/16", " 3/16", "3/1234567890"]
  ) {
    assert.equal(parseShardKey(other), undefined, other);
  }
});

Deno.test("snowflakeMs() tells when the example of Discord's documentation was made", () => {
  assert.equal(
    new Date(snowflakeMs("175928847299117063")).toISOString(),
    "2016-04-30T11:18:25.796Z",
  );
});

Deno.test("snowflakeMs() keeps every bit of an id that a number could not hold", () => {
  const id = (123_456_789_012n << 22n) | 0x3f_ffffn;
  assert.equal(snowflakeMs(String(id)), DISCORD_EPOCH_MS + 123_456_789_012);
  assert.equal(snowflakeMs("0"), DISCORD_EPOCH_MS);
});

Deno.test("snowflakeMs() refuses what is no id", () => {
  assert.throws(() => snowflakeMs("abc"), SyntaxError);
});

const segment = (id: string) => btoa(id).replaceAll("=", "");

Deno.test("botIdOfToken() reads the id of a token, with or without Bot, old and new", () => {
  for (const id of ["123456789012345", "123456789012345678", "1234567890123456789"]) {
    assert.equal(botIdOfToken(`${segment(id)}.Gabcde.x-y_z`), id);
    assert.equal(botIdOfToken(`Bot ${segment(id)}.Gabcde.x-y_z`), id);
  }
});

Deno.test("botIdOfToken() finds none in what is no token", () => {
  const id = segment("123456789012345678");
  const others = ["", "sim-token", id, `${id}.a`, `${id}.a.b.c`, `${segment("words")}.a.b`];
  for (
    const text of [...others, "..", "*.a.b", "abcde.a.b", `${segment("-12345678901234567")}.a.b`]
  ) {
    assert.equal(botIdOfToken(text), null, text);
  }
});

Deno.test("areAtOdds() tells who has a shard of ours in common, under one name", () => {
  const shardsOf = (total: number) => (seat: Seat) => seatsOver(total).of(seat);
  const seat = { id: 1, total: 4 };
  const rows: readonly (readonly [id: number, total: number, isAtOdds: boolean])[] = [
    [1, 4, true],
    [2, 4, false],
    [0, 1, true],
    [1, 2, true],
    [0, 2, false],
    [5, 8, true],
    [1, 8, true],
    [2, 8, false],
  ];
  for (const [id, total, isAtOdds] of rows) {
    const other = { id, total };
    assert.equal(areAtOdds(seat, other, shardsOf(4)), isAtOdds, seatText(other));
    assert.equal(areAtOdds(other, seat, shardsOf(4)), isAtOdds, seatText(other));
  }
  assert.equal(areAtOdds(seat, { ...seat, reader: "logger" }, shardsOf(4)), false);
  assert.ok(areAtOdds({ id: 1, total: 4 }, { id: 0, total: 8 }, shardsOf(1)), "both divide it");
  assert.ok(!areAtOdds({ id: 1, total: 4 }, { id: 0, total: 4 }, shardsOf(1)), "siblings");
});

Deno.test("seatText() and seatFields() tell who reads beside the bot by name", () => {
  const seat = { id: 1, total: 4 };
  assert.deepEqual([seat, { ...seat, reader: "logger" }].map(seatText), ["1/4", "1/4 logger"]);
  assert.deepEqual([seat, { ...seat, reader: "logger" }].map(seatFields), [
    { shardId: 1 },
    { shardId: 1, reader: "logger" },
  ]);
});

Deno.test("rangesText() and shardNames() are short where numbers stand together, and in order", () => {
  assert.equal(rangesText(Array.from({ length: 10_000 }, (_, id) => id)), "0-9999");
  assert.equal(rangesText([5, 0, 3, 2]), "0, 2-3, 5");
  assert.equal(rangesText([0, 2, 3, 5], ","), "0,2-3,5");
  assert.equal(rangesText([]), "");
  assert.deepEqual([[7], [2, 1, 7]].map(shardNames), ["shard 7", "shards 1-2, 7"]);
});

Deno.test("shardText() is the key of what names both numbers in full", () => {
  assert.equal(shardText({ shardId: 3, totalShards: 16 }), shardKeyText({ id: 3, total: 16 }));
});
