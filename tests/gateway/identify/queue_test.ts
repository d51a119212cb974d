import assert from "node:assert/strict";
import {
  IDENTIFY_SLACK_MS,
  IdentifyQueue,
  type IdentifyQueueOptions,
  PERMIT_EXPIRES_MS,
  type SavedIdentifies,
} from "../../../gateway/identify/queue.ts";
import { shardKeyText } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const SPACING_MS = 5000 + IDENTIFY_SLACK_MS;
const DAY_MS = 86_400_000;

const of = (id: number) => ({ total: 16, id });

/** The queue as the shards of one total use it. */
function byId(queue: IdentifyQueue) {
  return {
    expect: (ids: readonly number[]) => queue.expect(ids.map(of)),
    request: (id: number) => queue.request(of(id)),
    sent: (id: number, permit: number) => queue.sent(of(id), permit),
    release: (id: number) => queue.release(of(id)),
    lost: (ids: readonly number[]) => queue.lost(ids.map(of)),
    stop: () => queue.stop(),
    get snapshot() {
      return queue.snapshot;
    },
    /** The queue itself. */
    queue,
  };
}

function setUp(changed: Partial<IdentifyQueueOptions> = {}) {
  const clock = createVirtualClock();
  const allowed: string[] = [];
  const permits = new Map<number, number>();
  const saved: SavedIdentifies[] = [];
  const queue = byId(
    new IdentifyQueue({
      clock,
      maxConcurrency: 1,
      budget: { total: 1000, remaining: 1000, resetAtMs: clock.wallMs() + DAY_MS },
      reserve: 100,
      allow({ id }, permit) {
        allowed.push(`${clock.now()}: ${id}`);
        permits.set(id, permit);
      },
      spent: (spent) => saved.push(spent),
      ...changed,
    }),
  );
  const sent = (shardId: number) => queue.sent(shardId, permits.get(shardId)!);
  return { clock, allowed, permits, saved, queue, sent };
}

Deno.test("the spacing of a key counts from when IDENTIFY was sent, not from the permit", async () => {
  const { clock, allowed, queue, sent } = setUp();
  queue.request(0);
  queue.request(1);
  await clock.advance(20_000);
  assert.deepEqual(allowed, ["0: 0"]);
  sent(0);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["0: 0", `${20_000 + SPACING_MS}: 1`]);
});

Deno.test("keys do not wait for each other, groups do", async () => {
  const { clock, allowed, queue, sent } = setUp({ maxConcurrency: 2 });
  for (const shardId of [3, 1, 0, 2]) queue.request(shardId);
  assert.deepEqual(allowed, ["0: 3", "0: 0"]);
  sent(3);
  sent(0);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed.slice(2), [`${SPACING_MS}: 1`], "group 1 waits for all of group 0");
  sent(1);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed.slice(3), [`${SPACING_MS}: 2`]);
});

Deno.test("a shard that is about to ask goes before those of later groups, unless it is gone", () => {
  const asked = setUp();
  asked.queue.expect([0, 1]);
  asked.queue.request(2);
  assert.deepEqual(asked.allowed, []);
  asked.queue.request(0);
  assert.deepEqual(asked.allowed, ["0: 0"]);
  for (const gone of ["release", "lost"] as const) {
    const { allowed, queue } = setUp();
    queue.expect([0]);
    queue.request(1);
    if (gone === "lost") queue.lost([0]);
    else queue.release(0);
    assert.deepEqual(allowed, ["0: 1"]);
  }
});

Deno.test("asking twice is asking once", () => {
  const { allowed, queue, sent } = setUp();
  queue.request(0);
  queue.request(1);
  queue.request(1);
  sent(0);
  assert.equal(queue.snapshot.waiting, 1);
  assert.deepEqual(allowed, ["0: 0"]);
});

Deno.test("a shard that asks again with a permit in hand may have used it", async () => {
  const { clock, allowed, queue, saved } = setUp();
  queue.request(0);
  queue.request(0);
  assert.equal(saved.at(-1)!.budget.remaining, 999);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["0: 0", `${SPACING_MS}: 0`]);
});

Deno.test("a permit that is given back costs nothing and goes to the next at once", () => {
  const { allowed, queue, saved } = setUp();
  queue.request(0);
  queue.request(1);
  queue.release(0);
  assert.deepEqual(allowed, ["0: 0", "0: 1"]);
  assert.equal(saved.length, 0);
});

Deno.test("a request that is taken back is not granted", async () => {
  const { clock, allowed, queue, sent } = setUp();
  queue.request(0);
  queue.request(1);
  queue.release(1);
  sent(0);
  await clock.advance(60_000);
  assert.deepEqual(allowed, ["0: 0"]);
  assert.equal(queue.snapshot.waiting, 0);
});

Deno.test("a permit that nobody uses is void after its time, and counts as used", async () => {
  const { clock, allowed, queue, saved } = setUp();
  queue.request(0);
  queue.request(1);
  await clock.advance(PERMIT_EXPIRES_MS + SPACING_MS - 1);
  assert.deepEqual(allowed, ["0: 0"]);
  assert.equal(saved.at(-1)!.budget.remaining, 999);
  await clock.advance(1);
  assert.equal(allowed.length, 2);
});

Deno.test("what a lost worker held counts as used, what it asked for is forgotten", async () => {
  const { clock, allowed, queue, saved } = setUp();
  for (const shardId of [0, 1, 2]) queue.request(shardId);
  queue.lost([0, 1]);
  assert.equal(saved.length, 1);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["0: 0", `${SPACING_MS}: 2`]);
});

Deno.test("an IDENTIFY with a permit that is void is paid for all the same", async () => {
  const { clock, allowed, queue, permits } = setUp();
  queue.request(0);
  const permit = permits.get(0)!;
  await clock.advance(PERMIT_EXPIRES_MS + SPACING_MS);
  queue.sent(0, permit);
  queue.request(1);
  assert.equal(queue.snapshot.remaining, 998);
  await clock.advance(SPACING_MS - 1);
  assert.deepEqual(allowed, ["0: 0"]);
});

Deno.test("word of an old permit does not use up the new one", async () => {
  const { clock, allowed, queue, permits, sent } = setUp();
  queue.request(0);
  const old = permits.get(0)!;
  queue.request(0);
  await clock.advance(SPACING_MS);
  queue.sent(0, old);
  queue.request(1);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["0: 0", `${SPACING_MS}: 0`], "the key was given away");
  sent(0);
  await clock.advance(SPACING_MS);
  assert.equal(allowed.length, 3);
});

Deno.test("the pace goes on from what an earlier life wrote down", async () => {
  const first = setUp({ maxConcurrency: 2 });
  first.queue.request(1);
  first.sent(1);
  const { lastSentAtMs } = first.saved.at(-1)!;
  const second = setUp({ maxConcurrency: 2, lastSentAtMs });
  second.queue.request(0);
  second.queue.request(1);
  assert.deepEqual(second.allowed, ["0: 0"]);
  await second.clock.advance(SPACING_MS);
  assert.deepEqual(second.allowed, ["0: 0", `${SPACING_MS}: 1`]);
});

Deno.test("a wall clock that was set back makes a key wait once, not for the difference", async () => {
  const { clock, allowed, queue } = setUp({ lastSentAtMs: { 0: Date.UTC(2030, 0, 1) } });
  queue.request(0);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, [`${SPACING_MS}: 0`]);
});

Deno.test("the reserve is kept, permits under way included, until the day is over", async () => {
  const wallMs = createVirtualClock().wallMs();
  const budget = { total: 10, remaining: 5, resetAtMs: wallMs + 3_600_000 };
  const { clock, allowed, queue, sent } = setUp({ maxConcurrency: 8, budget, reserve: 3 });
  for (const shardId of [0, 1, 2, 3]) queue.request(shardId);
  assert.deepEqual(allowed, ["0: 0", "0: 1"]);
  sent(0);
  sent(1);
  const { remaining, waiting, resetAfterMs, nextSlotMs } = queue.snapshot;
  assert.deepEqual([remaining, waiting, resetAfterMs, nextSlotMs], [3, 2, 3_600_000, 3_600_000]);
  await clock.advance(3_600_000);
  assert.deepEqual(allowed.slice(2), ["3600000: 2", "3600000: 3"]);
});

Deno.test("a computer's clock that is set ahead refills no budget", async () => {
  const resetAtMs = createVirtualClock().epochMs() + 3_600_000;
  const budget = { total: 10, remaining: 4, resetAtMs };
  const { clock, allowed, queue, sent } = setUp({ maxConcurrency: 8, budget, reserve: 3 });
  queue.request(0);
  sent(0);
  clock.jump(2 * 3_600_000);
  queue.request(1);
  await clock.advance(60_000);
  assert.deepEqual(allowed, ["0: 0"]);
  assert.equal(queue.snapshot.remaining, 3);
  await clock.advance(3_540_000);
  assert.deepEqual(allowed, ["0: 0", "3600000: 1"]);
});

Deno.test("the queue tells once that the reserve holds shards back, until when, and that it goes on", async () => {
  const wallMs = createVirtualClock().wallMs();
  const held: unknown[] = [];
  const budget = { total: 10, remaining: 5, resetAtMs: wallMs + 3_600_000 };
  const { clock, queue, sent } = setUp({
    ...{ maxConcurrency: 8, budget, reserve: 3 },
    held: (hold) => held.push(hold),
  });
  queue.request(0);
  assert.deepEqual([queue.snapshot.held, held], [null, []]);
  queue.request(1);
  sent(0);
  sent(1);
  for (const shardId of [2, 3]) queue.request(shardId);
  const hold = { untilMs: wallMs + 3_600_000 };
  assert.deepEqual([queue.snapshot.held, held], [hold, [hold]]);
  await clock.advance(3_600_000);
  assert.deepEqual([queue.snapshot.held, held], [null, [hold, null]]);
});

Deno.test("the queue does not tell that it goes on when it stops", () => {
  const held: unknown[] = [];
  const budget = { total: 10, remaining: 1, resetAtMs: Number.MAX_SAFE_INTEGER };
  const { queue } = setUp({ budget, reserve: 3, held: (hold) => held.push(hold) });
  queue.request(0);
  queue.stop();
  queue.release(0);
  assert.deepEqual(held, [{ untilMs: Number.MAX_SAFE_INTEGER }]);
});

Deno.test("the queue tells that a reserve as large as the day's identifies holds shards back for ever", () => {
  const budget = { total: 10, remaining: 10, resetAtMs: Number.MAX_SAFE_INTEGER };
  const { allowed, queue } = setUp({ budget, reserve: 10 });
  queue.request(0);
  assert.deepEqual([queue.snapshot.held, allowed], [{ untilMs: null }, []]);
  queue.release(0);
  assert.equal(queue.snapshot.held, null);
});

Deno.test("several keys that come free at once share what is left above the reserve", async () => {
  const wallMs = createVirtualClock().wallMs();
  const { clock, allowed, queue } = setUp({
    maxConcurrency: 8,
    budget: { total: 10, remaining: 5, resetAtMs: Number.MAX_SAFE_INTEGER },
    reserve: 3,
    lastSentAtMs: { 1: wallMs, 2: wallMs },
  });
  for (const shardId of [0, 1, 2]) queue.request(shardId);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["0: 0", `${SPACING_MS}: 1`]);
});

Deno.test("identifies that nobody was allowed do not free the reserve for more", () => {
  const budget = { total: 10, remaining: 5, resetAtMs: Number.MAX_SAFE_INTEGER };
  const { allowed, queue } = setUp({ maxConcurrency: 8, budget, reserve: 3 });
  for (const shardId of [0, 1, 2, 3, 4, 5, 6]) queue.request(shardId);
  assert.equal(allowed.length, 2);
  for (const shardId of [8, 9]) queue.sent(shardId, 99);
  queue.request(7);
  assert.equal(allowed.length, 2);
});

Deno.test("a budget that can never be above the reserve is waited for without a timer", async () => {
  const budget = { total: 2, remaining: 2, resetAtMs: 0 };
  const { clock, allowed, queue } = setUp({ maxConcurrency: 2, budget, reserve: 1 });
  const after = clock.after.bind(clock);
  let timers = 0;
  clock.after = (delayMs, task) => {
    assert.ok(++timers < 100, "the queue spins");
    return after(delayMs, task);
  };
  queue.request(0);
  queue.request(1);
  await clock.advance(1_000);
  assert.deepEqual(allowed, ["0: 0"]);
  assert.equal(queue.snapshot.nextSlotMs, 0);
  queue.release(0);
  assert.deepEqual(allowed, ["0: 0", "1000: 1"]);
});

Deno.test("stop() grants nothing any more, but still counts what was sent", async () => {
  const { clock, allowed, queue, saved, sent } = setUp();
  queue.request(0);
  queue.request(1);
  queue.stop();
  sent(0);
  queue.request(2);
  await clock.advance(DAY_MS);
  assert.deepEqual(allowed, ["0: 0"]);
  assert.equal(saved.length, 1);
});

Deno.test("shards of two totals wait beside each other, and share the pace of their key", async () => {
  const grants: string[] = [];
  const { clock, queue: { queue } } = setUp({
    maxConcurrency: 16,
    allow: (shard, permit) => void grants.push(`${shardKeyText(shard)} ${permit}`),
  });
  const [old, young] = [{ total: 16, id: 3 }, { total: 32, id: 3 }];
  queue.request(young);
  queue.request(old);
  queue.request({ total: 32, id: 19 });
  assert.deepEqual(grants, ["3/32 1"], "one of a key at a time");
  queue.release(old);
  assert.equal(queue.snapshot.waiting, 1, "the other one of its id is not taken off");
  queue.request(old);
  queue.sent(young, 1);
  await clock.advance(SPACING_MS);
  assert.deepEqual(grants, ["3/32 1", "3/16 2"], "group 0 first");
  queue.lost([young]);
  await clock.advance(SPACING_MS);
  assert.equal(grants.length, 2, "the permit of the other one of its id is not taken");
  queue.sent(old, 2);
  await clock.advance(SPACING_MS);
  assert.deepEqual(grants.at(-1), "19/32 3");
});
