import assert from "node:assert/strict";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import type { GuildsPiece } from "../../../protocol/guild_pieces.ts";
import { type Seat, seatText } from "../../../protocol/ids.ts";
import { seatsOver } from "../../support/seats.ts";
import { ABSENT_MS, SplitShards } from "../../../unit/consumers/split.ts";
import { logTo } from "../../../ports/log.ts";

const encoder = new TextEncoder();
const ASKED = { terms: { intents: 1, largeThreshold: 50 }, limitBytes: 1 };
const guild = (n: number) => String(BigInt(n) << 22n);
const seat = (id: number): Seat => ({ id, total: 4 });

/** One shard of ours, whose guilds have the numbers 0 to 7; 6 and 7 are not available. */
function setUp(totalShards = 1) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const warned: unknown[] = [];
  let [acknowledged, last, isLost] = [0, 0, false];
  let deliver: (record: EventRecord) => void = () => {};
  const ids = [0, 1, 2, 3, 4, 5, 6, 7].map(guild);
  const shards = {
    windowBytes: 1_000,
    hasRoomFor: () => true,
    hold: (it: Seat) => {
      told.push(`hold ${seatText(it)}`);
      if (isLost) return Promise.reject(new Error("its worker is lost"));
      deliver = () => {};
      return Promise.resolve({ acknowledged, last });
    },
    take: (it: Seat, to: (record: EventRecord) => void) => {
      told.push(`take ${seatText(it)}`);
      deliver = to;
    },
    acknowledge: (_: Seat, cursor: number) => void (acknowledged = Math.max(acknowledged, cursor)),
    release: (it: Seat) => void told.push(`release ${seatText(it)}`),
    guilds: (_: Seat, { cursor, after }: { cursor: number; after: number }) => {
      const bodies = [0, 1, 2, 3, 4, 5].slice(after, after + 3)
        .map((n) => encoder.encode(`${n} as of ${cursor}`));
      const piece: GuildsPiece = { guildIds: ids, available: 6, bodies };
      return Promise.resolve(piece);
    },
  };
  const log = logTo((_, event, fields) => warned.push([event, fields.part]));
  const split = new SplitShards({ clock, log, seats: seatsOver(totalShards), shards });
  const got: Record<number, number[]> = {};
  const take = async (id: number) => {
    const backlog = await split.hold(seat(id));
    split.take(seat(id), ({ kind, cursor }) => {
      if (kind !== RECORD.DISPATCH) return;
      (got[id] ??= []).push(cursor);
    });
    return backlog;
  };
  const come = (cursor: number, n: number) => {
    last = cursor;
    const d = { guild_id: guild(n) };
    const body = encoder.encode(JSON.stringify({ t: "X", s: cursor, op: 0, d }));
    deliver({ shardId: 0, cursor, kind: RECORD.DISPATCH, body });
  };
  const lose = () => isLost = true;
  return { clock, told, warned, split, got, take, come, lose, acknowledged: () => acknowledged };
}

Deno.test("SplitShards leaves seats of our total to who has them", async () => {
  const { split, told } = setUp();
  const own = { id: 0, total: 1 };
  await split.hold(own);
  split.take(own, () => {});
  split.release(own);
  assert.deepEqual(told, ["hold 0/1", "take 0/1", "release 0/1"]);
});

Deno.test("SplitShards gives each part its own, and is done with what all parts are done with", async () => {
  const { split, got, take, come, acknowledged } = setUp();
  for (const id of [0, 1, 2, 3]) await take(id);
  for (let cursor = 1; cursor <= 8; cursor++) come(cursor, cursor % 4);
  assert.deepEqual(got, { 0: [4, 8], 1: [1, 5], 2: [2, 6], 3: [3, 7] });
  for (const id of [0, 1, 2]) split.acknowledge(seat(id), 8);
  assert.equal(acknowledged(), 0, "part 3 has said nothing");
  split.acknowledge(seat(3), 7);
  assert.equal(acknowledged(), 7);
});

Deno.test("SplitShards gives the first part what is of a guild of none of them", async () => {
  const { got, take, come } = setUp(2);
  await take(0);
  await take(2);
  come(1, 5);
  come(2, 2);
  assert.deepEqual(got, { 0: [1], 2: [2] });
});

Deno.test("SplitShards goes on with the others while one is held, and gives it what it has not had", async () => {
  const { split, told, got, take, come } = setUp();
  await take(0);
  await take(1);
  come(1, 1);
  split.acknowledge(seat(1), 1);
  const held = split.hold(seat(1));
  assert.deepEqual(await held, { acknowledged: 1, last: 1 });
  assert.equal(told.at(-1), "take 0/1", "the shard is taken again for who is there");
  come(2, 0);
  come(3, 1);
  assert.deepEqual(got, { 0: [2], 1: [1] });
});

Deno.test("SplitShards goes on with the others where one cannot be held", async () => {
  const { split, got, take, come, lose } = setUp();
  await take(0);
  lose();
  await assert.rejects(split.hold(seat(1)), { message: "its worker is lost" });
  come(1, 0);
  assert.deepEqual(got, { 0: [1] });
});

Deno.test("SplitShards waits for a part that nobody has from its first event on, and says so", async () => {
  const { clock, split, warned, take, come, acknowledged } = setUp();
  await take(0);
  come(1, 0);
  come(2, 1);
  come(3, 0);
  split.acknowledge(seat(0), 3);
  assert.equal(acknowledged(), 1, "2 is for part 1");
  assert.deepEqual(warned, []);
  await clock.advance(ABSENT_MS);
  assert.deepEqual(warned.map((it) => (it as string[])[1]), ["[1, 4]"]);
  assert.deepEqual(await take(1), { acknowledged: 1, last: 3 });
  await clock.advance(2 * ABSENT_MS);
  assert.equal(warned.length, 1);
});

Deno.test("SplitShards gives the shard back with its last part, from what not all are done with", async () => {
  const { split, told, take, come, acknowledged } = setUp();
  await take(0);
  await take(1);
  come(1, 0);
  come(2, 1);
  split.acknowledge(seat(0), 2);
  split.release(seat(0));
  assert.ok(!told.includes("release 0/1"));
  split.release(seat(1));
  assert.equal(told.at(-1), "release 0/1");
  assert.equal(acknowledged(), 0);
});

Deno.test("SplitShards divides a shard for its bot only, and by another total once it was released", async () => {
  const { split, told, take } = setUp();
  assert.ok(split.hasRoomFor(seat(0)));
  assert.ok(!split.hasRoomFor({ ...seat(0), reader: "logger" }));
  await take(0);
  split.release(seat(0));
  const half = { id: 1, total: 2 };
  await split.hold(half);
  split.release(seat(3));
  split.release(half);
  assert.deepEqual(told.filter((it) => it.startsWith("release")), ["release 0/1", "release 0/1"]);
});

Deno.test("SplitShards waits for nobody who has left and is owed nothing", async () => {
  const { split, take, come, acknowledged } = setUp();
  await take(0);
  await take(1);
  come(1, 1);
  split.acknowledge(seat(1), 1);
  split.release(seat(1));
  come(2, 0);
  split.acknowledge(seat(0), 2);
  assert.equal(acknowledged(), 2);
  come(3, 1);
  come(4, 0);
  split.acknowledge(seat(0), 4);
  assert.equal(acknowledged(), 2, "3 is for part 1");
});

Deno.test("SplitShards gives the guilds of a part only, piece by piece", async () => {
  const { split } = setUp();
  const ask = async (id: number, after: number) => {
    const piece = await split.guilds(seat(id), { ...ASKED, cursor: 5, after });
    return { ...piece, bodies: piece!.bodies.map((body) => new TextDecoder().decode(body)) };
  };
  const told = { guildIds: [1, 5].map(guild), available: 2 };
  assert.deepEqual(await ask(1, 0), { ...told, bodies: ["1 as of 5"] });
  assert.deepEqual(await ask(1, 1), { ...told, bodies: ["5 as of 5"] });
  assert.deepEqual(await ask(1, 2), { ...told, bodies: [] });
  assert.deepEqual((await ask(2, 0)).guildIds, [2, 6].map(guild));
  assert.equal((await ask(2, 0)).available, 1);
});
