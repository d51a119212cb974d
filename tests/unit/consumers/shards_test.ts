import assert from "node:assert/strict";
import { readMembersCommand } from "../../../protocol/discord/members.ts";
import type { KnownQuestion, PieceOf } from "../../../protocol/guild_pieces.ts";
import { Links, MOST_WINDOW_BYTES } from "../../../link/links.ts";
import { WORKER_DEADLINE_MS } from "../../../unit/consumers/commands_up.ts";
import { ConsumerShards, type ConsumerShardsOptions } from "../../../unit/consumers/shards.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { encodeBatch, type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import type { GuildsPiece } from "../../../protocol/guild_pieces.ts";
import { silentLog } from "../../../ports/log.ts";
import { NO_ESTATE } from "../../../protocol/estate.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { peerText } from "../../../protocol/peer.ts";
import { consumer } from "../../support/peers.ts";

const TTL_MS = 600_000;
const BACKLOG = { acknowledged: 3, last: 9 };
const PIECE: GuildsPiece = { guildIds: ["1"], available: 0, bodies: [] };

/** Shards over links and a pool that write down what they are told; the worker is away while `away`. */
function setUp(more: Pick<ConsumerShardsOptions, "isOurs"> = {}) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const worker = { away: false, asked: 0, guilds: PIECE as GuildsPiece | null };
  const answer = <Value>(value: Value): Promise<Value> => {
    worker.asked++;
    if (!worker.away) return Promise.resolve(value);
    return Promise.reject(new GatehouseError("worker_lost", "host", "it restarts"));
  };
  const links = new Links({
    clock,
    totalShards: 4,
    stream: "a",
    peers: () => [],
    link: (peer, link, { windowBytes }) =>
      told.push(`link ${peerText(peer)} ${link} ${windowBytes}`),
    acknowledged: (peer, link, { totalShards, cursors }) =>
      told.push(`acknowledge ${peerText(peer)} ${link} ${totalShards} ${JSON.stringify(cursors)}`),
  });
  const readers: Record<string, number> = {};
  const shards = new ConsumerShards({
    clock,
    log: silentLog,
    windowBytes: 100_000,
    consumersPerShard: 2,
    ttlMs: TTL_MS,
    links,
    estates: {
      of: () => ({ ...NO_ESTATE, readers }),
      saved: () => Promise.resolve(void told.push("saved")),
    },
    poolOf: ({ total }) => ({
      assign: (id, peer) => void told.push(`assign ${id}/${total} ${peer && peerText(peer)}`),
      release: (id) => void told.push(`release ${id}/${total}`),
      backlog: () => answer(BACKLOG),
      read: (id, reader) => {
        told.push(`read ${id}/${total} ${reader}`);
        return answer(BACKLOG);
      },
      dismiss: (id, reader) => {
        told.push(`dismiss ${id}/${total} ${reader}`);
        return answer(undefined);
      },
      guilds: <Asked extends KnownQuestion>(asked: Asked) => {
        const question: KnownQuestion = asked;
        const what = "command" in question ? question.command.guildId : question.cursor;
        told.push(`guilds ${question.shardId}/${total} ${what}`);
        return answer(worker.guilds as PieceOf<Asked> | null);
      },
    }),
    guildsMissing: ({ id, total }, cursor) => void told.push(`missing ${id}/${total} ${cursor}`),
    ...more,
  });
  const events: EventRecord[] = [];
  const take = () => shards.take(SHARD, (record) => void events.push(record));
  return { clock, told, worker, links, readers, shards, events, take };
}

function batch(...cursors: number[]): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode("{}");
  return encodeBatch(
    4,
    cursors.map((cursor) => ({ shardId: 2, kind: RECORD.DISPATCH, cursor, body })),
  );
}

const SHARD = { total: 4, id: 2 };
const PEER = consumer(2);

Deno.test("ConsumerShards holds a shard: nobody has it, and how far it is dealt with is known", async () => {
  const { shards, told } = setUp();
  assert.deepEqual(await shards.hold(SHARD), BACKLOG);
  assert.deepEqual(told, ["assign 2/4 null"]);
});

Deno.test("ConsumerShards takes a shard under a link of its own, and releases it", () => {
  const { links, shards, told, take } = setUp();
  take();
  shards.acknowledge(SHARD, 8);
  assert.deepEqual(links.all(), [
    { peer: PEER, link: 1, windowBytes: MOST_WINDOW_BYTES },
  ]);
  shards.release(SHARD);
  shards.acknowledge(SHARD, 9);
  assert.deepEqual(links.all(), []);
  assert.deepEqual(told, [
    "assign 2/4 consumer 2/4",
    `link consumer 2/4 1 ${MOST_WINDOW_BYTES}`,
    'acknowledge consumer 2/4 1 4 {"2":8}',
    `link consumer 2/4 null ${MOST_WINDOW_BYTES}`,
    "release 2/4",
  ]);
});

Deno.test("ConsumerShards delivers what belongs to the link, and stops once the shard is let go", () => {
  const { links, shards, events, take } = setUp();
  take();
  take();
  links.deliver(PEER, 1, batch(1));
  assert.equal(events.length, 0);
  links.deliver(PEER, 2, batch(1, 2));
  assert.deepEqual(events.map(({ cursor }) => cursor), [1, 2]);
  shards.take(SHARD, (record) => {
    events.push(record);
    shards.release(SHARD);
  });
  links.deliver(PEER, 3, batch(3, 4));
  assert.deepEqual(events.map(({ cursor }) => cursor), [1, 2, 3]);
});

Deno.test("ConsumerShards waits for a worker that is being restarted, and assigns only once", async () => {
  const { clock, shards, told, worker } = setUp();
  worker.away = true;
  const held = shards.hold(SHARD);
  await clock.advance(WORKER_DEADLINE_MS / 2);
  shards.release(SHARD);
  worker.away = false;
  await clock.advance(1_000);
  assert.deepEqual(await held, BACKLOG);
  assert.deepEqual(told, ["assign 2/4 null", "release 2/4"]);
});

Deno.test("ConsumerShards gives a worker up after its deadline, and at once when it is stopped", async () => {
  const { clock, shards, worker } = setUp();
  worker.away = true;
  const late = assert.rejects(shards.hold(SHARD), { code: "worker_lost" });
  await clock.advance(WORKER_DEADLINE_MS + 1_000);
  await late;
  shards.stop();
  worker.asked = 0;
  await assert.rejects(shards.hold(SHARD), { code: "worker_lost" });
  assert.equal(worker.asked, 1);
});

Deno.test("ConsumerShards asks the shard's worker for guilds, and waits for one that is being restarted", async () => {
  const { clock, shards, told, worker } = setUp();
  const terms = { intents: 1, largeThreshold: 50 };
  worker.away = true;
  const asked = shards.guilds(SHARD, { cursor: 7, terms, after: 0, limitBytes: 100 });
  await clock.advance(WORKER_DEADLINE_MS / 2);
  worker.away = false;
  await clock.advance(1_000);
  assert.deepEqual(await asked, PIECE);
  assert.deepEqual(new Set(told), new Set(["guilds 2/4 7"]));
});

Deno.test("ConsumerShards says so where guilds are asked for that nobody knows", async () => {
  const { shards, told, worker } = setUp();
  const terms = { intents: 1, largeThreshold: 50 };
  worker.guilds = null;
  const asked = { cursor: 7, terms, after: 0, limitBytes: 100 };
  assert.equal(await shards.guilds(SHARD, asked), null);
  assert.deepEqual(told, ["guilds 2/4 7", "missing 2/4 7"]);
});

const LOGGER = { ...SHARD, reader: "logger" };

Deno.test("ConsumerShards lets a shard be read beside its bot, who keeps it, and writes down who is new", async () => {
  const { shards, told, readers } = setUp();
  assert.deepEqual(await shards.hold(LOGGER), BACKLOG);
  shards.take(LOGGER, () => {});
  shards.acknowledge(LOGGER, 8);
  const peer = "consumer 2/4 logger";
  assert.deepEqual(told, [
    "read 2/4 logger",
    "saved",
    `link ${peer} 1 ${MOST_WINDOW_BYTES}`,
    `acknowledge ${peer} 1 4 {"2":8}`,
  ]);
  readers.logger = 8;
  await shards.hold(LOGGER);
  assert.deepEqual(told.slice(4), [`link ${peer} null ${MOST_WINDOW_BYTES}`, "read 2/4 logger"]);
});

Deno.test("ConsumerShards keeps a reader's events for a while, and gives them up when nobody comes", async () => {
  const { clock, shards, told } = setUp();
  await shards.hold(LOGGER);
  shards.release(LOGGER);
  await clock.advance(TTL_MS - 1);
  await shards.hold(LOGGER);
  await clock.advance(TTL_MS);
  assert.ok(!told.includes("dismiss 2/4 logger"), "one of its name has come back");
  shards.release(LOGGER);
  await clock.advance(TTL_MS);
  assert.ok(told.includes("dismiss 2/4 logger"));
});

Deno.test("ConsumerShards has room for so many, and for who reads already", async () => {
  const { clock, shards, readers } = setUp();
  assert.equal(shards.hasRoomFor(LOGGER), true);
  await shards.hold(LOGGER);
  const audit = { ...SHARD, reader: "audit" };
  assert.deepEqual([LOGGER, audit, SHARD].map((it) => shards.hasRoomFor(it)), [true, false, true]);
  assert.equal(shards.hasRoomFor({ ...audit, id: 1 }), true);
  shards.release(LOGGER);
  await clock.advance(TTL_MS);
  assert.equal(shards.hasRoomFor(audit), true);
  readers.logger = 3;
  assert.equal(shards.hasRoomFor(audit), false);
});

Deno.test("ConsumerShards has room for no client of our own reader's name, whose place is nobody's", async () => {
  const { shards, readers, told, take, links } = setUp({ isOurs: (reader) => reader === "ours" });
  const ours = { ...SHARD, reader: "ours" };
  await shards.hold(ours);
  readers.ours = 3;
  assert.deepEqual([ours, LOGGER].map((it) => shards.hasRoomFor(it)), [false, true]);
  take();
  shards.take(ours, () => {}, 5_000);
  assert.equal(told.at(-1), `link consumer 2/4 ours ${links.all().at(-1)!.link} 5000`);
});

Deno.test("members are asked of the shard's worker; what only Discord knows is no reason for a new session", async () => {
  const { shards, told, worker } = setUp();
  worker.guilds = null;
  const command = readMembersCommand({ guild_id: "9", query: "", limit: 0 })!;
  assert.equal(await shards.members(SHARD, { id: "a", command }), null);
  assert.deepEqual(told, [`guilds ${SHARD.id}/${SHARD.total} 9`]);
});
