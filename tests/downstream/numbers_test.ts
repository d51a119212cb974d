import assert from "node:assert/strict";
import { DownstreamNumbers } from "../../downstream/numbers.ts";
import { type EventRecord, gapRecord, RECORD } from "../../protocol/event_frame.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (payload: string | Uint8Array | null) =>
  payload instanceof Uint8Array ? new TextDecoder().decode(payload) : payload;

function event(cursor: number, t = "X"): EventRecord {
  const body = bytes(`{"t":"${t}","s":3,"op":0,"d":{"s":3}}`);
  return { shardId: 5, kind: RECORD.DISPATCH, cursor, body };
}

Deno.test("DownstreamNumbers counts from the session's base, whatever Discord's numbers are", () => {
  const numbers = new DownstreamNumbers(99, 1);
  assert.equal(numbers.s, 1);
  assert.equal(text(numbers.take(event(101))), '{"t":"X","s":2,"op":0,"d":{"s":3}}');
  assert.equal(text(numbers.take(event(5000))), '{"t":"X","s":4901,"op":0,"d":{"s":3}}');
  assert.equal(numbers.s, 4901);
});

Deno.test("DownstreamNumbers drops what came before", () => {
  const numbers = new DownstreamNumbers(0, 10);
  assert.equal(numbers.take(event(10)), null);
  assert.notEqual(numbers.take(event(11)), null);
  assert.equal(numbers.take(event(11)), null);
  assert.equal(numbers.take(event(9)), null);
  assert.notEqual(numbers.take(event(12)), null);
});

Deno.test("DownstreamNumbers does not pass on READY and RESUMED, nor kinds it does not know", () => {
  const numbers = new DownstreamNumbers(0, 10);
  assert.equal(numbers.take(event(11, "READY")), null);
  assert.equal(numbers.take(event(12, "RESUMED")), null);
  assert.equal(numbers.take({ ...event(13), kind: 9 }), null);
  assert.equal(numbers.s, 10);
  assert.ok(numbers.hasReached(13));
  assert.ok(!numbers.hasReached(14));
});

Deno.test("DownstreamNumbers tells a gap in the client's numbers", () => {
  const numbers = new DownstreamNumbers(90, 10);
  const told = JSON.parse(
    text(numbers.take(gapRecord(5, { from: 101, to: 120, count: 9, reason: "full" })))!,
  );
  const d = { shard: 5, from: 11, to: 30, count: 9, reason: "full" };
  assert.deepEqual(told, { t: "GATEHOUSE_GAP", s: 30, op: 0, d });
  assert.notEqual(numbers.take(event(121)), null);
  assert.equal(numbers.s, 31);
});

Deno.test("DownstreamNumbers tells null where nobody knows how many are missing", () => {
  const told = text(
    new DownstreamNumbers(90, 10).take(
      gapRecord(5, { from: null, to: 120, count: null, reason: "x" }),
    ),
  );
  const { from, to, count } = JSON.parse(told!).d;
  assert.deepEqual([from, to, count], [null, 30, null]);
});

Deno.test("DownstreamNumbers has a GAP for a record that it cannot read", () => {
  const numbers = new DownstreamNumbers(90, 10);
  const poison = { ...event(105), body: Uint8Array.of(0xff) };
  assert.throws(() => numbers.take(poison), SyntaxError);
  const { from, to, count } = JSON.parse(numbers.missing(poison)).d;
  assert.deepEqual([from, to, count], [15, 15, 1]);
  assert.equal(numbers.cursorOf(15), 105);
  assert.equal(numbers.take(poison), null, "it came already");
});

Deno.test("DownstreamNumbers does not tell as missing what the client has", () => {
  const numbers = new DownstreamNumbers(90, 10);
  numbers.take(event(105));
  const told = text(numbers.take(gapRecord(5, { from: 101, to: 120, count: 9, reason: "full" })));
  const { from, to, count } = JSON.parse(told!).d;
  assert.deepEqual([from, to, count], [16, 30, null]);
});

Deno.test("DownstreamNumbers knows the cursor of a number that was given out, and of no other", () => {
  const numbers = new DownstreamNumbers(99, 1);
  numbers.take(event(105));
  assert.equal(numbers.cursorOf(1), 100);
  assert.equal(numbers.cursorOf(6), 105);
  assert.equal(numbers.cursorOf(7), null);
  assert.equal(numbers.cursorOf(0), null);
});

Deno.test("DownstreamNumbers gives numbers to what comes before the events, which acknowledge none", () => {
  const numbers = new DownstreamNumbers(96, 1, 100);
  assert.deepEqual([numbers.next(), numbers.next(), numbers.next()], [2, 3, 4]);
  assert.equal(numbers.cursorOf(3), null);
  assert.equal(numbers.cursorOf(4), 100);
  assert.equal(numbers.take(event(100)), null, "it is older than the session");
  assert.equal(text(numbers.take(event(101))), '{"t":"X","s":5,"op":0,"d":{"s":3}}');
});

Deno.test("DownstreamNumbers goes on in the midst of what comes before the events", () => {
  const numbers = new DownstreamNumbers(96, 2, 100);
  assert.equal(numbers.s, 2);
  assert.ok(numbers.hasReached(100) && !numbers.hasReached(101));
  assert.deepEqual([numbers.next(), numbers.next()], [3, 4]);
});
