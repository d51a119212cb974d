import assert from "node:assert/strict";
import { ASK_AFTER_MS, AwayWatch } from "../../intake/away_watch.ts";
import { type EventRecord, gapRecord, readGap, RECORD } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const DISCORD_EPOCH_MS = 1_420_070_400_000;

function setUp() {
  const clock = createVirtualClock();
  const asked: number[] = [];
  const expired: number[] = [];
  const state = { isAway: true };
  const watch = new AwayWatch({
    clock,
    isAway: () => state.isAway,
    ask: (_shardId, cursor) => asked.push(cursor),
    expired: (shardId) => expired.push(shardId),
  });
  const id = () => String(BigInt(clock.wallMs() - DISCORD_EPOCH_MS) << 22n);
  const record = (cursor: number, t = "INTERACTION_CREATE"): EventRecord => ({
    shardId: 1,
    kind: RECORD.DISPATCH,
    cursor,
    body: new TextEncoder().encode(`{"t":"${t}","s":${cursor},"op":0,"d":{"id":"${id()}"}}`),
  });
  const took = (each: EventRecord) => watch.took(1, each.cursor, each.body);
  return { clock, watch, asked, expired, state, record, took };
}

const text = ({ body }: EventRecord) => new TextDecoder().decode(body);

Deno.test("AwayWatch leaves a bot that is there to itself", async () => {
  const { clock, watch, asked, state, record, took } = setUp();
  state.isAway = false;
  const each = record(1);
  took(each);
  await clock.advance(10_000);
  assert.deepEqual(asked, []);
  assert.equal(watch.prepare(each), each);
});

Deno.test("AwayWatch asks after a second, and not when the bot is back by then", async () => {
  const { clock, asked, state, record, took } = setUp();
  took(record(1));
  await clock.advance(ASK_AFTER_MS - 1);
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.deepEqual(asked, [1]);
  took(record(2));
  state.isAway = false;
  await clock.advance(ASK_AFTER_MS);
  assert.deepEqual(asked, [1]);
});

Deno.test("AwayWatch holds an interaction while its response is under way, then marks it", async () => {
  const { clock, watch, record, took } = setUp();
  const each = record(1);
  took(each);
  await clock.advance(ASK_AFTER_MS);
  assert.equal(watch.prepare(each), null);
  watch.settle(1, 1, "deferred");
  assert.match(text(watch.prepare(each)!), /"gatehouse":\{"answered":"deferred"\}/);
});

Deno.test("AwayWatch delivers as it came what could not be responded to", async () => {
  const { clock, watch, record, took } = setUp();
  const each = record(1);
  took(each);
  await clock.advance(ASK_AFTER_MS);
  watch.settle(1, 1, null);
  assert.equal(watch.prepare(each), each);
});

Deno.test("AwayWatch asks no more for what the bot has dealt with", async () => {
  const { clock, watch, asked, record, took } = setUp();
  took(record(1));
  watch.acknowledged(1, 1);
  await clock.advance(ASK_AFTER_MS);
  assert.deepEqual(asked, []);
});

Deno.test("AwayWatch tells an interaction whose token died as a GAP", async () => {
  const { clock, watch, expired, record, took } = setUp();
  const each = record(1);
  took(each);
  await clock.advance(16 * 60_000);
  watch.settle(1, 1, "deferred");
  const gap = watch.prepare(each)!;
  assert.equal(gap.kind, RECORD.GAP);
  const { from, to, count } = readGap(gap);
  assert.deepEqual([from, to, count], [1, 1, 1]);
  assert.deepEqual(expired, [1]);
});

Deno.test("AwayWatch knows the marks of an earlier life, and looks for dead ones among what waited", async () => {
  const { clock, watch, record } = setUp();
  const [marked, old, other] = [record(1), record(2), record(3, "MESSAGE_CREATE")];
  watch.load(1, [{ cursor: 1, mark: "answered", atMs: 0 }], 3);
  assert.match(text(watch.prepare(marked)!), /"answered":"answered"/);
  await clock.advance(16 * 60_000);
  assert.equal(watch.prepare(old)!.kind, RECORD.GAP);
  assert.equal(watch.prepare(other), other);
  const fresh = record(4);
  assert.equal(watch.prepare(fresh), fresh);
});

Deno.test("AwayWatch goes by the time since an interaction came, whatever the computer's clock says", async () => {
  const { clock, watch, expired, record, took } = setUp();
  const [first, second] = [record(1), record(2)];
  took(first);
  clock.jump(2 * 3_600_000);
  await clock.advance(ASK_AFTER_MS);
  watch.settle(1, 1, "deferred");
  assert.match(text(watch.prepare(first)!), /"answered":"deferred"/);
  took(second);
  // It was never right: Discord's own clock is two hours behind it.
  clock.setEpoch(clock.epochMs() + 2 * 3_600_000);
  await clock.advance(14 * 60_000);
  watch.settle(1, 2, null);
  assert.equal(watch.prepare(second)!.kind, RECORD.DISPATCH);
  assert.deepEqual(expired, []);
});

Deno.test("AwayWatch marks nothing but interactions, whatever stands in their place", async () => {
  const { clock, watch, record, took } = setUp();
  for (const cursor of [1, 2, 3]) took(record(cursor));
  await clock.advance(ASK_AFTER_MS);
  watch.settle(1, 1, "deferred");
  watch.settle(1, 2, "answered");
  const gap = gapRecord(1, { from: 1, to: 1, count: 1, reason: "no room" });
  const others = [gap, record(2, "MESSAGE_CREATE"), { ...record(3), kind: 7 }];
  for (const each of others) assert.equal(watch.prepare(each), each);
});

Deno.test("AwayWatch says nothing to an interaction that was dropped, and holds nothing up for it", async () => {
  const { clock, watch, asked, record, took } = setUp();
  for (const cursor of [1, 2, 3, 4]) took(record(cursor));
  watch.dropped(1, { from: 2, to: 3 });
  await clock.advance(ASK_AFTER_MS);
  assert.deepEqual(asked, [1, 4]);
  watch.dropped(1, { from: 4, to: 4 });
  watch.settle(1, 4, "deferred");
  const gap = gapRecord(1, { from: 2, to: 4, count: 3, reason: "no room" });
  assert.equal(watch.prepare(gap), gap);
});

Deno.test("AwayWatch answers nothing that the bot has dealt with, where Discord sends it again for others", async () => {
  const { clock, watch, asked, record, took } = setUp();
  watch.acknowledged(1, 5);
  for (const cursor of [4, 5, 6]) took(record(cursor));
  await clock.advance(ASK_AFTER_MS);
  assert.deepEqual(asked, [6]);
});

Deno.test("AwayWatch asks nothing for a shard that is gone, and hears of no response to it", async () => {
  const { clock, watch, asked, record, took } = setUp();
  took(record(1));
  watch.forget(1);
  watch.settle(1, 1, "deferred");
  await clock.advance(ASK_AFTER_MS);
  assert.deepEqual(asked, []);
});
