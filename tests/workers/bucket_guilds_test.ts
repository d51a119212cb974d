/** The guilds of the shards of a worker, which outlive it. */

import assert from "node:assert/strict";
import { readBatch } from "../../protocol/event_frame.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import type { GuildsPiece } from "../../protocol/guild_pieces.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { openGuildDir } from "../../store/guild_files.ts";
import { type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { WORKER } from "../support/fake_threads.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster } from "../support/peers.ts";
import { BRING, setUp } from "./bucket_stage.ts";

const TERMS = { intents: 0xffff, largeThreshold: 50 };
const SHARD = 2;

function bucketOn(disk: FakeDisk) {
  const openGuilds = openGuildDir("d", { fs: disk });
  return setUp(memorySpool(), { cache: ["guilds"], queueDiskBytes: 1e9 }, { openGuilds });
}

type Stage = ReturnType<typeof bucketOn>;

const question = (cursor: number) => ({
  type: "GUILDS" as const,
  nonce: 9,
  question: { shardId: SHARD, cursor, terms: TERMS, after: 0, limitBytes: 1e6 },
});

async function namesAt({ bucket, clock, last }: Stage, cursor: number) {
  bucket.receive(question(cursor));
  await clock.advance(50);
  return namesIn(last("NONCE_REPLY"));
}

function namesIn({ reply }: { reply: { ok: boolean; value?: unknown } }) {
  assert.ok(reply.ok);
  const piece = reply.value as GuildsPiece | null;
  return piece?.bodies.map((body) => JSON.parse(new TextDecoder().decode(body)).name) ?? null;
}

/** A shard with a guild, all of which is acknowledged; its worker is gone. */
async function lived(forMs: number) {
  const disk = fakeDisk();
  const stage = bucketOn(disk);
  const { clock, bucket, ready } = stage;
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  const socket = await ready(SHARD, "21");
  socket.say({ t: "GUILD_CREATE", s: 2, op: 0, d: { id: "21", name: "first", members: [] } });
  await clock.advance(1_000);
  socket.say({ t: "GUILD_UPDATE", s: 3, op: 0, d: { id: "21", name: "second" } });
  socket.say({ t: "INTERACTION_CREATE", s: 4, op: 0, d: { id: "5" } });
  await clock.advance(forMs);
  const cursors = { [SHARD]: 4 };
  bucket.receive({ type: "ACK", peer: cluster(1), link: 9, cursors });
  await clock.advance(0);
  assert.deepEqual(await namesAt(stage, 4), ["second"]);
  const session = {
    ...{ shardId: SHARD, totalShards: WORKER.totalShards, intents: 3, sessionId: `s${SHARD}` },
    ...{ resumeUrl: null, seq: 4, base: 0 },
  };
  const estate = { ...NO_ESTATE, highest: 4, acknowledged: 4, session };
  return { disk: fakeDisk(structuredClone(disk.files)), estate };
}

function resume({ sockets }: Stage): { seq: number } {
  const socket = sockets.at(-1)!;
  socket.events.open();
  socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
  const sent = socket.sent.map((text) => JSON.parse(text));
  return sent.find(({ op }) => op === OP.RESUME).d;
}

Deno.test("a bucket has the guilds that the one before it had, and answers once it has looked at the disk", async () => {
  const { disk, estate } = await lived(3_000);
  const stage = bucketOn(disk);
  const { clock, bucket, last } = stage;
  bucket.receive({ ...BRING, shardId: SHARD, estate });
  bucket.receive(question(4));
  await clock.advance(50);
  assert.deepEqual(namesIn(last("NONCE_REPLY")), ["second"]);
  assert.equal(resume(stage).seq, 4);
});

Deno.test("a bucket has Discord say again what the guilds miss, and shows it to nobody else", async () => {
  const { disk, estate } = await lived(0);
  const stage = bucketOn(disk);
  const { clock, bucket, last, posted } = stage;
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  bucket.receive({ ...BRING, shardId: SHARD, estate });
  await clock.advance(0);
  assert.equal(resume(stage).seq, 2);
  bucket.receive(question(4));
  await clock.advance(50);
  assert.equal(last("NONCE_REPLY"), undefined, "it is not known yet");
  const socket = stage.sockets.at(-1)!;
  socket.say({ t: "GUILD_UPDATE", s: 3, op: 0, d: { id: "21", name: "second" } });
  socket.say({ t: "INTERACTION_CREATE", s: 4, op: 0, d: { id: "5" } });
  socket.say({ t: "MESSAGE_CREATE", s: 5, op: 0, d: {} });
  socket.say({ t: "RESUMED", s: 6, op: 0, d: {} });
  await clock.advance(2_000);
  assert.deepEqual(namesIn(last("NONCE_REPLY")), ["second"]);
  const cursors = posted.flatMap((it) => it.type === "EVENTS" ? readBatch(it.batch).records : [])
    .map(({ cursor }) => cursor);
  assert.deepEqual(cursors, [5, 6]);
  const counted = posted.flatMap((it) => it.type === "REPORT" ? [it.eventsByType] : [])
    .flatMap((types) => Object.keys(types));
  assert.deepEqual(counted, ["MESSAGE_CREATE", "RESUMED"]);
  assert.equal(last("SHARD_STATUS").status.state, "ready");
});

Deno.test("a bucket whose guilds are of no use resumes all the same, and does not know them", async () => {
  const { estate } = await lived(3_000);
  const stage = bucketOn(fakeDisk());
  stage.bucket.receive({ ...BRING, shardId: SHARD, estate });
  await stage.clock.advance(0);
  assert.equal(resume(stage).seq, 4);
  assert.equal(await namesAt(stage, 4), null);
});

Deno.test("a bucket that does not have a shard says so to who asks for its guilds", async () => {
  const { bucket, clock, last } = bucketOn(fakeDisk());
  bucket.receive(question(4));
  await clock.advance(0);
  assert.deepEqual(last("NONCE_REPLY").reply.ok, false);
});

Deno.test("a bucket that stops has written down what has changed", async () => {
  const disk = fakeDisk();
  const { bucket, clock, ready, posted } = bucketOn(disk);
  const socket = await ready(SHARD, "21");
  socket.say({ t: "GUILD_CREATE", s: 2, op: 0, d: { id: "21", name: "of a last moment" } });
  bucket.receive({ type: "STOP", nonce: 1, session: "keep" });
  socket.events.closed(4900, "");
  await clock.advance(0);
  assert.equal(posted.at(-1)!.type, "NONCE_REPLY");
  const written = [...disk.files.values()].map(({ durable }) => new TextDecoder().decode(durable));
  assert.match(written.join(), /of a last moment/);
});

Deno.test("a bucket reports what guilds take in memory and on disk", async () => {
  const { bucket, clock, ready, last } = bucketOn(fakeDisk());
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  const socket = await ready(SHARD, "21");
  const name = "x".repeat(10_000);
  socket.say({ t: "GUILD_CREATE", s: 2, op: 0, d: { id: "21", name } });
  await clock.advance(2_000);
  const { guildBytes, guildDiskBytes } = last("REPORT").shards[0]!;
  for (const bytes of [guildBytes, guildDiskBytes]) {
    assert.ok(bytes > 10_000 && bytes < 12_000, `${bytes}`);
  }
});

Deno.test("a shard that came from another unit has no guilds, whatever lies on the disk of its worker, until Discord tells", async () => {
  // What is there is of another time that this unit had the shard, and of another session.
  const { disk, estate } = await lived(5_000);
  const stage = bucketOn(disk);
  const { clock, bucket, sockets, posted } = stage;
  const put = { reader: null, isFirst: true, records: new Uint8Array() } as const;
  bucket.receive({ type: "PUT_IN", nonce: 8, shardId: SHARD, ...put });
  const session = { ...estate.session, sessionId: "another", seq: 7_000, base: 2_000_000 };
  const came = { ...estate, session, highest: 2_007_000, acknowledged: 2_007_000 };
  bucket.receive({ ...BRING, shardId: SHARD, estate: came });
  await clock.advance(50);
  assert.equal(resume(stage).seq, 7_000, "nothing is asked for again");
  assert.equal(await namesAt(stage, 2_007_000), null);
  const socket = sockets.at(-1)!;
  socket.say({ t: "RESUMED", s: 7_001, op: 0, d: null });
  socket.say({ t: "GUILD_UPDATE", s: 7_002, op: 0, d: { id: "21", name: "third" } });
  await clock.advance(1_000);
  assert.equal(await namesAt(stage, 2_007_002), null);
  assert.deepEqual(posted.filter((it) => it.type === "LOG" && it.level === "error"), []);
});
