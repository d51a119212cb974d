import assert from "node:assert/strict";
import { withCursor, withPresence, withSafe, withSession } from "../../../../protocol/estate.ts";
import { LAST_WRITE_MS, Mirror, MIRROR_AFTER_MS } from "../../../../unit/fleet/estates/mirror.ts";
import { lived, of, setUpWorld } from "./stage.ts";

const GUILDS = { guildIds: ["1"], loadingGuildIds: [] };

/** A unit that mirrors shards 2 and 3. */
async function setUp() {
  const world = setUpWorld();
  const { clock, value } = world;
  const a = await world.unit("a");
  const mirror = new Mirror(a);
  for (const id of [2, 3]) {
    a.estates.adopt(of(id), lived(id));
    mirror.begin(of(id));
  }
  await clock.advance(50);
  const acknowledged = (id: number) =>
    (value("points.a")?.[`${id}/4`] as readonly number[] | undefined)?.[0];
  const written = (id: number) => value(`estate.${id}.4`);
  return { ...world, a, mirror, acknowledged, written };
}

Deno.test("Mirror writes estates at once, what changes a second later, and only what has changed", async () => {
  const { a, clock, acknowledged, written, bus } = await setUp();
  assert.deepEqual([written(2)!.unit, written(3)!.unit, acknowledged(3)], ["a", "a", 10]);
  const before = bus.entries.get("estate.3.4")!.revision;
  a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 15 }));
  a.estates.change(of(2), (it) => withPresence(it, { status: "idle" }));
  await clock.advance(MIRROR_AFTER_MS - 10);
  assert.equal(acknowledged(3), 10);
  await clock.advance(100);
  assert.equal(acknowledged(3), 15);
  assert.equal(bus.entries.get("estate.3.4")!.revision, before, "what seldom changes is as it was");
  assert.deepEqual(written(2)!.presence, { status: "idle" });
  const { revision } = bus.entries.get("points.a")!;
  await clock.advance(60_000);
  assert.equal(
    bus.entries.get("points.a")!.revision,
    revision,
    "nothing changes, nothing is written",
  );
});

Deno.test("Mirror writes a session that began at once", async () => {
  const { a, clock, written } = await setUp();
  const session = { ...lived(3).session!, sessionId: "next", seq: 0, base: 50 };
  const facts = { user: { id: "1" }, application: { id: "2" }, guildIds: [] };
  a.estates.change(of(3), (it) => withSession(it, { session, facts }));
  await clock.advance(50);
  assert.equal((written(3)!.session as { sessionId: string }).sessionId, "next");
});

Deno.test("Mirror never has a point newer than the guilds beside it, whatever fails", async () => {
  const { a, clock, acknowledged, written } = await setUp();
  const guildsOf = () => (written(3)!.guilds as { guildIds: string[] } | null)?.guildIds ?? [];
  for (let n = 1; n <= 40; n++) {
    const guildIds = Array.from({ length: n }, (_, i) => `${i}`);
    const guilds = { guildIds, loadingGuildIds: [] };
    a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 10 + n, guilds }));
    a.line.drop(n % 4 === 0 ? 0 : 0.4);
    await clock.advance(700);
    assert.ok(
      acknowledged(3)! - 10 <= guildsOf().length,
      `${acknowledged(3)} ${guildsOf().length}`,
    );
  }
  a.line.drop(0);
  await clock.advance(60_000);
  assert.deepEqual([acknowledged(3), guildsOf().length], [50, 40]);
});

Deno.test("Mirror writes all again after the line was down, once it is up", async () => {
  const { a, clock, acknowledged, written, bus } = await setUp();
  bus.stop();
  a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 15, guilds: GUILDS }));
  await clock.advance(120_000);
  bus.start(300_000);
  assert.equal(written(2), undefined);
  await clock.advance(5_000);
  assert.deepEqual([written(2)!.unit, acknowledged(2), acknowledged(3)], ["a", 10, 15]);
  assert.deepEqual(written(3)!.guilds, GUILDS);
});

Deno.test("Mirror waits while the disk of the server is full, and has all in the end", async () => {
  const { a, clock, acknowledged, bus } = await setUp();
  bus.fill(true);
  for (let n = 1; n <= 300; n++) {
    a.estates.change(of(3), (it) => withCursor(withSafe(it, { acknowledged: 10 + n }), 400 + n));
    await clock.advance(1_000);
  }
  bus.fill(false);
  await clock.advance(31_000);
  assert.equal(acknowledged(3), 310);
});

Deno.test("Mirror writes a shard no more that is another's, by its own knowledge or by the keys", async () => {
  const { a, at, unit, run, clock, mirror, written, value, lines } = await setUp();
  const b = await unit("b");
  a.own.epoch = 1;
  at.epoch = 2;
  await run(b.keys.write(of(3), lived(3)));
  a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 15, guilds: GUILDS }));
  a.estates.change(of(2), (it) => withSafe(it, { acknowledged: 15 }));
  await clock.advance(1_100);
  assert.deepEqual([written(3)!.unit, mirror.has(of(3)), mirror.has(of(2))], ["b", false, true]);
  assert.deepEqual(Object.keys(value("points.a")!), ["2/4"]);
  assert.ok(lines.some((line) => line.startsWith("warn another unit has written the estate")));
  mirror.end(of(2));
  a.estates.change(of(2), (it) => withSafe(it, { acknowledged: 20, guilds: GUILDS }));
  await clock.advance(5_000);
  assert.equal(written(2)!.guilds, null);
});

Deno.test("Mirror writes nothing of a shard that became another's while it waited for its turn", async () => {
  const { a, mirror, clock, written } = await setUp();
  const ids = Array.from({ length: 40 }, (_, id) => id + 10);
  for (const id of ids) {
    a.estates.adopt(of(id), lived(id));
    mirror.begin(of(id));
  }
  await clock.advance(1);
  mirror.end(of(49));
  await clock.advance(5_000);
  assert.ok(written(48), "it was written after many others");
  assert.equal(written(49) ?? null, null);
});

Deno.test("Mirror writes a last time when it is closed, and waits for that no longer than it is to", async () => {
  const { a, run, mirror, acknowledged, bus, clock } = await setUp();
  a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 15 }));
  await run(mirror.close());
  assert.equal(acknowledged(3), 15);
  a.estates.change(of(3), (it) => withSafe(it, { acknowledged: 20 }));
  await clock.advance(5_000);
  assert.equal(acknowledged(3), 15);
  const other = await setUp();
  other.a.line.slow(60_000);
  const from = other.clock.now();
  await other.run(other.mirror.close());
  assert.equal(other.clock.now() - from, LAST_WRITE_MS);
  assert.ok(bus.entries.size > 0);
});
