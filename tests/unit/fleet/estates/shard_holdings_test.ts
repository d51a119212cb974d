import assert from "node:assert/strict";
import type { Estate } from "../../../../protocol/estate.ts";
import { NO_ESTATE } from "../../../../protocol/estate.ts";
import { readGap, readRecords } from "../../../../protocol/event_frame.ts";
import type { ShardKey } from "../../../../protocol/ids.ts";
import type { Rested } from "../../../../protocol/worker_message.ts";
import { NOTHING_ASIDE } from "../../../../store/late_folders.ts";
import { ShardHoldings } from "../../../../unit/fleet/estates/shard_holdings.ts";
import { lived, of, setUpWorld } from "./stage.ts";

/** A unit whose workers do as they are told. */
async function unitIn(
  world: ReturnType<typeof setUpWorld> & { readonly queued: readonly ShardKey[] },
  self: string,
) {
  const unit = await world.unit(self);
  const done: string[] = [];
  const rested: Rested = { session: lived(3).session, acknowledged: 10, readers: {}, guilds: null };
  const moves = {
    rest: () => (done.push("rest"), Promise.resolve(rested)),
    wake: () => void done.push("wake"),
    readOut: () => Promise.resolve(new Uint8Array()),
    putIn(_: number, reader: string | null, records: Uint8Array, isFirst: boolean) {
      const gaps = readRecords(records).map((it) => `${readGap(it).from}-${readGap(it).to}`);
      done.push(`put in ${reader} ${gaps}${isFirst ? " first" : ""}`);
      return Promise.resolve();
    },
    lose: (_: number, keeps: boolean) => (done.push(`lose ${keeps}`), Promise.resolve()),
  };
  const holdings = new ShardHoldings({
    ...unit,
    poolOf: (total) => total === 4 ? { moves: moves as never } : undefined,
    epoch: () => world.at.epoch,
    ownerOf: ({ id }) => [null, self, "another"][id]!,
    aside: {
      ...NOTHING_ASIDE,
      queued: () => Promise.resolve([...world.queued]),
      put: ({ id }) => (done.push(`put aside ${id}`), Promise.resolve()),
    },
    deliver: () => Promise.resolve(),
  });
  await world.run(holdings.start());
  return { ...unit, holdings, done, take: () => done.splice(0) };
}

async function setUp(written: Partial<Estate> | null = null) {
  const world = { ...setUpWorld(), queued: [] };
  const [a, b] = [await unitIn(world, "a"), await unitIn(world, "b")];
  if (written) await world.run(a.keys.write(of(3), lived(3, written)));
  return { ...world, a, b };
}

const far = (seq: number) => ({ session: { ...lived(3).session!, seq }, highest: seq });

Deno.test("ShardHoldings begin with nothing where a shard never lived, and with what the own disk has", async () => {
  const { run, a, clock, value } = await setUp();
  await run(a.holdings.take(of(3), "given", null));
  assert.deepEqual(a.estates.of(of(3)), NO_ESTATE);
  const next = await setUp({ acknowledged: 5 });
  next.a.estates.adopt(of(3), lived(3, { acknowledged: 9 }));
  await next.run(next.a.holdings.take(of(3), "given", "a"));
  assert.equal(next.a.estates.of(of(3)).acknowledged, 9);
  assert.deepEqual([a.take(), next.a.take()], [[], []], "no worker is told anything");
  await clock.advance(100);
  assert.equal(value("estate.3.4")!.unit, "a");
});

Deno.test("ShardHoldings take a shard up whose disk was lost, as of what is written, and say what is missing", async () => {
  const { run, a } = await setUp({ ...far(5_000), readers: { logger: 4_500 } });
  await run(a.holdings.take(of(3), "given", "a"));
  assert.equal(a.estates.of(of(3)).session!.seq, 4_500);
  assert.deepEqual(a.take(), ["put aside 3", "put in null 11-4500 first", "put in logger  first"]);
});

Deno.test("ShardHoldings take a dead unit's shard up from its points, and tell what its disk alone has", async () => {
  const { run, b, clock, value } = await setUp(far(5_000));
  await run(b.holdings.take(of(3), "dead", "a"));
  assert.equal(b.estates.of(of(3)).session!.seq, 5_000);
  assert.deepEqual(b.take(), ["put aside 3", "put in null 11-5000 first"]);
  assert.deepEqual(value("missing.3.4.a"), { from: 11, to: 5_000 });
  await clock.advance(100);
  assert.equal(value("estate.3.4")!.unit, "b");
  const near = await setUp(far(500));
  await near.run(near.b.holdings.take(of(3), "dead", "a"));
  assert.equal(near.b.estates.of(of(3)).session!.seq, 10);
  assert.deepEqual(near.b.take(), ["put aside 3", "put in null  first"]);
  assert.equal(near.value("missing.3.4.a"), undefined);
});

Deno.test("ShardHoldings of which nothing is written begin above all cursors that may have been given out", async () => {
  const { run, b, clock } = await setUp();
  await clock.advance(1_000);
  await run(b.holdings.take(of(3), "dead", "a"));
  const { highest, session } = b.estates.of(of(3));
  assert.equal(session, null);
  assert.ok(highest !== null && highest < 2 ** 47, `${highest}`);
});

Deno.test("ShardHoldings give a shard, which rests, and the other takes it with its estate", async () => {
  const { run, a, b, clock, value, at } = await setUp({});
  await run(a.holdings.take(of(3), "given", "a"));
  a.take();
  await run(a.holdings.give(of(3), "b"));
  assert.deepEqual(a.take(), ["rest"]);
  assert.equal(value("estate.3.4")!.givenTo, "b");
  assert.deepEqual(b.take(), ["put in null  first", "put in null  first"]);
  at.epoch++;
  await run(b.holdings.take(of(3), "given", "a"));
  assert.equal(b.estates.of(of(3)).session!.seq, 10);
  assert.deepEqual(b.take(), [], "what was put in stays");
  await clock.advance(100);
  assert.equal(value("estate.3.4")!.unit, "b");
  await run(a.holdings.lose(of(3)));
  assert.deepEqual(a.take(), ["lose false"]);
  assert.deepEqual(a.estates.of(of(3)), NO_ESTATE);
});

Deno.test("ShardHoldings that were given a shard in an earlier life have it from the keys, and then from their disk", async () => {
  const { run, a, b, clock } = await setUp();
  await run(a.keys.write(of(3), lived(3), "b"));
  await run(b.holdings.take(of(3), "given", "a"));
  assert.deepEqual(b.estates.of(of(3)), lived(3));
  const next = await setUp();
  await next.run(next.a.keys.write(of(3), lived(3), "b"));
  next.b.estates.adopt(of(3), lived(3, { acknowledged: 40, highest: 50 }));
  await next.run(next.b.holdings.take(of(3), "given", "b"));
  assert.equal(next.b.estates.of(of(3)).acknowledged, 40);
  assert.deepEqual([...b.take(), ...next.b.take()], []);
  await clock.advance(0);
});

Deno.test("ShardHoldings close a shard that is lost at once, also where nobody can be asked, and put aside what waits", async () => {
  const { run, a, bus, at } = await setUp({});
  await run(a.holdings.take(of(3), "given", "a"));
  a.take();
  at.epoch++;
  bus.stop();
  const losing = a.holdings.lose(of(3));
  assert.deepEqual(a.take(), ["lose true"], "within the call");
  await run(losing);
  assert.deepEqual(a.take(), ["put aside 3"]);
  assert.deepEqual(a.estates.of(of(3)), NO_ESTATE);
  a.line.kill();
});

Deno.test("ShardHoldings have a shard go on that was not given, and can take it back that was", async () => {
  const { run, a, bus, clock, value } = await setUp({});
  await run(a.holdings.take(of(3), "given", "a"));
  a.take();
  bus.fill(true);
  await assert.rejects(run(a.holdings.give(of(3), "b")), { code: "disk_full" });
  assert.deepEqual(a.take(), ["rest", "wake"]);
  bus.fill(false);
  await run(a.holdings.give(of(3), "b"));
  await run(a.holdings.take(of(3), "given", "a"));
  assert.deepEqual(a.take(), ["rest", "wake"]);
  await clock.advance(100);
  assert.equal(value("estate.3.4")!.givenTo, null);
  await assert.rejects(run(a.holdings.give({ total: 5, id: 3 }, "b")), { code: "no_shard" });
});

Deno.test("ShardHoldings put aside what waits of others' shards when they start, not what nobody has yet", async () => {
  const a = await unitIn({ ...setUpWorld(), queued: [of(0), of(1), of(2)] }, "a");
  assert.deepEqual(a.take(), ["put aside 2"]);
});
