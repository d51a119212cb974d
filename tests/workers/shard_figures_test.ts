import assert from "node:assert/strict";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Bucket } from "../../workers/bucket.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { WORKER } from "../support/fake_threads.ts";
import { cluster } from "../support/peers.ts";

/** A bucket with shard 2, which is ready: READY waits for cluster 1, which is away. */
async function setUp(openSpool = memorySpool()) {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const reports: Extract<FromWorker, { type: "REPORT" }>[] = [];
  const errors: Extract<FromWorker, { type: "LOG" }>[] = [];
  const world = { clock, connect, random: () => 0, openSpool };
  const bucket = new Bucket(WORKER, world, (message) => {
    if (message.type === "REPORT") reports.push(structuredClone(message));
    if (message.type === "LOG" && message.level === "error") errors.push(message);
  });
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate: NO_ESTATE });
  // It looks at the disk first.
  await clock.advance(0);
  bucket.receive({ type: "ALLOW_IDENTIFY", shardId: 2, permit: 5, intents: 3 });
  const socket = sockets.at(-1)!;
  socket.events.open();
  socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
  const d = { session_id: "s", resume_gateway_url: "wss://resume.test", guilds: [] };
  socket.say({ t: "READY", s: 1, op: 0, d });
  const figures = () => reports.at(-1)!.shards[0]!;
  return { clock, bucket, socket, reports, errors, figures };
}

Deno.test("figures of a shard tell how long its events wait while the cluster is away, and its lag", async () => {
  const { clock, bucket, figures } = await setUp();
  await clock.advance(5_000);
  const { queueAgeMs, ackLagMs } = figures();
  assert.deepEqual([queueAgeMs, ackLagMs], [5_000, null]);
  await clock.advance(10_000);
  assert.equal(figures().queueAgeMs, 15_000);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(1_000);
  const cursors = { 2: figures().newestCursor };
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors });
  await clock.advance(1_000);
  assert.deepEqual([figures().queueAgeMs, figures().ackLagMs], [0, 16_000]);
});

Deno.test("a report has the events of each type since the one before", async () => {
  const { clock, socket, reports } = await setUp();
  const types = () => reports.splice(0).map(({ eventsByType }) => eventsByType);
  await clock.advance(1_000);
  // The first report is made when the shard becomes ready.
  const sum = types().reduce((all, { READY = 0 }) => all + READY, 0);
  assert.equal(sum, 1);
  for (const s of [2, 3]) socket.say({ t: "TYPING_START", s, op: 0, d: {} });
  await clock.advance(2_000);
  assert.deepEqual(types(), [{ TYPING_START: 2 }, {}]);
});

Deno.test("stored records that cannot be read are counted once, and told in one line", async () => {
  const openSpool = memorySpool();
  const spool = await openSpool(2);
  const body = new TextEncoder().encode("nul");
  await spool.append([1, 2, 3].map((cursor) => ({ shardId: 2, kind: 0, cursor, body })));
  await spool.close();
  const { clock, bucket, errors, figures } = await setUp(openSpool);
  for (const link of [9, 10]) {
    bucket.receive({ type: "LINK", peer: cluster(1), link, windowBytes: 1 << 20 });
    await clock.advance(3_000);
    assert.equal(figures().unreadable, 3);
    assert.deepEqual(errors.map(({ event }) => event), [
      "stored events cannot be read, they go to the bot as they are",
    ]);
    const { shardId, events, cursor } = errors[0]!.fields;
    assert.deepEqual([shardId, events, cursor], [2, 3, 3]);
  }
});
