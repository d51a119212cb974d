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

Deno.test("members come to who asked for them alone: the bot, or who reads beside it", async () => {
  const { clock, bucket, ready, posted } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "READ", nonce: 4, shardId: 2, reader: "logger" });
  await clock.advance(0);
  for (const peer of [cluster(1), reader(2, "logger")]) {
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  }
  const ask = (nonce: string, who?: string) => {
    const d = { guild_id: "8", query: "", limit: 0, nonce };
    const payload = { op: OP.REQUEST_GUILD_MEMBERS, d, ...who && { reader: who } };
    bucket.receive({ type: "SHARD_PAYLOAD", nonce: 5, shardId: 2, payload });
  };
  ask("of the logger", "logger");
  ask("of the bot");
  let s = 1;
  const come = (t: string, d: object) => socket.say({ t, s: ++s, op: 0, d });
  const chunk = { guild_id: "8", members: [], chunk_index: 0, chunk_count: 1 };
  for (const nonce of ["of the logger", "of the bot", "gatehouse-x-1", "of nobody"]) {
    come("GUILD_MEMBERS_CHUNK", { ...chunk, nonce });
  }
  ask("too soon", "logger");
  const meta = { guild_id: "8", nonce: "too soon" };
  come("RATE_LIMITED", { opcode: 8, retry_after: 20, meta });
  come("X", {});
  await clock.advance(0);
  const got = (kind: string) =>
    posted.flatMap((it) => it.type === "EVENTS" && it.peer.kind === kind ? [it.batch] : [])
      .flatMap((batch) => readBatch(batch).records)
      .map(({ body }) => JSON.parse(new TextDecoder().decode(body)))
      .map(({ t, d }) => d.nonce ?? d.meta?.nonce ?? t);
  assert.deepEqual(got("consumer"), ["of the logger", "of nobody", "too soon", "X"]);
  assert.deepEqual(got("cluster"), ["READY", "of the bot", "gatehouse-x-1", "of nobody", "X"]);
});

Deno.test("a voice server is told to whose op 4 asked to join last, and to all where nobody is known to have", async () => {
  const { clock, bucket, ready, posted } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "READ", nonce: 4, shardId: 2, reader: "music" });
  await clock.advance(0);
  for (const peer of [cluster(1), reader(2, "music")]) {
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  }
  const join = (guild_id: unknown, who?: string) => {
    const d = { guild_id, channel_id: "9", self_mute: false, self_deaf: false };
    const payload = { op: OP.VOICE_STATE_UPDATE, d, ...who && { reader: who } };
    bucket.receive({ type: "SHARD_PAYLOAD", nonce: 5, shardId: 2, payload });
  };
  let s = 1;
  const come = (t: string, guild_id: string, token: string) =>
    socket.say({ t, s: ++s, op: 0, d: { guild_id, token, endpoint: "voice.test" } });
  join(8n, "music");
  join("7");
  come("VOICE_SERVER_UPDATE", "8", "of music");
  come("VOICE_SERVER_UPDATE", "7", "of the bot");
  come("VOICE_SERVER_UPDATE", "6", "of nobody");
  come("VOICE_STATE_UPDATE", "8", "a state");
  join("8");
  come("VOICE_SERVER_UPDATE", "8", "of the bot by now");
  await clock.advance(0);
  const got = (kind: string) =>
    posted.flatMap((it) => it.type === "EVENTS" && it.peer.kind === kind ? [it.batch] : [])
      .flatMap((batch) => readBatch(batch).records)
      .map(({ body }) => JSON.parse(new TextDecoder().decode(body)).d.token)
      .filter((token) => token !== undefined);
  assert.deepEqual(got("consumer"), ["of music", "of nobody", "a state"]);
  assert.deepEqual(got("cluster"), ["of the bot", "of nobody", "a state", "of the bot by now"]);
});
