import assert from "node:assert/strict";
import fc from "fast-check";
import { Sequence } from "../../gateway/sequence.ts";
import type { SessionPoint } from "../../protocol/estate.ts";

function pointAt(base: number, seq: number): SessionPoint {
  return {
    shardId: 0,
    totalShards: 1,
    intents: 1,
    sessionId: "s",
    resumeUrl: "wss://resume.test",
    seq,
    base,
  };
}

/** A shard that begins for the first time. */
function newShard(): Sequence {
  const sequence = new Sequence();
  sequence.pickUp(null, 0);
  assert.equal(sequence.begin(), null);
  return sequence;
}

Deno.test("the first session of a shard counts as Discord does and tells no GAP", () => {
  const sequence = newShard();
  assert.deepEqual([1, 2, 5].map((s) => sequence.note(s)), [1, 2, 5]);
  assert.equal(sequence.seq, 5);
  assert.equal(sequence.base, 0);
});

Deno.test("note() drops what came before", () => {
  const sequence = newShard();
  sequence.note(3);
  assert.deepEqual([1, 2, 3].map((s) => sequence.note(s)), [null, null, null]);
  assert.equal(sequence.seq, 3);
  assert.equal(sequence.note(4), 4);
});

Deno.test("a new session begins above the last one, with one cursor for the GAP", () => {
  const sequence = newShard();
  for (const s of [1, 2, 3]) sequence.note(s);
  assert.equal(sequence.begin(), 4);
  assert.equal(sequence.seq, 0);
  assert.equal(sequence.note(1), 5);
  assert.equal(sequence.note(2), 6);
});

Deno.test("a session that is counted from 0 has cursors from 1, and one above its GAP", () => {
  const sequence = new Sequence();
  sequence.pickUp(null, 0);
  assert.equal(sequence.begin(0), null);
  assert.deepEqual([0, 0, 1].map((s) => sequence.note(s)), [1, null, 2]);
  assert.equal(sequence.begin(0), 3);
  assert.deepEqual([0, 1].map((s) => sequence.note(s)), [4, 5]);
  assert.equal(sequence.base + sequence.seq, 5);
});

Deno.test("a session without one event is followed by one that begins above its GAP", () => {
  const sequence = newShard();
  sequence.note(1);
  assert.equal(sequence.begin(), 2);
  assert.equal(sequence.begin(), 3);
  assert.equal(sequence.note(1), 4);
});

Deno.test("pickUp() gives replayed events the cursors that they had", () => {
  const first = newShard();
  first.note(1);
  first.begin();
  const cursors = [1, 2, 3, 4].map((s) => first.note(s));
  const second = new Sequence();
  assert.equal(second.pickUp(pointAt(first.base, 2), 1_000_000), null);
  assert.deepEqual([3, 4].map((s) => second.note(s)), cursors.slice(2));
});

Deno.test("pickUp() begins a new session above every cursor that may have been given out", () => {
  const lost = new Sequence();
  lost.pickUp(null, 500);
  assert.equal(lost.begin(), 501);
  const resumable = new Sequence();
  resumable.pickUp(pointAt(100, 7), 500);
  resumable.note(8);
  assert.equal(resumable.begin(), 501);
  const beyond = new Sequence();
  beyond.pickUp(pointAt(600, 7), 500);
  assert.equal(beyond.begin(), 608);
});

Deno.test("pickUp() tells the GAP again when nothing of the session was acknowledged", () => {
  const sequence = new Sequence();
  assert.equal(sequence.pickUp(pointAt(41, 0), 100), 41);
  assert.equal(sequence.note(1), 42);
});

Deno.test("pickUp() tells no GAP before the first session, nor after an acknowledged event", () => {
  assert.equal(new Sequence().pickUp(pointAt(0, 0), 0), null);
  assert.equal(new Sequence().pickUp(pointAt(41, 1), 100), null);
  assert.equal(new Sequence().pickUp(null, 100), null);
});

Deno.test("over any mix of sessions, lives and repeats, no cursor is given to two events", () => {
  const move = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("event" as const), by: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("session" as const), by: fc.nat(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("life" as const), by: fc.nat(9) }) },
  );
  fc.assert(fc.property(fc.array(move, { maxLength: 100 }), checkHistory), { numRuns: 500 });
});

/** `event`: `s` moves on by `by` (0: a repeat); `life`: another worker resumes `by` events back. */
function checkHistory(moves: readonly { kind: "event" | "session" | "life"; by: number }[]): void {
  const cursorOf = new Map<string, number>();
  let sequence = newShard();
  let session = 0;
  let s = 0;
  let highest = 0;
  for (const { kind, by } of moves) {
    if (kind === "session") {
      const gap = sequence.begin();
      assert.equal(gap, highest === 0 ? null : highest + 1);
      highest = gap ?? 0;
      [session, s] = [session + 1, 0];
    } else if (kind === "life") {
      s = Math.max(0, sequence.seq - by);
      const point = pointAt(sequence.base, s);
      sequence = new Sequence();
      sequence.pickUp(point, highest);
    } else {
      s += by;
      const cursor = sequence.note(s);
      const known = cursorOf.get(`${session}/${s}`);
      if (by === 0 || s === 0) assert.equal(cursor, null);
      else if (known !== undefined) assert.equal(cursor, known, "a replay has another cursor");
      else {
        // What a replay skips is below the highest; nothing new may be.
        assert.ok(cursor !== null && cursor > sequence.base);
        assert.ok(![...cursorOf.values()].includes(cursor), "a cursor was given twice");
        cursorOf.set(`${session}/${s}`, cursor);
      }
      highest = Math.max(highest, cursor ?? 0);
    }
  }
}
