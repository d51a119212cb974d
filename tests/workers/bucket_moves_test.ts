/** How a shard goes from one worker to another one's: nothing lost, nothing twice, no identify. */

import assert from "node:assert/strict";
import { readBatch, readRecords } from "../../protocol/event_frame.ts";
import { type Estate, NO_ESTATE } from "../../protocol/estate.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { Question, Rested } from "../../protocol/worker_message.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster, reader } from "../support/peers.ts";
import { REST_PATIENCE_MS } from "../../workers/shard_lives.ts";
import { setUp as setUpBucket } from "./bucket_stage.ts";

const BOT = cluster(1);
const LOGGER = reader(2, "logger");

function setUp(openSpool?: OpenSpool) {
  // `undefined`: there is no disk.
  const stage = setUpBucket(openSpool, {}, openSpool ? {} : { openSpool: undefined! });
  const { bucket, clock, posted, sockets } = stage;
  let nonce = 100;
  const ask = async (question: Record<string, unknown>, ms = 0) => {
    bucket.receive({ ...question, shardId: 2, nonce: ++nonce } as Question);
    await clock.advance(ms);
    // Its socket is closed, where it was to be.
    if (question.type === "REST_SHARD") sockets.at(-1)!.events.closed(4900, "");
    await clock.advance(0);
    const reply = posted.findLast((it) => it.type === "NONCE_REPLY")!;
    assert.ok(reply.type === "NONCE_REPLY" && reply.nonce === nonce, "it is not answered");
    if (!reply.reply.ok) throw new Error(reply.reply.message);
    return reply.reply.value;
  };
  const cursors = (kind: PeerKey["kind"] = "cluster") =>
    posted.flatMap((it) => it.type === "EVENTS" && it.peer.kind === kind ? [it.batch] : [])
      .flatMap((batch) => readBatch(batch).records).map(({ cursor }) => cursor);
  const readOut = async (name: string | null) => {
    const question = { type: "READ_OUT", reader: name, after: 0, limitBytes: 1 << 20 };
    return await ask(question) as Uint8Array<ArrayBuffer>;
  };
  const link = (peer: PeerKey) =>
    bucket.receive({ type: "LINK", peer, link: 1, windowBytes: 1 << 20 });
  /** What it is told of the shard that rests, and has. */
  const resume = (sent: string[]) =>
    sent.map((it) => JSON.parse(it)).find(({ op }) => op === OP.RESUME)?.d.seq;
  const hello = () => {
    const socket = sockets.at(-1)!;
    socket.events.open();
    socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
    return socket;
  };
  return { ...stage, ask, cursors, readOut, link, resume, hello };
}

const estateOf = (rested: Rested): Estate => ({ ...NO_ESTATE, ...rested, highest: 1 });
const bring = (estate: Estate) => ({ type: "IDENTIFY_SHARD", shardId: 2, estate }) as const;
const say = (socket: { say(message: unknown): void }, ...numbers: number[]) => {
  for (const s of numbers) socket.say({ t: "X", s, op: 0, d: null });
};

for (const isOnDisk of [false, true]) {
  const where = isOnDisk ? "on disk" : "in memory";
  Deno.test(`a shard goes to another worker with all that waits of it ${where}, for bot and readers`, async () => {
    const disk = () => isOnDisk ? memorySpool() : undefined;
    const [from, to] = [setUp(disk()), setUp(disk())];
    const socket = await from.ready(2, "900");
    await from.ask({ type: "READ", reader: "logger" });
    say(socket, 2, 3, 4);
    from.link(BOT);
    await from.clock.advance(0);
    from.bucket.receive({ type: "ACK", peer: BOT, link: 1, cursors: { 2: 2 } });
    from.bucket.receive({ type: "LINK", peer: BOT, link: null, windowBytes: 0 });
    await from.clock.advance(isOnDisk ? 5_000 : 0);
    const rested = await from.ask({ type: "REST_SHARD" }) as Rested;
    assert.deepEqual([rested.session?.seq, rested.acknowledged, rested.readers], [4, 2, {
      logger: 1,
    }]);
    assert.deepEqual(rested.guilds, { guildIds: ["900"], loadingGuildIds: ["900"] });
    assert.deepEqual(from.sockets.at(-1)!.closes, [4900]);

    const [bot, logger] = [await from.readOut(null), await from.readOut("logger")];
    assert.deepEqual(readRecords(bot).map(({ cursor }) => cursor), [3, 4]);
    await to.ask({ type: "PUT_IN", reader: null, isFirst: true, records: bot });
    await to.ask({ type: "PUT_IN", reader: "logger", isFirst: true, records: logger });
    for (const peer of [BOT, LOGGER]) to.link(peer);
    to.bucket.receive(bring(estateOf(rested)));
    await to.clock.advance(0);
    const next = to.hello();
    assert.equal(to.resume(next.sent), 4, "Discord says nothing again");
    say(next, 5);
    await to.clock.advance(100);
    assert.deepEqual(to.cursors(), [3, 4, 5]);
    assert.deepEqual(to.cursors("consumer"), [2, 3, 4, 5]);
    assert.equal(to.types().includes("REQUEST_IDENTIFY"), false);
    const { safe } = to.last("SAFE").shards[2]!;
    assert.equal(safe, isOnDisk ? 4 : 1, "in memory alone nothing is safe");
  });
}

Deno.test("a shard that rests sends nothing more, waits for what is under way, and goes on where it was", async () => {
  const { bucket, clock, ready, ask, link, cursors, hello, resume, types } = setUp(memorySpool());
  const socket = await ready(2);
  link(BOT);
  say(socket, 2, 3);
  await clock.advance(0);
  assert.deepEqual(cursors(), [1, 2, 3]);
  bucket.receive({ type: "REST_SHARD", nonce: 9, shardId: 2 });
  await clock.advance(500);
  assert.deepEqual(socket.closes, [], "the bot has its time");
  say(socket, 4);
  bucket.receive({ type: "ACK", peer: BOT, link: 1, cursors: { 2: 3 } });
  await clock.advance(100);
  assert.deepEqual([socket.closes, cursors()], [[4900], [1, 2, 3]]);
  socket.events.closed(4900, "");
  await clock.advance(0);
  bucket.receive({ type: "LIFT", shardId: 2 });
  await clock.advance(0);
  await assert.rejects(
    ask({ type: "PUT_IN", reader: null, isFirst: true, records: new Uint8Array() }),
    /it has not ended here/,
  );
  assert.deepEqual(cursors(), [1, 2, 3]);
  bucket.receive(bring({ ...NO_ESTATE, acknowledged: 3, highest: 3 }));
  await clock.advance(0);
  assert.equal(resume(hello().sent), 4, "from what it has in memory, whatever is written down");
  assert.deepEqual(cursors(), [1, 2, 3, 4]);
  assert.equal(types().filter((it) => it === "REQUEST_IDENTIFY").length, 1, "the first session's");
});

Deno.test("a bot that acknowledges nothing holds a shard up for so long and no longer", async () => {
  const { bucket, clock, ready, link } = setUp(memorySpool());
  const socket = await ready(2);
  link(BOT);
  await clock.advance(0);
  bucket.receive({ type: "REST_SHARD", nonce: 9, shardId: 2 });
  await clock.advance(REST_PATIENCE_MS - 100);
  assert.deepEqual(socket.closes, []);
  await clock.advance(200);
  assert.deepEqual(socket.closes, [4900]);
});

for (const keepsEvents of [true, false]) {
  Deno.test(`a shard that is lost ${keepsEvents ? "leaves" : "deletes"} what is on disk, and keeps its session`, async () => {
    const openSpool = memorySpool();
    const { clock, ready, ask, sockets, bucket } = setUp(openSpool);
    const socket = await ready(2);
    await ask({ type: "READ", reader: "logger" });
    say(socket, 2, 3);
    bucket.receive({
      type: "END_SHARD",
      nonce: 9,
      shardId: 2,
      session: "keep",
      readers: [],
      keepsEvents,
    });
    await clock.advance(0);
    assert.deepEqual(sockets.at(-1)!.closes, [4900]);
    socket.events.closed(4900, "");
    await clock.advance(1_000);
    const last = keepsEvents ? 3 : null;
    assert.equal((await openSpool(2)).last, last);
    assert.equal((await openSpool(2, "logger")).last, last);
    await ask({ type: "PUT_IN", reader: null, isFirst: true, records: new Uint8Array() });
  });
}
