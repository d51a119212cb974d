import assert from "node:assert/strict";
import type { ShardState } from "../../protocol/status.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Doubts, REPLAY_MS } from "../../workers/doubts.ts";

/** Doubts about shard 3, whose session has come to `seq`; cursors up to 100 were given out. */
function setUp(seq: number) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const base = 10;
  const session = { totalShards: 4, intents: 1, sessionId: "s", resumeUrl: null };
  const shard = {
    status: { state: "ready" as ShardState, connection: 1 },
    point: { ...session, shardId: 3, base, seq },
    restart: (how: "end") => void told.push(`restart ${how}`),
  };
  const doubts = new Doubts({
    clock,
    log: { error: (event, fields) => told.push(`${event} ${JSON.stringify(fields)}`) },
    newest: () => 100,
    shard: () => shard,
  });
  return { clock, told, shard, doubts };
}

const READY = { shardId: 3, connection: 1 };

Deno.test("Doubts: a session that is behind what is known of it is given up at once", async () => {
  const { clock, told, doubts } = setUp(89);
  doubts.ready(READY);
  await clock.advance(0);
  assert.deepEqual(told, [
    'a session is behind what is known of it, the shard gets a new one {"shardId":3,"cursor":99,"newest":100}',
    "restart end",
  ]);
});

Deno.test("Doubts: a session that has come as far as is known is kept", async () => {
  const { clock, told, doubts } = setUp(90);
  doubts.ready(READY);
  await clock.advance(REPLAY_MS);
  assert.deepEqual(told, []);
});

Deno.test("Doubts: a RESUMED in the midst of a replay is not the end of it", async () => {
  const { clock, told, shard, doubts } = setUp(20);
  doubts.expectReplay(3);
  doubts.ready(READY);
  await clock.advance(REPLAY_MS - 1);
  assert.deepEqual(told, []);
  shard.point.seq = 95;
  await clock.advance(1);
  assert.deepEqual(told, []);
  shard.point.seq = 20;
  doubts.ready(READY);
  await clock.advance(0);
  assert.equal(told.length, 2, "no second replay is expected");
});

Deno.test("Doubts: a replay that is over and does not reach what is known is given up", async () => {
  const { clock, told, doubts } = setUp(20);
  doubts.expectReplay(3);
  doubts.ready(READY);
  await clock.advance(REPLAY_MS);
  assert.equal(told.at(-1), "restart end");
});

Deno.test("Doubts: what has become of another connection meanwhile is not judged", async () => {
  const { clock, told, shard, doubts } = setUp(20);
  doubts.expectReplay(3);
  doubts.ready(READY);
  shard.status = { state: "ready", connection: 2 };
  await clock.advance(REPLAY_MS);
  assert.deepEqual(told, []);
});
