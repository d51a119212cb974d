import assert from "node:assert/strict";
import { Links } from "../../../link/links.ts";
import {
  BATCH_LIMITS,
  MOST_POSTS,
  type PostFailure,
  PostOut,
} from "../../../link/post/post_out.ts";
import { encodeBatch, RECORD } from "../../../protocol/event_frame.ts";
import { seededRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { cluster } from "../../support/peers.ts";
import { type PostedJson, postReceiver } from "../../support/post_receiver.ts";

/** A worker's end: sends all that is not acknowledged with each link, as a lane does. */
function setUp({ waitMs = 0, answerMs = 10_000, receives = true, heedsSignal = true } = {}) {
  const clock = createVirtualClock();
  const receiver = postReceiver(clock);
  if (!receives) receiver.answer = () => "refused";
  const failures: PostFailure[] = [];
  let ids = 0;
  let link: number | null = null;
  const cursors = new Map<number, number>();
  let unacknowledged: { shardId: number; cursor: number; bytes: number }[] = [];
  const links = new Links({
    clock,
    totalShards: 4,
    stream: "a",
    peers: () => [cluster(0)],
    link(_, number) {
      link = number;
      if (number !== null) clock.soon(() => send(unacknowledged));
    },
    acknowledged(_, number, done) {
      assert.equal(number, link);
      unacknowledged = unacknowledged.filter(({ shardId, cursor }) =>
        cursor > (done.cursors[shardId] ?? -1)
      );
    },
  });
  function send(records: typeof unacknowledged): void {
    if (link === null || records.length === 0) return;
    const batch = encodeBatch(
      4,
      records.map(({ shardId, cursor, bytes }) => {
        const d = "x".repeat(bytes);
        const body = new TextEncoder().encode(JSON.stringify({ t: "X", s: cursor, op: 0, d }));
        return { shardId, kind: RECORD.DISPATCH, cursor, body };
      }),
    );
    links.deliver(cluster(0), link, batch);
  }
  const out = new PostOut({
    peer: cluster(0),
    url: "https://bot.test/events",
    secretKey: "a secret",
    headers: { "gatehouse-worker": "3" },
    links,
    clock,
    random: () => 1,
    waitMs,
    answerMs,
    // An answer that has begun comes to its end.
    post: (request) =>
      receiver.post(heedsSignal ? request : { ...request, signal: new AbortController().signal }),
    newId: () => `id ${++ids}`,
    failed: (failure) => failures.push(failure),
  });
  return {
    clock,
    receiver,
    failures,
    links,
    out,
    isUp: () => link !== null,
    waiting: () => unacknowledged.length,
    /** An event of each of these shards comes. */
    emit(shardIds: number[], bytes = 0): void {
      const records = shardIds.map((shardId) => {
        const cursor = (cursors.get(shardId) ?? 0) + 1;
        cursors.set(shardId, cursor);
        return { shardId, cursor, bytes };
      });
      unacknowledged.push(...records);
      send(records);
    },
    /** Each event came, once, in the order of its shard, and was acknowledged. */
    assertAllCame(): void {
      for (const [shardId, cursor] of cursors) {
        const came = receiver.got.filter((event: PostedJson) => event.shardId === shardId);
        assert.deepEqual(came.map((event) => event.cursor), range(1, cursor));
      }
      assert.equal(unacknowledged.length, 0);
      assert.ok(receiver.underWay.sameShard <= 1, "two batches of a shard at a time");
    },
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

Deno.test("PostOut asks first whether the receiver is there, then the link is up", async () => {
  const { clock, receiver, isUp } = setUp();
  assert.equal(isUp(), false);
  await clock.advance(receiver.latencyMs);
  assert.equal(isUp(), true);
  assert.deepEqual(receiver.posts.map(({ events }) => events), [[]]);
  const { headers } = receiver.posts[0]!;
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["gatehouse-worker"], "3");
  assert.equal(headers.authorization, undefined, "the secret itself is not sent");
});

Deno.test("PostOut sends an event that comes alone at once, and acknowledges it by its answer", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.emit([2]);
  await world.clock.advance(0);
  assert.deepEqual(world.receiver.posts.at(-1)!.events.map(({ cursor }) => cursor), [1]);
  assert.equal(world.waiting(), 1);
  await world.clock.advance(5);
  world.assertAllCame();
});

Deno.test("PostOut collects while a batch of the shard is under way, and for as long as it is told to", async () => {
  const at = async (waitMs: number) => {
    const world = setUp({ waitMs });
    await world.clock.advance(5);
    const before = world.receiver.posts.length;
    for (let i = 0; i < 20; i++) {
      world.emit([0]);
      await world.clock.advance(1);
    }
    await world.clock.advance(1_000);
    world.assertAllCame();
    return world.receiver.posts.length - before;
  };
  assert.ok(await at(0) <= 5, "one batch at a time");
  assert.equal(await at(100), 1);
});

Deno.test("PostOut bounds a batch, and how many are under way", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.receiver.latencyMs = 50;
  for (let i = 0; i < 40; i++) {
    world.emit([i % 20], BATCH_LIMITS.bytes / 2);
    if (i % 4 === 3) await world.clock.advance(1);
  }
  for (let i = 0; i < 1_200; i++) world.emit([30]);
  await world.clock.advance(5_000);
  world.assertAllCame();
  const { posts, underWay } = world.receiver;
  assert.ok(underWay.most > 2 && underWay.most <= MOST_POSTS, `${underWay.most} at a time`);
  assert.equal(Math.max(...posts.map(({ events }) => events.length)), BATCH_LIMITS.events);
});

Deno.test("PostOut keeps what failed, tries it with growing pauses under one id, and goes on", async () => {
  const world = setUp();
  const { clock, receiver, failures } = world;
  await clock.advance(5);
  receiver.answer = () => ({ status: 503, text: "later" });
  world.emit([0, 1]);
  await clock.advance(5);
  assert.equal(world.isUp(), false);
  world.emit([0]);
  await clock.advance(1_700);
  receiver.answer = () => ({});
  assert.deepEqual(failures.map(({ kind, reason, delayMs }) => [kind, reason, delayMs]), [
    ["later", "it answered 503: later", 250],
    ["later", "it answered 503: later", 500],
    ["later", "it answered 503: later", 1_000],
  ]);
  const tried = receiver.posts.slice(1);
  assert.equal(tried.length, 3);
  assert.equal(new Set(tried.map(({ id }) => id)).size, 1);
  assert.equal(failures[0]!.batchId, tried[0]!.id);
  await clock.advance(2_000);
  assert.equal(world.isUp(), true);
  world.assertAllCame();
  assert.equal(receiver.repeats, 0);
});

Deno.test("PostOut does as Retry-After says", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.receiver.answer = () => ({ status: 429, retryAfter: "7" });
  world.emit([0]);
  await world.clock.advance(5);
  assert.deepEqual(world.failures.map(({ delayMs }) => delayMs), [7_000]);
  world.receiver.answer = () => ({});
  await world.clock.advance(6_999);
  assert.equal(world.receiver.posts.length, 2);
  await world.clock.advance(10);
  world.assertAllCame();
});

Deno.test("PostOut tells of what will not get better, keeps it, and goes on once it has", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.receiver.answer = () => ({ status: 401, text: "wrong signature" });
  world.emit([0]);
  await world.clock.advance(60_000);
  const [{ kind, hint }] = world.failures as [PostFailure];
  assert.equal(kind, "refused");
  assert.match(hint!, /EVENT_HANDLER_SECRET_KEY/);
  assert.equal(world.waiting(), 1);
  world.receiver.answer = () => ({});
  await world.clock.advance(11_000);
  world.assertAllCame();
});

Deno.test("PostOut gives up on an answer that does not come, and what arrived all the same is a repeat", async () => {
  const world = setUp({ answerMs: 1_000 });
  const { clock, receiver } = world;
  await clock.advance(5);
  receiver.answer = () => "lost";
  world.emit([0]);
  await clock.advance(5);
  receiver.answer = () => ({});
  receiver.latencyMs = 5_000;
  await clock.advance(2_000);
  assert.match(world.failures.at(-1)!.reason, /no answer within 1000 ms/);
  receiver.latencyMs = 5;
  await clock.advance(5_000);
  world.assertAllCame();
  assert.equal(receiver.repeats, 1);
});

Deno.test("PostOut sends less at a time to a receiver that says 413, down to single events", async () => {
  const world = setUp();
  const { clock, receiver } = world;
  await clock.advance(5);
  receiver.answer = ({ events }) => ({ status: events.length > 3 ? 413 : 204 });
  for (let i = 0; i < 50; i++) world.emit([0, 1, 2]);
  await clock.advance(2_000);
  world.assertAllCame();
  assert.deepEqual([world.failures, receiver.repeats, world.isUp()], [[], 0, true]);
  receiver.answer = () => ({ status: 413 });
  world.emit([0]);
  await clock.advance(5);
  assert.match(world.failures[0]!.hint!, /raise its limit/);
});

Deno.test("PostOut that finds nobody brings everything once somebody is there", async () => {
  const world = setUp({ receives: false });
  world.emit([0, 1]);
  await world.clock.advance(30_000);
  assert.equal(world.isUp(), false);
  assert.equal(world.failures[0]!.reason, "connection refused");
  world.receiver.answer = () => ({});
  await world.clock.advance(10_100);
  world.assertAllCame();
});

Deno.test("PostOut ends with the answers that are under way, and begins nothing more", async () => {
  const world = setUp();
  const { clock, receiver, links, out } = world;
  await clock.advance(5);
  receiver.latencyMs = 100;
  world.emit([0]);
  await clock.advance(1);
  world.emit([0]);
  links.bye("the unit stops");
  let isSettled = false;
  out.settled().then(() => isSettled = true);
  await clock.advance(98);
  assert.equal(isSettled, false);
  await clock.advance(2);
  assert.equal(isSettled, true);
  assert.equal(world.waiting(), 1, "the one that was under way is acknowledged");
  out.hangUp();
  await clock.advance(60_000);
  assert.equal(receiver.posts.length, 2);
  assert.equal(world.failures.length, 0);
});

Deno.test("PostOut that is hung up has no link, though the answer that it asked for comes", async () => {
  const { clock, receiver, out, isUp } = setUp({ heedsSignal: false });
  await clock.advance(receiver.latencyMs - 1);
  out.hangUp();
  await clock.advance(1_000);
  assert.deepEqual([isUp(), receiver.posts.length], [false, 1]);
});

Deno.test("PostOut that has sent its last has no link: what comes then is away", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.emit([0]);
  await world.clock.advance(0);
  const settled = world.out.settled();
  await world.clock.advance(4);
  assert.equal(world.isUp(), true, "as long as there is an answer to come");
  await world.clock.advance(1);
  await settled;
  assert.equal(world.isUp(), false);
  world.assertAllCame();
});

Deno.test("PostOut that ends before the receiver has said that it is there has no link after that", async () => {
  const { clock, out, isUp } = setUp();
  await out.settled();
  await clock.advance(1_000);
  assert.equal(isUp(), false);
});

Deno.test("PostOut sends no body that is larger than the bound", async () => {
  const world = setUp();
  await world.clock.advance(5);
  for (let i = 0; i < 20; i++) world.emit(range(0, 999), 500);
  await world.clock.advance(5_000);
  world.assertAllCame();
  const sizes = world.receiver.posts.map(({ bytes }) => bytes);
  const most = Math.max(...sizes);
  assert.ok(most <= BATCH_LIMITS.bytes, `${most} bytes`);
  assert.ok(most > 0.9 * BATCH_LIMITS.bytes, `${most} bytes`);
});

Deno.test("PostOut that ends tries no more, and sends nothing of what failed", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.receiver.answer = () => ({ status: 503 });
  world.emit([0, 1]);
  await world.clock.advance(0);
  world.emit([2]);
  await world.clock.advance(6);
  const { length } = world.receiver.posts;
  world.receiver.answer = () => ({});
  const settled = world.out.settled();
  await world.clock.advance(600_000);
  await settled;
  assert.equal(world.receiver.posts.length, length);
});

Deno.test("PostOut that is hung up ends what is under way, and the tries", async () => {
  const world = setUp();
  await world.clock.advance(5);
  world.receiver.latencyMs = 1_000;
  world.emit([0]);
  await world.clock.advance(1);
  world.out.hangUp();
  await world.clock.advance(60_000);
  assert.deepEqual([world.receiver.underWay.now, world.receiver.posts.length], [0, 2]);
  assert.equal(world.isUp(), false);
});

for (const seed of [1, 2, 3, 4, 5]) {
  Deno.test(`PostOut whose receiver fails at random loses nothing and changes no order (${seed})`, () =>
    failAtRandom(seed));
}

async function failAtRandom(seed: number): Promise<void> {
  const world = setUp({ answerMs: 50 });
  const { clock, receiver } = world;
  const chance = seededRandom(seed);
  receiver.answer = ({ events }) => {
    receiver.latencyMs = chance() < 0.02 ? 80 : 1 + Math.floor(chance() * 20);
    if (chance() < 0.05) return "lost";
    if (chance() < 0.05) return { status: 500 };
    if (chance() < 0.02) return "refused";
    return { status: events.length > 200 ? 413 : 204 };
  };
  for (let i = 0; i < 3_000; i++) {
    world.emit([Math.floor(chance() * 12)]);
    await clock.advance(chance() < 0.5 ? 0 : 10);
  }
  receiver.answer = () => ({});
  receiver.latencyMs = 5;
  await clock.advance(60_000);
  world.assertAllCame();
  assert.ok(receiver.repeats > 0 && world.failures.length > 10);
}
