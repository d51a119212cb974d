/** How the shards of a worker begin and end. */

import assert from "node:assert/strict";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { readBatch } from "../../protocol/event_frame.ts";
import type { ToWorker } from "../../protocol/worker_message.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster, reader } from "../support/peers.ts";
import { BRING, setUp as setUpBucket } from "./bucket_stage.ts";

const BOT = cluster(1);
const END = {
  type: "END_SHARD",
  nonce: 9,
  shardId: 2,
  session: "end",
  readers: [],
  keepsEvents: false,
} as const;

function setUp(openSpool = memorySpool()) {
  const stage = setUpBucket(openSpool);
  const { clock, bucket, posted, sockets } = stage;
  const end = async (words: Extract<ToWorker, { type: "END_SHARD" }> = END) => {
    bucket.receive(words);
    await clock.advance(0);
    // Its socket is closed by now.
    sockets.at(-1)?.events.closed(1000, "");
    await clock.advance(0);
  };
  const cursors = () =>
    posted.flatMap((it) => it.type === "EVENTS" ? readBatch(it.batch).records : [])
      .map(({ cursor }) => cursor);
  const replies = () => posted.filter((it) => it.type === "NONCE_REPLY");
  return { ...stage, end, cursors, replies };
}

Deno.test("a shard that ends closes its session, and leaves nothing on disk, not of who reads beside it either", async () => {
  const openSpool = memorySpool();
  const { clock, bucket, ready, end, replies, sockets } = setUp(openSpool);
  const socket = await ready(2);
  bucket.receive({ type: "READ", nonce: 4, shardId: 2, reader: "logger" });
  await clock.advance(0);
  for (const s of [2, 3]) socket.say({ t: "X", s, op: 0, d: null });
  await clock.advance(5_000);
  assert.equal((await openSpool(2)).last, 3);
  assert.equal((await openSpool(2, "logger")).last, 3);
  await end();
  assert.deepEqual(sockets.at(-1)!.closes, [1000]);
  const reply = { ok: true, value: undefined } as const;
  assert.deepEqual(replies().at(-1), { type: "NONCE_REPLY", nonce: 9, reply });
  assert.equal((await openSpool(2)).last, null);
  assert.equal((await openSpool(2, "logger")).last, null);
});

Deno.test("a worker ignores what is said to a shard that is over, and is well without any", async () => {
  const { clock, bucket, ready, end, posted, last, cursors } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "LINK", peer: BOT, link: 1, windowBytes: 1 << 20 });
  await clock.advance(0);
  await end();
  const before = posted.length;
  socket.say({ t: "X", s: 2, op: 0, d: null });
  bucket.receive({ type: "ACK", peer: BOT, link: 1, cursors: { 2: 1 } });
  bucket.receive({ type: "MARK", shardId: 2, cursor: 1, mark: "deferred" });
  bucket.receive({ type: "ASSIGN", shardId: 2, peer: BOT });
  bucket.receive({ type: "ALLOW_IDENTIFY", shardId: 2, permit: 5, intents: 3 });
  bucket.receive({ type: "WATCH", shardId: 2, isOn: true });
  bucket.receive({ type: "LIFT", shardId: 2 });
  bucket.receive({ type: "LINK", peer: BOT, link: 2, windowBytes: 1 << 20 });
  await clock.advance(999);
  assert.deepEqual(
    posted.slice(before).map(({ type }) => type).filter((it) => it !== "REPORT"),
    [],
  );
  assert.deepEqual(cursors(), [1]);
  await clock.advance(60_000);
  assert.deepEqual(last("REPORT").shards, []);
  bucket.receive({ type: "GET_BACKLOG", nonce: 7, shardId: 2 });
  await clock.advance(0);
  assert.equal(last("NONCE_REPLY").reply.ok, false);
});

Deno.test("a shard that ended can be brought up again: with another session, for the same cluster", async () => {
  const { clock, bucket, ready, end, cursors, replies } = setUp();
  await ready(2);
  await end();
  await end();
  assert.equal(replies().length, 2, "to end it twice is to end it once");
  const socket = await ready(2);
  bucket.receive({ type: "LINK", peer: BOT, link: 1, windowBytes: 1 << 20 });
  socket.say({ t: "X", s: 2, op: 0, d: null });
  await clock.advance(0);
  assert.deepEqual(cursors(), [1, 2]);
});

Deno.test("what a shard that ended left in an earlier life of the worker is deleted, and sent to nobody", async () => {
  const openSpool = memorySpool();
  const before = setUp(openSpool);
  const socket = await before.ready(2);
  before.bucket.receive({ type: "READ", nonce: 4, shardId: 2, reader: "logger" });
  await before.clock.advance(0);
  socket.say({ t: "X", s: 2, op: 0, d: null });
  await before.clock.advance(5_000);
  const { clock, bucket, end, cursors } = setUp(openSpool);
  for (const peer of [BOT, reader(2, "logger")]) {
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  }
  await end({ ...END, readers: ["logger"] });
  await clock.advance(1_000);
  assert.deepEqual(cursors(), []);
  assert.equal((await openSpool(2)).last, null);
  assert.equal((await openSpool(2, "logger")).last, null);
});

Deno.test("a shard that waits for its turn to identify gives it back when it ends", async () => {
  const { clock, bucket, end, types, replies } = setUp();
  bucket.receive({ ...BRING, shardId: 2, role: { kind: "rises" } });
  await clock.advance(0);
  assert.equal(types().at(-1), "REQUEST_IDENTIFY");
  await end();
  assert.ok(types().includes("RELEASE_IDENTIFY"), types().join());
  assert.equal(replies().length, 1);
});

Deno.test("a shard ends while its disk is still being looked at", async () => {
  const { clock, bucket, sockets, replies } = setUp();
  const session = { shardId: 2, totalShards: 4, intents: 1, sessionId: "s", resumeUrl: null };
  const estate = { ...NO_ESTATE, session: { ...session, seq: 3, base: 0 }, highest: 3 };
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate });
  bucket.receive(END);
  await clock.advance(10_000);
  sockets.at(-1)?.events.closed(1006, "");
  await clock.advance(10_000);
  assert.equal(replies().length, 1);
  assert.equal(
    sockets.flatMap(({ sent }) => sent).some((it) => JSON.parse(it).op === OP.RESUME),
    false,
  );
});
