import assert from "node:assert/strict";
import fc from "fast-check";
import { ReadyQueue } from "../../../rest/limits/ready_queue.ts";

function drain<Item>(queue: ReadyQueue<Item>): Item[] {
  const items: Item[] = [];
  while (queue.size > 0) items.push(queue.shift()!);
  return items;
}

Deno.test("ReadyQueue takes the oldest of the lowest lane first", () => {
  const queue = new ReadyQueue<string>();
  queue.add("d", 4, 1);
  queue.add("a", 0, 4);
  queue.add("e", 4, 2);
  queue.add("b", 2, 3);
  queue.add("c", 2, 5);
  assert.equal(queue.first, "a");
  assert.equal(queue.size, 5, "looking takes nothing");
  assert.deepEqual(drain(queue), ["a", "b", "c", "d", "e"]);
});

Deno.test("ReadyQueue puts an item that comes back in its old place", () => {
  const queue = new ReadyQueue<string>();
  for (const [item, order] of [["b", 2], ["d", 4], ["a", 1], ["c", 3]] as const) {
    queue.add(item, 3, order);
  }
  assert.deepEqual(drain(queue), ["a", "b", "c", "d"]);
});

Deno.test("ReadyQueue keeps items of one order as they came", () => {
  const queue = new ReadyQueue<string>();
  queue.add("z", 1, 7);
  for (const item of ["a", "b", "c"]) queue.add(item, 1, 5);
  assert.deepEqual(drain(queue), ["a", "b", "c", "z"]);
});

Deno.test("ReadyQueue has nothing when it is empty, and can be filled again", () => {
  const queue = new ReadyQueue<string>();
  assert.deepEqual([queue.first, queue.shift(), queue.size], [undefined, undefined, 0]);
  queue.add("a", 1, 0);
  assert.deepEqual([queue.size, queue.shift(), queue.shift(), queue.size], [1, "a", undefined, 0]);
});

Deno.test("ReadyQueue takes one item out of its turn, the first that matches", () => {
  const queue = new ReadyQueue<number>();
  for (const [item, lane] of [[3, 2], [4, 2], [1, 1], [6, 2]] as const) queue.add(item, lane, 0);
  assert.equal(queue.remove((item) => item % 2 === 0), 4);
  assert.equal(queue.remove((item) => item > 9), undefined);
  assert.equal(queue.size, 3);
  assert.deepEqual(drain(queue), [1, 3, 6]);
});

const MOVE = fc.record({
  kind: fc.constantFrom("add", "add", "shift", "remove"),
  lane: fc.nat(4),
  order: fc.nat(5),
});

Deno.test("ReadyQueue is a list sorted by lane and order, whatever is done to it", () => {
  fc.assert(fc.property(fc.array(MOVE, { maxLength: 60, size: "max" }), (moves) => {
    const queue = new ReadyQueue<object>();
    const list: { readonly lane: number; readonly order: number }[] = [];
    for (const item of moves) {
      const { kind, lane, order } = item;
      if (kind === "add") {
        queue.add(item, lane, order);
        list.push(item);
        list.sort((a, b) => a.lane - b.lane || a.order - b.order);
      } else if (kind === "shift") assert.equal(queue.shift(), list.shift());
      else {
        const at = list.findIndex((other) => other.order === order);
        const [wanted] = at < 0 ? [] : list.splice(at, 1);
        assert.equal(queue.remove((other) => (other as typeof item).order === order), wanted);
      }
      assert.deepEqual([queue.size, queue.first], [list.length, list[0]]);
    }
    assert.deepEqual(drain(queue), list);
  }));
});
