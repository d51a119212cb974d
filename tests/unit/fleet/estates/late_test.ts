import assert from "node:assert/strict";
import {
  type EventRecord,
  gapRecord,
  readRecords,
  RECORD,
} from "../../../../protocol/event_frame.ts";
import { GatehouseError } from "../../../../protocol/errors.ts";
import { Late, LATE_LOOK_MS, lateTo } from "../../../../unit/fleet/estates/late.ts";
import type { PeerKey } from "../../../../protocol/peer.ts";
import { cluster, reader } from "../../../support/peers.ts";
import { memoryAside } from "../../../support/fleet/memory_aside.ts";
import { memorySpool } from "../../../support/memory_spool.ts";
import { lived, of, setUpWorld } from "./stage.ts";

const event = (cursor: number, t = "X", d: unknown = null, pad = 0): EventRecord => ({
  shardId: 3,
  kind: RECORD.DISPATCH,
  cursor,
  body: new TextEncoder().encode(
    JSON.stringify({ t, s: cursor, op: 0, d, ...(pad ? { pad: "x".repeat(pad) } : {}) }),
  ),
});

/** Unit a is back, with these events of shard 3 on its disk; unit b has the shard. */
async function setUp(records: readonly EventRecord[] = [1, 2, 3, 4, 5, 6].map((n) => event(n))) {
  const world = setUpWorld();
  const [a, b] = [await world.unit("a"), await world.unit("b")];
  const openSpool = memorySpool();
  await (await openSpool(3)).append(records);
  const aside = memoryAside(openSpool, 4);
  const owners = { of3: "b" as string | null };
  const may = { deliver: true };
  const came: number[][] = [];
  const late = (unit: typeof a, own = memoryAside(memorySpool(), 4)) =>
    new Late({
      ...unit,
      aside: own,
      ownerOf: () => owners.of3,
      deliver: (_, bytes) => {
        if (!may.deliver) return Promise.reject(new GatehouseError("away", "peer", "no bot"));
        came.push(readRecords(bytes).map(({ cursor }) => cursor));
        return Promise.resolve();
      },
    });
  const [mine, theirs] = [late(a, aside), late(b)];
  await theirs.start(() => true);
  const missing = (from: number, to: number) =>
    world.run(b.keys.addMissing(of(3), "a", { from, to }));
  const left = async () => (await aside.list()).map(({ id }) => id);
  return { ...world, a, b, mine, aside, owners, may, came, missing, left, openSpool };
}

Deno.test("Late brings what others miss of what was left on disk, and no more, then forgets it", async () => {
  const { mine, missing, came, left, clock, value, lines } = await setUp();
  await missing(2, 5);
  await mine.start(() => false);
  assert.deepEqual(await left(), [3]);
  await clock.advance(LATE_LOOK_MS + 100);
  assert.deepEqual([came, await left(), value("missing.3.4.a")], [[[2, 3, 4, 5]], [], undefined]);
  assert.ok(lines.some((line) => line.startsWith("info events that were missing have come late")));
  await clock.advance(60_000);
  assert.equal(came.length, 1);
});

Deno.test("Late keeps what was left until it is known whether anybody misses it, and then deletes it", async () => {
  const { mine, a, b, run, left, clock, came } = await setUp();
  await run(a.keys.write(of(3), lived(3)));
  await mine.start(() => false);
  await clock.advance(60_000);
  assert.deepEqual(await left(), [3], "the next unit has said nothing yet");
  await run(b.keys.write(of(3), lived(3)));
  await clock.advance(LATE_LOOK_MS + 100);
  assert.deepEqual([await left(), came], [[], []]);
});

Deno.test("Late leaves alone what waits of the unit's own shards", async () => {
  const { mine, left, openSpool } = await setUp();
  await mine.start(({ id }) => id === 3);
  assert.deepEqual(await left(), []);
  assert.equal((await openSpool(3)).last, 6);
});

Deno.test("Late tries again while the bot is away, nobody has the shard, or the line is down", async () => {
  const { mine, missing, came, clock, owners, may, bus, left } = await setUp();
  await missing(1, 6);
  owners.of3 = null;
  await mine.start(() => false);
  await clock.advance(LATE_LOOK_MS * 2);
  owners.of3 = "b";
  may.deliver = false;
  await clock.advance(LATE_LOOK_MS * 2);
  may.deliver = true;
  bus.stop();
  await clock.advance(LATE_LOOK_MS * 2);
  assert.deepEqual([came, await left()], [[], [3]]);
  bus.start();
  await clock.advance(LATE_LOOK_MS * 2);
  assert.deepEqual([came, await left()], [[[1, 2, 3, 4, 5, 6]], []]);
});

Deno.test("Late brings nothing again that the bot has, also in another life of the unit", async () => {
  const large = [1, 2, 3, 4].map((n) => event(n, "X", null, 40_000));
  const { mine, missing, came, clock, may, value, a, aside } = await setUp(large);
  await missing(1, 4);
  await mine.start(() => false);
  const push = came.push.bind(came);
  came.push = (batch) => {
    may.deliver = came.length > 0;
    return push(batch);
  };
  await clock.advance(LATE_LOOK_MS + 1_000);
  const [first] = came;
  assert.equal(came.length, 1);
  assert.deepEqual(value("missing.3.4.a"), { from: first!.at(-1)! + 1, to: 4 });
  mine.stop();
  may.deliver = true;
  const next = new Late({ ...a, aside, ownerOf: () => "b", deliver: () => Promise.reject() });
  await next.start(() => false);
  await clock.advance(LATE_LOOK_MS * 3);
  assert.deepEqual(came.flat(), [1, 2, 3, 4], "each once");
  assert.equal(value("missing.3.4.a"), undefined);
  next.stop();
});

Deno.test("Late does not forget what is missing of a shard that waits where its worker has it", async () => {
  const { mine, missing, clock, value } = await setUp();
  await missing(1, 6);
  await mine.start(() => true);
  await clock.advance(1_000);
  assert.deepEqual(value("missing.3.4.a"), { from: 1, to: 6 });
});

Deno.test("Late looks after each shard though the disk fails it at another, and says so", async () => {
  const { missing, came, clock, a, b, run, aside, lines } = await setUp();
  await missing(1, 6);
  await run(b.keys.write(of(2), lived(2)));
  const failing = {
    ...aside,
    list: async () => [of(2), ...await aside.list()],
    remove: (shard: { total: number; id: number }) =>
      shard.id === 2 ? Promise.reject(new Error("a disk that is ill")) : aside.remove(shard),
  };
  const late = new Late({
    ...a,
    aside: failing,
    ownerOf: () => "b",
    deliver: () => Promise.reject(),
  });
  await late.start(() => false);
  await clock.advance(LATE_LOOK_MS + 100);
  assert.deepEqual(came.flat(), [1, 2, 3, 4, 5, 6]);
  assert.ok(lines.some((line) => line.startsWith("warn late events were not looked after")));
  late.stop();
});

Deno.test("Late brings events that are large, and no interaction whose token is dead, nor word of old gaps", async () => {
  const now = setUpWorld().clock.epochMs();
  const idOf = (ms: number) => String(BigInt(Math.floor(ms) - 1_420_070_400_000) << 22n);
  const { mine, missing, came, clock } = await setUp([
    event(1, "INTERACTION_CREATE", { id: idOf(now - 20 * 60_000) }),
    event(2, "INTERACTION_CREATE", { id: idOf(now - 60_000) }),
    gapRecord(3, { from: 3, to: 3, count: 1, reason: "the disk" }),
    event(4, "GUILD_CREATE", null, 500_000),
    event(5),
  ]);
  await missing(1, 5);
  await mine.start(() => false);
  await clock.advance(LATE_LOOK_MS * 3);
  assert.deepEqual(came.flat(), [2, 4, 5]);
});

Deno.test("Late forgets what was missed of an earlier life whose disk is gone", async () => {
  const { mine, missing, a, b, run, value, clock, lines } = await setUp();
  await missing(1, 6);
  await run(b.keys.addMissing(of(2), "a", { from: 5, to: 6 }));
  await run(a.keys.addMissing(of(2), "b", { from: 5, to: 6 }));
  await mine.start(() => false);
  await clock.advance(100);
  assert.equal(value("missing.2.4.a"), undefined);
  assert.deepEqual(value("missing.2.4.b"), { from: 5, to: 6 });
  assert.ok(lines.some((line) => line.startsWith("warn events that are missing are not on this")));
  mine.stop();
  await clock.advance(60_000);
  assert.deepEqual(value("missing.3.4.a"), { from: 1, to: 6 }, "nothing is done any more");
});

Deno.test("Late refuses what is no batch of late events", async () => {
  const { a, run } = await setUp();
  const asked = a.line.bus.ask("unit.b.late", { id: 3 }, 1_000);
  await assert.rejects(run(asked), { code: "bad_message" });
});

Deno.test("late events go to the cluster that has the shard, and to nobody else", async () => {
  const asked: unknown[] = [];
  const to = (peer: PeerKey | null) =>
    lateTo({
      consumerOf: () => peer,
      ask: (...call) => Promise.resolve(void asked.push(call)),
    })(of(3), Uint8Array.of(1, 2));
  await to(cluster(5));
  assert.deepEqual(asked, [
    [cluster(5), "late", { totalShards: 4, shardId: 3, records: "AQI=" }, 85_000],
  ]);
  await assert.rejects(to(null), { code: "refused" });
  await assert.rejects(to(reader(3, "logger")), { code: "refused" });
});
