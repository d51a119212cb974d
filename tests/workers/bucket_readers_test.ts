/** Who reads the shards of a worker beside their bots. */

import assert from "node:assert/strict";
import { readBatch } from "../../protocol/event_frame.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { SAFE_AFTER_MS } from "../../workers/safe_reports.ts";
import { cluster, reader } from "../support/peers.ts";
import { safe, setUp } from "./bucket_stage.ts";

Deno.test("a bucket brings a shard to who reads beside its bot, and says how far each has come before it answers", async () => {
  const { clock, bucket, ready, posted, last } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "READ", nonce: 4, shardId: 2, reader: "logger" });
  await clock.advance(0);
  const value = { acknowledged: 1, last: 1 };
  assert.deepEqual(posted.slice(-2), [
    { type: "SAFE", shards: { 2: { ...safe(0), readers: { logger: 1 } } } },
    { type: "NONCE_REPLY", nonce: 4, reply: { ok: true, value } },
  ]);
  const peer = reader(2, "logger");
  bucket.receive({ type: "LINK", peer, link: 7, windowBytes: 1 << 20 });
  socket.say({ t: "X", s: 2, op: 0, d: null });
  await clock.advance(0);
  const { batch, ...to } = last("EVENTS");
  assert.deepEqual(to, { type: "EVENTS", peer, link: 7 });
  assert.deepEqual(readBatch(batch).records.map(({ cursor }) => cursor), [2]);
  bucket.receive({ type: "ACK", peer, link: 7, cursors: { 2: 2 } });
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(last("SAFE").shards[2]?.readers, { logger: 2 });
  bucket.receive({ type: "DISMISS", nonce: 5, shardId: 2, reader: "logger" });
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(last("SAFE").shards[2]?.readers, {});
  assert.equal(last("NONCE_REPLY").nonce, 5);
});

Deno.test("a bucket resumes after what bot and readers are done with, each of whom gets what it has not had", async () => {
  const session = { shardId: 2, totalShards: 4, intents: 1, sessionId: "s", resumeUrl: null };
  const estate = {
    ...NO_ESTATE,
    session: { ...session, seq: 3, base: 0 },
    highest: 5,
    acknowledged: 5,
    readers: { logger: 3 },
  };
  const { clock, bucket, sockets, posted } = setUp();
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate });
  await clock.advance(0);
  const socket = sockets.at(-1)!;
  socket.events.open();
  socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
  assert.equal(JSON.parse(socket.sent.at(-1)!).d.seq, 3);
  for (const peer of [cluster(1), reader(2, "logger")]) {
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  }
  for (const s of [4, 5, 6]) socket.say({ t: "X", s, op: 0, d: null });
  await clock.advance(0);
  const got = (kind: string) =>
    posted.flatMap((it) =>
      it.type === "EVENTS" && it.peer.kind === kind
        ? readBatch(it.batch).records.map(({ cursor }) => cursor)
        : []
    );
  assert.deepEqual([got("cluster"), got("consumer")], [[6], [4, 5, 6]]);
});
