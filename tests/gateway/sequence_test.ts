import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReadyFacts } from "../../protocol/discord/gateway_frame.ts";
import { Sequence } from "../../gateway/sequence.ts";
import {
  cursorFloor,
  NO_ESTATE,
  type SessionPoint,
  withCursor,
  withSafe,
  withSession,
} from "../../protocol/estate.ts";

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

const FACTS: ReadyFacts = { user: null, application: null, guildIds: [] } as unknown as ReadyFacts;

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

Deno.test("note() drops what came before, in a replay", () => {
  const sequence = newShard();
  sequence.note(3);
  assert.deepEqual([1, 2, 3].map((s) => sequence.note(s, true)), [null, null, null]);
  assert.equal(sequence.seq, 3);
  assert.equal(sequence.note(4), 4);
  assert.ok(sequence.isResumable);
});

Deno.test("note() raises the base for what came before, else, and nobody can resume by such numbers", () => {
  const sequence = newShard();
  assert.deepEqual([3, 3, 1, 2, 9].map((s) => sequence.note(s)), [3, 4, 5, 6, 13]);
  assert.ok(!sequence.isResumable);
  assert.equal(sequence.begin(), 14);
  assert.ok(sequence.isResumable, "the next session has numbers of its own");
  assert.equal(sequence.note(1), 15);
});

Deno.test("a session that begins with several 0 can be resumed once its numbers grow, and else not", () => {
  const sequence = new Sequence();
  sequence.pickUp(null, 0);
  sequence.begin(0);
  assert.deepEqual([0, 0, 0].map((s) => sequence.note(s)), [1, 2, 3]);
  assert.ok(!sequence.isResumable);
  assert.equal(sequence.note(1), 4);
  assert.ok(sequence.isResumable);
  assert.deepEqual([0, 2].map((s) => sequence.note(s)), [5, 7]);
  assert.ok(!sequence.isResumable, "a 0 in between says that they do not");
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
  assert.deepEqual([0, 1].map((s) => sequence.note(s)), [1, 2]);
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
      const cursor = sequence.note(s, true);
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

/** How a server that is no Discord numbers the event after one that it gave `last`. */
const NEXT: readonly ((last: number) => number)[] = [
  (last) => last + 1,
  (last) => last + 3,
  (last) => last,
  () => 0,
  () => 1,
  (last) => Math.max(0, last - 2),
];
const numbering = fc.record({
  first: fc.constantFrom(0, 0, 1, 5),
  ways: fc.array(fc.constantFrom(...NEXT), { minLength: 1, maxLength: 3 }),
  /** So many events have numbers by these ways, one after the other; those after them count. */
  odd: fc.oneof(fc.nat(5), fc.constant(1_000)),
});
/** Before which of the events the shard's worker dies, and up to which of those before the bot is done. */
const death = fc.record({ at: fc.nat(60), done: fc.nat(60) });

Deno.test("whatever the numbers of a session, each event has one cursor, or the bot is told of a GAP", () => {
  fc.assert(fc.property(numbering, fc.array(death, { maxLength: 3 }), checkOdd), {
    numRuns: 2_000,
    // Two events whose cursors would meet, were the session resumed by a number that came twice.
    examples: [[{ first: 1, ways: [NEXT[2]!], odd: 3 }, [{ at: 3, done: 1 }]]],
  });
});

/** A server that keeps all its events, replays by number, and is resumed by what the estate says. */
function checkOdd(
  { first, ways, odd }: { first: number; ways: readonly ((last: number) => number)[]; odd: number },
  deaths: readonly { at: number; done: number }[],
): void {
  let sequence = new Sequence();
  sequence.pickUp(null, 0);
  sequence.begin(first);
  let estate = withSession(NO_ESTATE, { session: pointAt(sequence.base, 0), facts: FACTS });
  let isAside = false;
  let done = 0;
  const events: { s: number; cursor: number }[] = [];
  const hear = (s: number) => {
    const cursor = sequence.note(s)!;
    assert.ok(cursor > (events.at(-1)?.cursor ?? 0), "cursors do not grow");
    events.push({ s, cursor });
    if (isAside === !sequence.isResumable) return;
    isAside = !isAside;
    const session = isAside ? null : pointAt(sequence.base, 0);
    estate = withSession(estate, { session, facts: FACTS });
  };
  let s = first;
  for (let i = 0; i < 60; i++) {
    hear(s);
    s = i < odd ? ways[i % ways.length]!(s) : s + 1;
    const died = deaths.find(({ at }) => at === i);
    if (!died) continue;
    done = Math.max(done, events[Math.min(died.done, i)]!.cursor);
    estate = withSafe(withCursor(estate, events[i]!.cursor), { acknowledged: done });
    const { session } = estate;
    // Not resumed: the next session begins with a GAP.
    if (!session) return;
    sequence = new Sequence();
    const gap = sequence.pickUp(session, cursorFloor(estate));
    const replayed = events.filter((event) => event.s > session.seq);
    for (const event of replayed) {
      assert.equal(sequence.note(event.s, true), event.cursor, "a replay has another cursor");
    }
    const unseen = events.filter(({ cursor }) => cursor > done);
    const missing = unseen.filter((event) => !replayed.includes(event));
    assert.ok(
      missing.length === 0 || missing.every(({ cursor }) => cursor <= gap!),
      "a loss is untold",
    );
  }
}
