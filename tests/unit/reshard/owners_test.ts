import assert from "node:assert/strict";
import { type ShardKey, shardKeyText, shardRange } from "../../../protocol/ids.ts";
import { lotsOf } from "../../../protocol/reshard.ts";
import { seededRandom } from "../../../ports/random.ts";
import { Owners } from "../../../unit/reshard/owners.ts";

const guild = (place: number) => String(BigInt(place) << 22n);
const texts = (shards: readonly ShardKey[] | null) => shards && shards.map(shardKeyText).join(" ");

Deno.test("Owners without a move are the shards of one total", () => {
  const owners = new Owners({ total: 3, move: null });
  assert.deepEqual([owners.total, owners.totals], [3, [3]]);
  assert.equal(texts(owners.serving), "0/3 1/3 2/3");
  assert.deepEqual(owners.shardOf(guild(5)), { total: 3, id: 2 });
  assert.equal(texts(owners.shardsOf({ total: 3, id: 1 })), "1/3");
  assert.equal(owners.shardsOf({ total: 3, id: 3 }), null);
  assert.equal(owners.shardsOf({ total: 2, id: 0 }), null);
});

Deno.test("Owners in the midst of a move: each lot has its own, and the unit goes by the total that is left", () => {
  const owners = new Owners({ total: 2, move: { to: 4, moved: [1] } });
  assert.deepEqual([owners.total, owners.totals], [2, [2, 4]]);
  assert.equal(texts(owners.serving), "0/2 1/4 3/4");
  assert.deepEqual([0, 1, 2, 3].map((place) => shardKeyText(owners.shardOf(guild(place)))), [
    "0/2",
    "1/4",
    "0/2",
    "3/4",
  ]);
});

Deno.test("Owners have what is of no guild with the lot of shard 0", () => {
  assert.deepEqual(new Owners({ total: 2, move: { to: 4, moved: [] } }).shardOf(""), {
    total: 2,
    id: 0,
  });
  assert.deepEqual(new Owners({ total: 2, move: { to: 4, moved: [0] } }).shardOf(""), {
    total: 4,
    id: 0,
  });
});

Deno.test("Owners name the shards of a seat, of both totals where it has lots of both", () => {
  const owners = new Owners({ total: 2, move: { to: 4, moved: [1] } });
  const of = (total: number, id: number) => texts(owners.shardsOf({ total, id }));
  assert.equal(of(1, 0), "0/2 1/4 3/4");
  assert.equal(of(2, 0), "0/2");
  assert.equal(of(2, 1), "1/4 3/4");
  assert.equal(of(4, 0), "0/2", "a part");
  assert.equal(of(4, 3), "3/4");
  assert.equal(of(8, 7), "3/4", "a part");
  assert.equal(of(3, 0), null);
  assert.deepEqual([owners.serves({ total: 2, id: 1 }), owners.serves({ total: 4, id: 1 })], [
    false,
    true,
  ]);
});

Deno.test("Owners: every guild has one owner, and the shards of a seat have its guilds, random", () => {
  const random = seededRandom(13);
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  for (let round = 0; round < 400; round++) {
    const [total, to, seats] = [upTo(8), upTo(12), upTo(24)];
    const moved = lotsOf(total, to).map(({ rest }) => rest).filter(() => random() < 0.5);
    const owners = new Owners({ total, move: { to, moved } });
    const has = (shard: ShardKey, place: number) => place % shard.total === shard.id;
    // As many as it takes until the pattern of all three begins anew.
    const places = shardRange(0, total * to * seats - 1);
    for (const place of places) {
      const theirs = owners.serving.filter((shard) => has(shard, place));
      assert.equal(texts(theirs), shardKeyText(owners.shardOf(guild(place))));
    }
    for (let id = 0; id < seats; id++) {
      const seat = { total: seats, id };
      const its = places.filter((place) => has(seat, place));
      const needed = owners.serving.filter((shard) => its.some((place) => has(shard, place)));
      assert.equal(texts(owners.sharing(seat)), texts(needed));
      const isWhole = needed.every((shard) => places.every((p) => !has(shard, p) || has(seat, p)));
      const isPart = needed.length === 1;
      const expected = isWhole || isPart ? needed : null;
      const name = `${total} to ${to}, moved ${moved}, seat ${shardKeyText(seat)}`;
      assert.equal(texts(owners.shardsOf(seat)), texts(expected), name);
    }
  }
});
