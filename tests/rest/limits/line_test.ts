import assert from "node:assert/strict";
import fc from "fast-check";
import { Bucket } from "../../../rest/limits/bucket.ts";
import {
  type Destination,
  type Gate,
  Line,
  placeOf,
  type Waiter,
} from "../../../rest/limits/line.ts";
import type { Ask } from "../../../rest/limits/permits.ts";

const TO: Destination = {
  route: "PATCH /channels/:id",
  major: "channels/1",
  shape: ["name"],
  lane: 3,
};

const waiter = (arrival: number): Waiter => ({ ask: {} as Ask, arrival });
const gate = (key: string): Gate => ({ key, bucket: new Bucket(), lines: new Set() });

function lineOf(lane: number, ...arrivals: number[]): Line {
  const line = new Line("key", { ...TO, lane });
  for (const arrival of arrivals) line.add(waiter(arrival));
  return line;
}

Deno.test("Line is what its requests have in common", () => {
  const line = new Line("a key", TO);
  const { key, route, major, shape, lane, inFlight, waiters, gates } = line;
  assert.deepEqual({ route, major, shape, lane }, TO);
  assert.deepEqual([key, inFlight, waiters, gates], ["a key", 0, [], []]);
  assert.equal(line.place, "PATCH /channels/:id channels/1");
  assert.equal(line.place, placeOf(TO));
});

Deno.test("Line keeps the order of arrival, whatever the order in which requests come back", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(1_000), { maxLength: 40, size: "max" }), (order) => {
    const line = lineOf(3, ...order);
    assert.deepEqual(line.waiters.map(({ arrival }) => arrival), order.sort((a, b) => a - b));
  }));
});

Deno.test("Line puts a request of the same number behind those that were there", () => {
  const line = lineOf(3, 1, 2);
  const late = waiter(1);
  line.add(late);
  assert.equal(line.waiters[1], late);
});

Deno.test("Line takes out the request that is meant, once", () => {
  const line = new Line("key", TO);
  const [first, second, third] = [waiter(1), waiter(2), waiter(3)];
  for (const each of [first!, second!, third!]) line.add(each);
  assert.equal(line.remove(second!), true);
  assert.equal(line.remove(second!), false);
  assert.equal(line.remove(waiter(1)), false, "only looks the same");
  assert.deepEqual(line.waiters, [first, third]);
});

Deno.test("Line stands at the gates that it has to pass, and at no others", () => {
  const line = new Line("key", TO);
  const other = new Line("other", TO);
  const [a, b, c] = [gate("a"), gate("b"), gate("c")];
  line.passBy([a!, b!]);
  other.passBy([a!]);
  line.passBy([b!, c!]);
  assert.deepEqual(line.gates, [b, c]);
  assert.deepEqual([[...a!.lines], [...b!.lines], [...c!.lines]], [[other], [line], [line]]);
  line.passBy([]);
  assert.deepEqual([b!.lines.size, c!.lines.size], [0, 0]);
});

Deno.test("Line goes before another by lane, then by the arrival of its first", () => {
  assert.equal(lineOf(1, 9).isBefore(lineOf(2, 1)), true);
  assert.equal(lineOf(2, 1).isBefore(lineOf(1, 9)), false);
  assert.equal(lineOf(2, 1, 8).isBefore(lineOf(2, 2, 3)), true);
  assert.equal(lineOf(2, 2, 3).isBefore(lineOf(2, 1, 8)), false);
});

Deno.test("Line has one timer: a new one ends the one before", () => {
  const line = new Line("key", TO);
  const cancelled: string[] = [];
  line.wakeBy(() => cancelled.push("first"));
  assert.equal(cancelled.length, 0);
  line.wakeBy(() => cancelled.push("second"));
  assert.deepEqual(cancelled, ["first"]);
  line.wakeBy(null);
  line.wakeBy(null);
  assert.deepEqual(cancelled, ["first", "second"]);
});

Deno.test("placeOf() tells methods, paths and resources apart, and nothing else", () => {
  const { route, major } = TO;
  const places = [
    { route, major },
    { route: "DELETE /channels/:id", major },
    { route, major: "channels/2" },
    { route, major: "" },
  ].map(placeOf);
  assert.equal(new Set(places).size, places.length);
  assert.equal(placeOf({ ...TO, lane: 1, shape: [] } as Destination), places[0]);
});
