import assert from "node:assert/strict";
import { SENT_AHEAD } from "../../../downstream/session.ts";
import { type EventRecord, gapRecord, readGap, RECORD } from "../../../protocol/event_frame.ts";
import type { GuildsPiece } from "../../../protocol/guild_pieces.ts";
import { type Seat, seatText } from "../../../protocol/ids.ts";
import { seatsOver } from "../../support/seats.ts";
import { MergedShards } from "../../../unit/consumers/merged.ts";

const WHOLE = { id: 0, total: 1 };
const ASKED = { terms: { intents: 1, largeThreshold: 50 }, limitBytes: 1 };

/** Three shards, as those see them who take them as they are. */
function setUp(highest = 0) {
  const told: string[] = [];
  const takers = new Map<number, (record: EventRecord) => void>();
  const acknowledged = new Map<number, number>();
  /** The guilds of each shard: names of those that are there, then of those that are not. */
  const guilds: Record<number, [string[], string[]] | null> = {
    0: [[], []],
    1: [[], []],
    2: [[], []],
  };
  const shards = {
    windowBytes: 1_000,
    hasRoomFor: ({ id }: Seat) => id !== 2,
    hold: (seat: Seat) => {
      told.push(`hold ${seatText(seat)}`);
      const at = acknowledged.get(seat.id) ?? 0;
      return Promise.resolve({ acknowledged: at, last: at });
    },
    take: ({ id }: Seat, deliver: (record: EventRecord) => void) => void takers.set(id, deliver),
    acknowledge: ({ id }: Seat, cursor: number) => void acknowledged.set(id, cursor),
    release: (seat: Seat) => void told.push(`release ${seatText(seat)}`),
    guilds: ({ id }: Seat, { cursor, after }: { cursor: number; after: number }) => {
      const known = guilds[id];
      if (!known) return Promise.resolve(null);
      const [there, away] = known;
      const bodies = there.slice(after, after + 2).map((name) =>
        new TextEncoder().encode(`${name} at ${cursor}`)
      );
      const piece: GuildsPiece = { guildIds: [...there, ...away], available: there.length, bodies };
      return Promise.resolve(piece);
    },
  };
  const merged = new MergedShards({ seats: seatsOver(3), shards, highest: () => highest });
  const got: { number: number; repeats: number; record: EventRecord }[] = [];
  const take = () => {
    got.length = 0;
    merged.take(WHOLE, (record, repeats = 0) => {
      got.push({ number: record.cursor, repeats, record });
    });
  };
  const come = (shardId: number, cursor: number) =>
    takers.get(shardId)!({ shardId, cursor, kind: RECORD.DISPATCH, body: new Uint8Array() });
  return { told, takers, acknowledged, guilds, merged, got, take, come };
}

Deno.test("MergedShards leaves a shard of our total as it is", async () => {
  const { merged, acknowledged, told } = setUp();
  const own = { id: 1, total: 3, reader: "logger" };
  acknowledged.set(1, 7);
  assert.deepEqual(await merged.hold(own), { acknowledged: 7, last: 7 });
  merged.acknowledge(own, 9);
  assert.equal(acknowledged.get(1), 9);
  merged.release(own);
  assert.deepEqual(told, ["hold 1/3 logger", "release 1/3 logger"]);
  assert.deepEqual([0, 2].map((id) => merged.hasRoomFor({ id, total: 3 })), [true, false]);
  assert.equal(merged.hasRoomFor(WHOLE), false, "each of its shards needs room");
});

Deno.test("MergedShards gives several shards as one, and passes on what its client is done with", async () => {
  const { merged, acknowledged, got, take, come, told } = setUp();
  acknowledged.set(1, 50);
  assert.deepEqual(await merged.hold(WHOLE), { acknowledged: 0, last: 0 });
  assert.deepEqual(told, ["hold 0/3", "hold 1/3", "hold 2/3"]);
  take();
  come(1, 51);
  come(0, 1);
  come(1, 52);
  assert.deepEqual(got.map(({ number }) => number), [1, 2, 3]);
  merged.acknowledge(WHOLE, 2);
  assert.deepEqual([0, 1].map((id) => acknowledged.get(id)), [1, 51]);
  assert.deepEqual(await merged.hold(WHOLE), { acknowledged: 2, last: 3 });
  take();
  come(0, 2);
  come(1, 52);
  assert.deepEqual(got.map(({ number, record }) => [number, record.body.length]), [[3, 0], [4, 0]]);
});

Deno.test("MergedShards begins anew, above all numbers, where somebody else is done with some; what may come again is marked", async () => {
  const { merged, acknowledged, got, take, come } = setUp();
  await merged.hold(WHOLE);
  take();
  for (const cursor of [1, 2, 3]) come(0, cursor);
  come(1, 1);
  acknowledged.set(0, 2);
  assert.deepEqual(await merged.hold(WHOLE), { acknowledged: 5, last: 5 });
  take();
  come(1, 1);
  for (const cursor of [3, 4]) come(0, cursor);
  assert.deepEqual(got.map(({ number, repeats }) => [number, repeats]), [[6, 1], [7, 1], [8, 0]]);
});

Deno.test("MergedShards goes on where a life before it stopped, and anew where that was killed", async () => {
  const first = setUp();
  await first.merged.hold(WHOLE);
  first.take();
  first.come(2, 7);
  first.come(0, 1);
  first.merged.acknowledge(WHOLE, 1);
  const written = JSON.parse(
    JSON.stringify({ sent: first.merged.sent, orders: first.merged.orders }),
  );
  const next = setUp();
  next.acknowledged.set(2, 7);
  next.merged.load(written.sent, written.orders);
  assert.equal(next.merged.knows(WHOLE), true);
  assert.deepEqual(await next.merged.hold(WHOLE), { acknowledged: 1, last: 2 });
  const killed = setUp(1_001);
  killed.acknowledged.set(2, 7);
  killed.merged.load(written.sent, undefined);
  assert.equal(killed.merged.knows(WHOLE), false);
  assert.deepEqual(await killed.merged.hold(WHOLE), { acknowledged: 1_002, last: 1_002 });
  killed.take();
  killed.come(0, 1);
  assert.deepEqual(killed.got.map(({ number, repeats }) => [number, repeats]), [[
    1_003,
    SENT_AHEAD + 1,
  ]]);
});

Deno.test("MergedShards gives the guilds of all its shards as of a number, one shard after the other", async () => {
  const { merged, guilds, take, come } = setUp();
  await merged.hold(WHOLE);
  take();
  come(0, 5);
  come(1, 9);
  come(0, 6);
  guilds[0] = [["a", "b", "c"], ["x"]];
  guilds[2] = [["d"], ["y"]];
  const bodies: string[] = [];
  for (let more = true; more;) {
    const question = { ...ASKED, cursor: 2, after: bodies.length };
    const piece = (await merged.guilds(WHOLE, question))!;
    assert.deepEqual(piece.guildIds, ["a", "b", "c", "d", "x", "y"]);
    assert.equal(piece.available, 4);
    bodies.push(...piece.bodies.map((body) => new TextDecoder().decode(body)));
    more = bodies.length < piece.available;
  }
  assert.deepEqual(bodies, ["a at 5", "b at 5", "c at 5", "d at 0"]);
  guilds[1] = null;
  assert.equal(await merged.guilds(WHOLE, { ...ASKED, cursor: 3, after: 0 }), null);
});

Deno.test("MergedShards tells of what is missing under the number that stands for it", async () => {
  const { merged, takers, got, take } = setUp();
  await merged.hold(WHOLE);
  take();
  takers.get(2)!(gapRecord(2, { from: 4, to: 9, count: 6, reason: "no room" }));
  const [{ record }] = got as [typeof got[0]];
  assert.deepEqual(readGap(record), { from: 1, to: 1, count: 6, reason: "no room" });
});
