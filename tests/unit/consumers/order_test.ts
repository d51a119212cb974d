import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import type { ShardKeyText } from "../../../protocol/ids.ts";
import { MergedOrder, Merging, parseOrder } from "../../../unit/consumers/order.ts";

const record = (shardId: number, cursor: number): EventRecord => (
  { shardId, cursor, kind: RECORD.DISPATCH, body: new Uint8Array() }
);
const key = (id: number, total = 3): ShardKeyText => `${id}/${total}`;
const orderOf = (...shardIds: number[]) =>
  new MergedOrder({
    acknowledged: 0,
    done: shardIds.map((id) => [key(id), 0] as const),
    places: [],
    repeats: [],
  });

/** What comes of an order: `shard/cursor` under its number. */
function merge(order: MergedOrder) {
  const got = new Map<number, string>();
  const merging = new Merging(order, (number, { shardId, cursor }) => {
    assert.ok(!got.has(number) && number > Math.max(0, ...got.keys()), `${number} has its turn`);
    got.set(number, `${shardId}/${cursor}`);
  });
  return {
    got,
    come: (shardId: number, cursor: number) => merging.come(key(shardId), record(shardId, cursor)),
  };
}

Deno.test("Merging numbers events as they come, and waits for nobody", () => {
  const { got, come } = merge(orderOf(0, 1));
  come(1, 5);
  come(0, 2);
  come(1, 6);
  come(1, 6);
  assert.deepEqual([...got], [[1, "1/5"], [2, "0/2"], [3, "1/6"]]);
});

Deno.test("Merging gives each event the number that it had, in whatever order the shards come again", () => {
  const order = orderOf(0, 1);
  const first = merge(order);
  for (const [shardId, cursor] of [[0, 1], [1, 1], [0, 2], [1, 2]] as const) {
    first.come(shardId, cursor);
  }
  order.acknowledge(1);
  const again = merge(order);
  for (const cursor of [1, 2, 3]) again.come(1, cursor);
  assert.deepEqual([...again.got], [[2, "1/1"]], "the rest waits for shard 0");
  for (const cursor of [1, 2]) again.come(0, cursor);
  assert.deepEqual([...again.got], [[2, "1/1"], [3, "0/2"], [4, "1/2"], [5, "1/3"]]);
});

Deno.test("Merging goes on behind what was dropped for want of room", () => {
  const order = orderOf(0, 1);
  const first = merge(order);
  for (const cursor of [1, 2, 3]) first.come(0, cursor);
  first.come(1, 1);
  const again = merge(order);
  again.come(1, 1);
  again.come(0, 3);
  assert.deepEqual([...again.got], [[3, "0/3"], [4, "1/1"]]);
});

Deno.test("MergedOrder knows how far each shard was at a number", () => {
  const order = new MergedOrder({
    acknowledged: 10,
    done: [[key(0), 7], [key(1), 3]],
    places: [],
    repeats: [],
  });
  order.add([key(0), 8]);
  order.add([key(1), 5]);
  order.add([key(0), 9]);
  const at = (number: number) => [0, 1].map((shardId) => order.cursorAt(number, key(shardId)));
  assert.deepEqual([10, 11, 12, 13, 99].map(at), [[7, 3], [8, 3], [8, 5], [9, 5], [9, 5]]);
  order.acknowledge(12);
  assert.deepEqual([at(12), order.acknowledged, order.last], [[8, 5], 12, 13]);
});

Deno.test("parseOrder() reads what was written down, and nothing else", () => {
  const order = orderOf(0, 1);
  order.add([key(0), 8]);
  order.add([key(1), 5]);
  order.acknowledge(1);
  const saved = order.save();
  assert.deepEqual(parseOrder(JSON.parse(JSON.stringify(saved)), 3), saved);
  const wrong = [null, {}, { ...saved, places: [[1]] }, { ...saved, done: [["0/3", "8"]] }, {
    ...saved,
    done: [["x", 8]],
  }, { ...saved, acknowledged: -1 }];
  assert.deepEqual(wrong.map((value) => parseOrder(value, 3)), wrong.map(() => null));
  const earlier = { ...saved, done: [[0, 8], [1, 0]], places: [[1, 5]] };
  assert.deepEqual(
    parseOrder(earlier, 3),
    saved,
    "it named the shards of the only total by their ids",
  );
});

Deno.test("a merged stream gives every event once, each always under one number, through any interruptions", () => {
  const SHARDS = [0, 1, 2];
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ come: fc.constantFrom(...SHARDS) }) },
    { weight: 2, arbitrary: fc.record({ acknowledge: fc.nat(6) }) },
    { weight: 1, arbitrary: fc.record({ again: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ worker: fc.constantFrom(...SHARDS) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let order = orderOf(...SHARDS);
      const numbers = new Map<string, number>();
      /** Cursor of each shard that comes next. */
      const next = new Map(SHARDS.map((shardId) => [shardId, 1]));
      let had = 0;
      let newest = 1;
      const begin = () => {
        for (const shardId of SHARDS) next.set(shardId, order.done(key(shardId)) + 1);
        return new Merging(order, (number, { shardId, cursor }) => {
          const name = `${shardId}/${cursor}`;
          assert.equal(numbers.get(name) ?? number, number);
          numbers.set(name, number);
          had = Math.max(had, number);
        });
      };
      let merging = begin();
      const come = (shardId: number) => {
        const cursor = next.get(shardId)!;
        newest = Math.max(newest, cursor);
        next.set(shardId, cursor + 1);
        merging.come(key(shardId), record(shardId, cursor));
      };
      for (const each of steps) {
        if ("come" in each) come(each.come);
        else if ("acknowledge" in each) {
          order.acknowledge(had - each.acknowledge);
          merging.acknowledged();
        } else if ("worker" in each) next.set(each.worker, order.done(key(each.worker)) + 1);
        else {
          if (each.again) order = new MergedOrder(order.save());
          merging = begin();
        }
      }
      for (const shardId of SHARDS) while (next.get(shardId)! <= newest) come(shardId);
      assert.equal(numbers.size, newest * SHARDS.length);
      assert.equal(new Set(numbers.values()).size, numbers.size);
    }),
    {
      numRuns: 500,
      // The client is done with what others wait for, which therefore does not come again.
      examples: [[[{ come: 0 }, { again: false }, { come: 1 }, { come: 2 }, { acknowledge: 0 }]]],
    },
  );
});
