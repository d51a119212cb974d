import assert from "node:assert/strict";
import { EVENT_LINK_VERSION, LINK_CLOSE, readBatch, RECORD } from "../../protocol/event_frame.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { failingToClose, memorySpool } from "../support/memory_spool.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { SAFE_AFTER_MS } from "../../workers/safe_reports.ts";
import { cluster } from "../support/peers.ts";
import { BRING, NO_GUILDS, safe, setUp } from "./bucket_stage.ts";
import { HESITATE_MS } from "../../workers/hesitation.ts";

Deno.test("a bucket says that it started, and reports ever after", async () => {
  const { clock, types } = setUp();
  assert.deepEqual(types(), ["STARTED"]);
  await clock.advance(3_000);
  assert.deepEqual(types(), ["STARTED", "REPORT", "REPORT", "REPORT"]);
});

Deno.test("a bucket speaks for its shards: request, IDENTIFY, session, states", async () => {
  const { ready, posted, last } = setUp();
  await ready(2);
  assert.deepEqual(last("REQUEST_IDENTIFY"), { type: "REQUEST_IDENTIFY", shardId: 2 });
  assert.deepEqual(last("IDENTIFY_SENT"), { type: "IDENTIFY_SENT", shardId: 2, permit: 5 });
  assert.equal(last("SESSION").began!.session!.sessionId, "s2");
  const states = posted.flatMap((it) => it.type === "SHARD_STATUS" ? [it.status.state] : []);
  assert.deepEqual(states, ["queued", "connecting", "hello", "identifying", "ready"]);
});

Deno.test("a bucket reports what a shard took before it says that it is ready", async () => {
  const { ready, types, last } = setUp();
  await ready(2);
  const report = types().lastIndexOf("REPORT");
  assert.ok(report >= 0 && report < types().lastIndexOf("SHARD_STATUS"));
  assert.equal(last("REPORT").shards[0]!.identifies, 1);
});

Deno.test("a bucket hands the events of its shards to the cluster that is linked", async () => {
  const { clock, bucket, ready, last, types } = setUp();
  await ready(2);
  await clock.advance(10);
  assert.ok(!types().includes("EVENTS"));
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  const { peer, link, batch } = last("EVENTS");
  assert.deepEqual([peer, link, readBatch(batch).records.map((it) => it.cursor)], [cluster(1), 9, [
    1,
  ]]);
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: 1 } });
  await clock.advance(1_000);
  const { queued, acknowledged, received } = last("REPORT").shards[0]!;
  assert.deepEqual([queued, acknowledged, received], [0, 1, 1]);
});

Deno.test("a bucket answers each question by its number", async () => {
  const { clock, bucket, ready, last } = setUp();
  const socket = await ready(0);
  bucket.receive({ type: "GET_SHARD_INFO", nonce: 11, shardId: 0 });
  await clock.advance(0);
  const info = last("NONCE_REPLY");
  assert.equal(info.nonce, 11);
  assert.ok(info.reply.ok);
  const { status, session } = info.reply.value as { status: unknown; session: unknown };
  assert.match(JSON.stringify([status, session]), /"ready".*"s0"/);
  const payload = { op: OP.PRESENCE_UPDATE, d: { status: "idle" } };
  bucket.receive({ type: "SHARD_PAYLOAD", nonce: 12, shardId: 0, payload });
  await clock.advance(0);
  assert.deepEqual(last("NONCE_REPLY"), {
    type: "NONCE_REPLY",
    nonce: 12,
    reply: { ok: true, value: undefined },
  });
  assert.deepEqual(JSON.parse(socket.sent.at(-1)!), payload);
});

Deno.test("a bucket refuses what it cannot do, with the code of the error", async () => {
  const { clock, bucket, ready, last } = setUp();
  await ready(0);
  bucket.receive({ type: "GET_SHARD_INFO", nonce: 1, shardId: 3 });
  await clock.advance(0);
  assert.deepEqual(last("NONCE_REPLY").reply, {
    ok: false,
    code: "no_shard",
    message: "Cannot reach shard 3: worker 0 has 0",
  });
  bucket.receive({ type: "SHARD_PAYLOAD", nonce: 2, shardId: 0, payload: { op: 2, d: null } });
  await clock.advance(0);
  assert.match(JSON.stringify(last("NONCE_REPLY")), /"nonce":2.*"refused"/);
});

Deno.test("a bucket reconnects a shard when it is asked to", async () => {
  const { clock, bucket, ready, last } = setUp();
  const socket = await ready(0);
  bucket.receive({ type: "RECONNECT_SHARD", nonce: 1, shardId: 0, session: "end" });
  await clock.advance(0);
  assert.deepEqual([socket.closes, last("NONCE_REPLY").reply.ok], [[1000], true]);
  assert.equal(last("SESSION").began, null);
});

Deno.test("a bucket that stops answers when every shard is closed, after a last report", async () => {
  const { clock, bucket, ready, types } = setUp();
  const sockets = [await ready(0), await ready(1)];
  bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  sockets[0]!.events.closed(4900, "");
  await clock.advance(0);
  assert.ok(!types().includes("NONCE_REPLY"));
  sockets[1]!.events.closed(4900, "");
  await clock.advance(0);
  assert.deepEqual(types().slice(-2), ["REPORT", "NONCE_REPLY"]);
});

Deno.test("a bucket that stops tells what is safe, and hangs up, where a disk fails, and answers with that", async () => {
  const { clock, bucket, ready, types, last } = setUp(failingToClose(2));
  const socket = await ready(2);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  socket.say({ t: "X", s: 2, op: 0, d: null });
  await clock.advance(0);
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: 2 } });
  bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  socket.events.closed(4900, "");
  await clock.advance(0);
  assert.deepEqual(last("SAFE").shards[2], { ...safe(2), guilds: NO_GUILDS });
  assert.deepEqual(types().slice(-2), ["REPORT", "NONCE_REPLY"]);
  assert.match(JSON.stringify(last("NONCE_REPLY")), /the disk of shard 2 fails/);
});

Deno.test("a permit for a shard that is not there is no error, nor an IDENTIFY", () => {
  const { bucket, sockets } = setUp();
  bucket.receive({ type: "ALLOW_IDENTIFY", shardId: 3, permit: 1, intents: 3 });
  assert.equal(sockets.length, 0);
});

Deno.test("a bucket dies in the way that a test asks for", () => {
  const { bucket } = setUp();
  assert.throws(() => bucket.receive({ type: "CRASH", how: "throw" }), /crash requested/);
});

Deno.test("a bucket tells what is acknowledged and what is on disk, together and not each time", async () => {
  const { clock, bucket, ready, posted, last } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  for (const s of [2, 3, 4]) socket.say({ t: "X", s, op: 0, d: null });
  await clock.advance(0);
  for (const cursor of [1, 2, 3]) {
    bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: cursor } });
  }
  await clock.advance(100);
  assert.deepEqual(posted.filter(({ type }) => type === "SAFE"), [
    { type: "SAFE", shards: { 2: { ...safe(3), guilds: NO_GUILDS } } },
  ]);
  bucket.receive({ type: "LINK", peer: cluster(1), link: null, windowBytes: 0 });
  await clock.advance(2_100);
  assert.deepEqual(last("SAFE"), { type: "SAFE", shards: { 2: safe(3, 4) } });
});

Deno.test("a bucket collects what becomes safe of all shards, from the first on, then begins anew", async () => {
  const { clock, bucket, ready, posted, sockets } = setUp();
  for (const shardId of [2, 3]) await ready(shardId);
  sockets.at(-1)!.say({ t: "X", s: 2, op: 0, d: null });
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  const acknowledge = (cursors: Record<string, number>) =>
    bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors });
  const told = () => posted.flatMap((it) => it.type === "SAFE" ? [it.shards] : []);
  acknowledge({ 2: 1 });
  await clock.advance(SAFE_AFTER_MS - 1);
  acknowledge({ 3: 1 });
  assert.deepEqual(told(), []);
  await clock.advance(1);
  const first = { ...safe(1), guilds: NO_GUILDS };
  assert.deepEqual(told(), [{ 2: first, 3: first }]);
  acknowledge({ 3: 2 });
  await clock.advance(SAFE_AFTER_MS - 1);
  assert.equal(told().length, 1);
  await clock.advance(10 * SAFE_AFTER_MS);
  // Of the guilds nothing has changed.
  assert.deepEqual(told(), [{ 2: first, 3: first }, { 3: safe(2) }]);
});

Deno.test("a bucket that stops tells at once what is safe, and has nothing left to say later", async () => {
  const { clock, bucket, ready, posted } = setUp();
  const socket = await ready(2);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: 1 } });
  bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  socket.events.closed(4900, "");
  await clock.advance(10 * SAFE_AFTER_MS);
  const told = posted.flatMap((it) => it.type === "SAFE" ? [it.shards] : []);
  assert.deepEqual(told, [{ 2: { ...safe(1), guilds: NO_GUILDS } }]);
});

Deno.test("a bucket that begins sends what an earlier one left on disk before what comes", async () => {
  const openSpool = memorySpool();
  const first = setUp(openSpool);
  const socket = await first.ready(2);
  socket.say({ t: "X", s: 2, op: 0, d: null });
  first.bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  socket.events.closed(4900, "");
  await first.clock.advance(0);
  assert.deepEqual(first.last("SAFE").shards, { 2: { ...safe(0, 2), guilds: NO_GUILDS } });
  const second = setUp(openSpool);
  second.bucket.receive({ type: "LINK", peer: cluster(1), link: 1, windowBytes: 1 << 20 });
  second.bucket.receive({ ...BRING, shardId: 2, estate: { ...NO_ESTATE, acknowledged: 1 } });
  await second.clock.advance(0);
  assert.deepEqual(readBatch(second.last("EVENTS").batch).records.map(({ cursor }) => cursor), [2]);
});

Deno.test("a bucket resumes no session that another has followed, as what is on disk shows", async () => {
  const openSpool = memorySpool();
  const spool = await openSpool(2);
  const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":null}');
  await spool.append([{ shardId: 2, kind: RECORD.DISPATCH, cursor: 5_000_000, body }]);
  await spool.close();
  const session = { shardId: 2, totalShards: 4, intents: 1, sessionId: "old", resumeUrl: null };
  const estate = { ...NO_ESTATE, session: { ...session, seq: 7, base: 0 }, highest: 7 };
  const { clock, bucket, types } = setUp(openSpool);
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate });
  await clock.advance(0);
  assert.ok(types().includes("REQUEST_IDENTIFY"));
});

Deno.test("a bucket whose disk cannot be opened says so, and brings the shard up", async () => {
  const { ready, last, posted } = setUp(() => Promise.reject(new Error("no such disk")));
  await ready(2);
  assert.equal(last("SESSION").began!.session!.sessionId, "s2");
  assert.match(JSON.stringify(posted), /"level":"error".*no such disk/);
});

Deno.test("a bucket tells how far a shard's events have been dealt with, and what READY told", async () => {
  const { clock, bucket, ready, last } = setUp();
  await ready(2);
  const facts = { user: null, application: null, guildIds: [] };
  assert.deepEqual(last("SESSION").began!.facts, facts);
  const backlog = async (nonce: number) => {
    bucket.receive({ type: "GET_BACKLOG", nonce, shardId: 2 });
    await clock.advance(0);
    return last("NONCE_REPLY");
  };
  const reply = (nonce: number, acknowledged: number) => (
    { type: "NONCE_REPLY", nonce, reply: { ok: true, value: { acknowledged, last: 1 } } }
  );
  assert.deepEqual(await backlog(1), reply(1, 0));
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: 1 } });
  assert.deepEqual(await backlog(2), reply(2, 1));
});

/** A guild of shard 2 of 4. */
const GUILD = String(2n << 22n);

Deno.test("a bucket asks Discord for members and answers with them; the bot gets the chunk, too", async () => {
  const { clock, bucket, ready, last, types } = setUp();
  const socket = await ready(2);
  const request = { guildId: GUILD, query: "a" };
  bucket.receive({ type: "REQUEST_MEMBERS", nonce: 7, shardId: 2, request });
  const { op, d } = JSON.parse(socket.sent.at(-1)!);
  assert.deepEqual([op, d.query], [OP.REQUEST_GUILD_MEMBERS, "a"]);
  assert.match(d.nonce, /^gatehouse-\w+-1$/);
  const chunk = { guild_id: GUILD, members: [{}], chunk_index: 0, chunk_count: 1, nonce: d.nonce };
  socket.say({ t: "GUILD_MEMBERS_CHUNK", s: 2, op: 0, d: chunk });
  await clock.advance(0);
  const reply = { ok: true, value: { members: [{}], notFound: [] } };
  assert.deepEqual(last("NONCE_REPLY"), { type: "NONCE_REPLY", nonce: 7, reply });
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  assert.deepEqual(readBatch(last("EVENTS").batch).records.map(({ cursor }) => cursor), [1, 2]);
  bucket.receive({ type: "REQUEST_MEMBERS", nonce: 8, shardId: 3, request });
  await clock.advance(0);
  assert.match(JSON.stringify(last("NONCE_REPLY")), /"nonce":8.*"no_shard"/);
  assert.ok(!types().includes("MEMBERS_CACHED"));
});

Deno.test("a bucket whose shard stops refuses the members that were asked for", async () => {
  const { clock, bucket, ready, last } = setUp();
  const socket = await ready(2);
  const request = { guildId: GUILD, query: "a" };
  bucket.receive({ type: "REQUEST_MEMBERS", nonce: 7, shardId: 2, request });
  socket.events.closed(4004, "");
  await clock.advance(0);
  assert.match(JSON.stringify(last("NONCE_REPLY").reply), /"not_ready".*4004/);
});

Deno.test("a bucket caches all members and says so when the bot is done with them", async () => {
  const { clock, bucket, ready, last, types } = setUp(undefined, {
    cacheAllMembers: true,
    intents: 3,
  });
  const socket = await ready(2, GUILD);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  socket.say({ t: "GUILD_CREATE", s: 2, op: 0, d: { id: GUILD } });
  const { d } = JSON.parse(socket.sent.at(-1)!);
  assert.deepEqual([d.guild_id, d.query, d.limit], [GUILD, "", 0]);
  const chunk = { members: [], chunk_index: 0, chunk_count: 1, nonce: d.nonce };
  socket.say({ t: "GUILD_MEMBERS_CHUNK", s: 3, op: 0, d: chunk });
  await clock.advance(0);
  const acknowledge = (cursor: number) =>
    bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors: { 2: cursor } });
  acknowledge(2);
  assert.ok(!types().includes("MEMBERS_CACHED"));
  acknowledge(3);
  assert.deepEqual(last("MEMBERS_CACHED"), { type: "MEMBERS_CACHED", shardId: 2 });
  await clock.advance(100);
  assert.deepEqual(last("SAFE").shards[2]!.guilds, {
    guildIds: [GUILD],
    loadingGuildIds: [],
    membersCached: true,
  });
});

/** A cluster that listens, and has been dialled by the bucket. */
function listen({ bucket, sockets }: ReturnType<typeof setUp>) {
  const peer = cluster(1);
  const url = "ws://127.0.0.1:8001/";
  bucket.receive({ type: "DIAL", peer, url, secretKey: "key", workers: 1 });
  const socket = sockets.at(-1)!;
  assert.deepEqual(socket.headers, { authorization: "key", "gatehouse-worker": "0" });
  socket.events.open();
  socket.say({ op: "hello", v: EVENT_LINK_VERSION, clusterId: 1, windowBytes: 1 << 20 });
  return socket;
}

Deno.test("a bucket brings a cluster that listens its events itself, and takes its acknowledgements", async () => {
  const stage = setUp();
  const { clock, ready, last, types } = stage;
  const discord = await ready(2);
  const far = listen(stage);
  assert.deepEqual(last("LINKED"), { type: "LINKED", peer: cluster(1), isUp: true });
  await clock.advance(0);
  discord.say({ t: "X", s: 2, op: 0, d: null });
  await clock.advance(0);
  const cursors = far.sentBytes.flatMap((batch) =>
    readBatch(batch).records.map(({ cursor }) => cursor)
  );
  assert.deepEqual(cursors, [1, 2]);
  assert.ok(!types().includes("EVENTS"), "the main thread has nothing to do with it");
  far.say({ op: "ack", totalShards: 4, cursors: { 2: 2 } });
  await clock.advance(1_000);
  assert.deepEqual(last("SAFE").shards, { 2: { ...safe(2), guilds: NO_GUILDS } });
  assert.equal(last("REPORT").shards[0]!.queued, 0);
});

Deno.test("a bucket whose cluster has gone keeps the events, for a link through the main thread, too", async () => {
  const stage = setUp();
  const { clock, bucket, ready, last } = stage;
  const discord = await ready(2);
  const far = listen(stage);
  await clock.advance(0);
  bucket.receive({ type: "HANG_UP", peer: cluster(1) });
  assert.deepEqual([far.destroyed, last("LINKED").isUp], [true, false]);
  discord.say({ t: "X", s: 2, op: 0, d: null });
  await clock.advance(60_000);
  assert.equal(last("REPORT").shards[0]!.queued, 2);
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  await clock.advance(0);
  assert.deepEqual(readBatch(last("EVENTS").batch).records.map(({ cursor }) => cursor), [1, 2]);
});

Deno.test("a bucket that stops says goodbye to its clusters, and takes what they acknowledge meanwhile", async () => {
  const stage = setUp();
  const { clock, bucket, ready, last } = stage;
  const discord = await ready(2);
  const far = listen(stage);
  await clock.advance(0);
  bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  assert.match(far.sent.at(-1)!, /"op":"bye"/);
  assert.deepEqual(far.closes, []);
  far.say({ op: "ack", totalShards: 4, cursors: { 2: 1 } });
  discord.events.closed(4900, "");
  await clock.advance(0);
  assert.deepEqual(far.closes, [LINK_CLOSE.GOING_AWAY]);
  assert.deepEqual(last("SAFE"), {
    type: "SAFE",
    shards: { 2: { ...safe(1), guilds: NO_GUILDS } },
  });
});

Deno.test("a bucket of a fleet resumes no session at once that another unit may have", async () => {
  const { bucket, ready, sockets, clock } = setUp(undefined, { unit: "a" });
  await ready(0);
  bucket.receive({ type: "DOUBT", isOn: true });
  sockets[0]!.events.closed(4000, "Session resumed elsewhere.");
  await clock.advance(HESITATE_MS - 100);
  assert.equal(sockets.length, 1);
  await clock.advance(200);
  assert.equal(sockets.length, 2);
});
