/** How a shard of a pool goes to another unit, and how one comes, whatever becomes of its worker. */

import assert from "node:assert/strict";
import type { Question, Rested, ToWorker } from "../../../protocol/worker_message.ts";
import type { ShardRole } from "../../../protocol/reshard.ts";
import { POINT, setUp as setUpPool } from "../pool_stage.ts";

const SERVES: ShardRole = { kind: "serves", cuts: null };
const RESTED: Rested = { session: POINT, acknowledged: 5, readers: {}, guilds: null };

/** Shards 0 and 1 in worker 0, 2 and 3 in worker 1; those do something that the test says. */
function setUp(serving: readonly number[] = [0, 1]) {
  const serves = new Set(serving);
  const stage = setUpPool(undefined, undefined, {
    roleOf: (shardId) => serves.has(shardId) ? SERVES : null,
  });
  const { threads, toldTo, pool } = stage;
  const brought = (thread: number) =>
    (toldTo(thread, "IDENTIFY_SHARD") as Extract<ToWorker, { type: "IDENTIFY_SHARD" }>[])
      .map(({ shardId }) => shardId);
  const answer = async (thread: number, type: Question["type"], value: unknown = undefined) => {
    const { nonce } = toldTo(thread, type).at(-1) as Question;
    threads[thread]!.say({ type: "NONCE_REPLY", nonce, reply: { ok: true, value } });
    await stage.clock.advance(0);
  };
  pool.spawnShards();
  threads[0]?.say({ type: "STARTED" });
  return { ...stage, serves, brought, answer };
}

Deno.test("ShardMoves close a shard to rest: nothing brings it up but wake()", async () => {
  const { pool, threads, clock, brought, answer } = setUp();
  const resting = pool.moves.rest(1);
  await answer(0, "REST_SHARD", RESTED);
  assert.deepEqual(await resting, RESTED);
  threads[0]!.fail("crashed");
  await clock.advance(1_000);
  assert.deepEqual(brought(1), [0], "its worker's next life does not");
  pool.moves.wake(1);
  assert.deepEqual(brought(1), [0, 1]);
  pool.moves.wake(1);
  threads[1]!.fail("crashed");
  await clock.advance(1_000);
  assert.deepEqual(brought(2), [0, 1], "each life brings it up once");
});

Deno.test("ShardMoves have a shard go on whose worker dies while it is closed, once", async () => {
  const { pool, threads, clock, brought } = setUp();
  const resting = pool.moves.rest(1);
  threads[0]!.fail("crashed");
  await assert.rejects(resting, { code: "worker_lost" });
  await clock.advance(1_000);
  assert.deepEqual(brought(1), [0, 1]);
});

Deno.test("ShardMoves have a shard go on that could not be closed", async () => {
  const { pool, clock, brought } = setUp();
  const resting = pool.moves.rest(1);
  const refused = assert.rejects(resting, { code: "deadline" });
  await clock.advance(10_000);
  await refused;
  assert.deepEqual(brought(0), [0, 1, 1]);
  await assert.rejects(pool.moves.rest(2), /Cannot close shard 2: it is not up here/);
});

Deno.test("ShardMoves start the worker of a shard that comes; it comes up when it is to", async () => {
  const { pool, threads, serves, brought, answer } = setUp();
  const putting = pool.moves.putIn(2, null, Uint8Array.of(1, 2), true);
  assert.equal(threads.length, 2);
  await answer(1, "PUT_IN");
  await putting;
  assert.deepEqual(brought(1), []);
  serves.add(2);
  pool.bringUp(2, SERVES);
  assert.deepEqual(brought(1), [2]);
});

Deno.test("ShardMoves read out what waits, and say whose worker is away", async () => {
  const { pool, threads, answer } = setUp();
  const reading = pool.moves.readOut(1, "logger", 7, 100);
  await answer(0, "READ_OUT", Uint8Array.of(1));
  assert.deepEqual(await reading, Uint8Array.of(1));
  threads[0]!.fail("crashed");
  await assert.rejects(
    pool.moves.readOut(1, null, 7, 100),
    /shard 1: its worker is being restarted/,
  );
});

Deno.test("ShardMoves forget a shard that is lost to another unit, at rest or not, until it comes again", async () => {
  const { pool, threads, toldTo, brought, answer, clock, serves } = setUp();
  const resting = pool.moves.rest(1);
  await answer(0, "REST_SHARD", RESTED);
  await resting;
  for (const shardId of [0, 1]) {
    const losing = pool.moves.lose(shardId, shardId === 0);
    await answer(0, "END_SHARD");
    await losing;
    assert.equal(pool.statusOf(shardId)!.state, "idle");
  }
  const ended = toldTo(0, "END_SHARD") as Extract<ToWorker, { type: "END_SHARD" }>[];
  assert.deepEqual(
    ended.map(({ shardId, session, keepsEvents }) => [shardId, session, keepsEvents]),
    [
      [0, "keep", true],
      [1, "keep", false],
    ],
  );
  threads[0]!.fail("crashed");
  await clock.advance(1_000);
  assert.deepEqual(brought(1), []);
  serves.add(1);
  pool.bringUp(1, SERVES);
  assert.deepEqual(brought(1), [1]);
});
