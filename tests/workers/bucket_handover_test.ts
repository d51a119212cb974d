/** What the shards of a worker do while guilds go from one total to another. */

import assert from "node:assert/strict";
import { ASK_AFTER_MS } from "../../intake/away_watch.ts";
import { type EventRecord, readBatch, RECORD } from "../../protocol/event_frame.ts";
import { type Estate, NO_ESTATE } from "../../protocol/estate.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { Cuts, Held } from "../../protocol/reshard.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster, reader } from "../support/peers.ts";
import { SEEN_AFTER_MS } from "../../workers/handover/seen_notes.ts";
import { BRING, setUp as setUpBucket } from "./bucket_stage.ts";

/** Guilds of shard 2 of 4; of shard 0 of 2 before. */
const [A, B] = [String(2n << 22n), String(6n << 22n)] as const;
const BOT = cluster(1);
const RISES = { kind: "rises" } as const;

/** A bucket whose shard 2 is brought up with a role, and what is sent to whom. */
function setUp(openSpool = memorySpool()) {
  const stage = setUpBucket(openSpool);
  const { bucket, clock, sockets, posted } = stage;
  const hello = () => {
    const socket = sockets.at(-1)!;
    socket.events.open();
    socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
    return socket;
  };
  /** Until its READY; `role` as it is told. */
  const rise = async (estate: Estate = NO_ESTATE) => {
    bucket.receive({ ...BRING, shardId: 2, estate, role: RISES });
    await clock.advance(0);
    bucket.receive({ type: "ALLOW_IDENTIFY", shardId: 2, permit: 5, intents: 3 });
    const socket = hello();
    const guilds = [A, B].map((id) => ({ id, unavailable: true }));
    socket.say({ t: "READY", s: 1, op: 0, d: { session_id: "s2", guilds } });
    return socket;
  };
  const link = (peer: PeerKey) =>
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  const records = (kind: PeerKey["kind"] = "cluster"): EventRecord[] =>
    posted.flatMap((it) => it.type === "EVENTS" && it.peer.kind === kind ? [it.batch] : [])
      .flatMap((batch) => readBatch(batch).records);
  const cursors = (kind?: PeerKey["kind"]) => records(kind).map(({ cursor }) => cursor);
  const ofType = <Type extends FromWorker["type"]>(type: Type) =>
    posted.filter((it) => it.type === type) as Extract<FromWorker, { type: Type }>[];
  const seen = () => ofType("SEEN").flatMap((it) => it.seen.map(({ cursor }) => cursor));
  const answer = (nonce: number) =>
    ofType("NONCE_REPLY").find((it) => it.nonce === nonce)?.reply as { ok: true; value: unknown };
  return { ...stage, hello, rise, link, records, cursors, ofType, seen, answer };
}

const message = (s: number, guild_id: string) => (
  { t: "MESSAGE_CREATE", s, op: 0, d: { id: `${s}`, guild_id } }
);
const create = (s: number, id: string) => (
  { t: "GUILD_CREATE", s, op: 0, d: { id, name: "x".repeat(2_000) } }
);
const CUTS: Cuts = {
  from: [{ total: 2, id: 0 }],
  through: 5,
  guilds: { [A]: 5 },
  others: 3,
  loads: [],
  mayRepeat: [],
};

Deno.test("nobody gets what comes on a shard that rises: not the bot, not who reads beside it", async () => {
  const { clock, bucket, rise, link, cursors, seen, ofType } = setUp();
  const socket = await rise({ ...NO_ESTATE, readers: { logger: 0 } });
  link(BOT);
  link(reader(2, "logger"));
  socket.say({ t: "INTERACTION_CREATE", s: 2, op: 0, d: { id: "9", guild_id: A } });
  await clock.advance(2 * ASK_AFTER_MS);
  assert.deepEqual([cursors(), cursors("consumer")], [[], []]);
  assert.deepEqual(seen(), [1, 2]);
  bucket.receive({ type: "SERVE", shardId: 2, cuts: CUTS });
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual([cursors(), cursors("consumer")], [[1, 2], [1, 2]]);
  socket.say(message(3, A));
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual(seen(), [1, 2], "who serves is not watched");
  assert.deepEqual(ofType("AWAY"), []);
});

Deno.test("nobody responds in the bot's place on a shard that rises, and what waits there is no lag", async () => {
  const { clock, rise, ofType, last } = setUp();
  const socket = await rise();
  socket.say({ t: "INTERACTION_CREATE", s: 2, op: 0, d: { id: "9", guild_id: A } });
  await clock.advance(60_000);
  assert.deepEqual(ofType("AWAY"), []);
  const [counters] = last("REPORT").shards;
  assert.deepEqual([counters!.queued, counters!.queueAgeMs, counters!.ackLagMs], [2, 0, null]);
  assert.ok(counters!.queuedDiskBytes > 0, "it waits on disk, as for a bot that is away");
});

Deno.test("a shard that rose serves what others have not, and says what they have, to all who get it", async () => {
  const { clock, bucket, rise, link, records } = setUp();
  const socket = await rise({ ...NO_ESTATE, readers: { logger: 0 } });
  for (const words of [create(2, A), create(3, B), message(4, A), message(5, B), message(6, A)]) {
    socket.say(words);
  }
  link(BOT);
  link(reader(2, "logger"));
  bucket.receive({ type: "SERVE", shardId: 2, cuts: { ...CUTS, loads: [B] } });
  await clock.advance(0);
  const { DISPATCH, MOVED, SERVED } = RECORD;
  const kinds = [DISPATCH, MOVED, DISPATCH, SERVED, DISPATCH, DISPATCH];
  for (const who of ["cluster", "consumer"] as const) {
    assert.deepEqual(records(who).map(({ kind }) => kind), kinds, who);
  }
});

Deno.test("a shard whose worker crashed serves less what others have served, until all are done with it", async () => {
  const openSpool = memorySpool();
  const before = setUp(openSpool);
  const socket = await before.rise();
  for (const words of [create(2, A), create(3, B), message(4, A), message(5, B)]) socket.say(words);
  await before.clock.advance(3_000);
  const session = before.last("SESSION").began!.session!;
  const estate = { ...NO_ESTATE, session: { ...session, seq: 5 }, highest: 5 };
  const { clock, bucket, hello, link, records } = setUp(openSpool);
  const role = { kind: "serves", cuts: CUTS } as const;
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate, role });
  await clock.advance(0);
  const next = hello();
  link(BOT);
  await clock.advance(0);
  const { DISPATCH, MOVED, SERVED } = RECORD;
  assert.deepEqual(records().map(({ kind }) => kind), [DISPATCH, MOVED, MOVED, SERVED, DISPATCH]);
  bucket.receive({ type: "ACK", peer: BOT, link: 1, cursors: { 2: 5 } });
  next.say({ t: "RESUMED", s: 6, op: 0, d: {} });
  await clock.advance(0);
  assert.equal(records().at(-1)!.kind, DISPATCH);
});

Deno.test("what is held back of a shard stays, and what came before is told before the answer", async () => {
  const { clock, bucket, ready, link, cursors, posted, answer, seen } = setUp();
  const socket = await ready(2, A, B);
  link(BOT);
  bucket.receive({ type: "WATCH", shardId: 2, isOn: true });
  socket.say(create(2, A));
  const atMs = clock.epochMs();
  bucket.receive({ type: "HOLD", nonce: 8, shardId: 2 });
  await clock.advance(0);
  const held: Held = { through: 2, guildIds: [A], atMs };
  assert.deepEqual(answer(8).value, held);
  const told = posted.map(({ type }) => type).filter((type) => /SEEN|NONCE/.test(type));
  assert.deepEqual(told, ["SEEN", "NONCE_REPLY"]);
  socket.say(message(3, A));
  bucket.receive({ type: "HOLD", nonce: 9, shardId: 2 });
  await clock.advance(SEEN_AFTER_MS);
  assert.equal((answer(9).value as Held).through, 2);
  assert.deepEqual([cursors(), seen()], [[1, 2], [2, 3]]);
  bucket.receive({ type: "LIFT", shardId: 2 });
  bucket.receive({ type: "WATCH", shardId: 2, isOn: false });
  socket.say(message(4, A));
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual([cursors(), seen()], [[1, 2, 3, 4], [2, 3]]);
});

Deno.test("what Discord replays after a RESUME is told, too", async () => {
  const { clock, bucket, ready, hello, seen } = setUp();
  const socket = await ready(2, A);
  bucket.receive({ type: "WATCH", shardId: 2, isOn: true });
  socket.say(message(2, A));
  bucket.receive({ type: "RECONNECT_SHARD", nonce: 4, shardId: 2, session: "keep" });
  socket.events.closed(4900, "");
  await clock.advance(1_000);
  const next = hello();
  next.say(message(3, A));
  next.say({ t: "RESUMED", s: 4, op: 0, d: {} });
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual(seen(), [2, 3, 4]);
});
