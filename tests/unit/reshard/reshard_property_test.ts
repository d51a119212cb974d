import assert from "node:assert/strict";
import fc from "fast-check";
import { begun, ended, type LotWorld } from "../../support/lot_world.ts";
import { serving } from "../../support/fake_shards.ts";

/** What may happen at any moment. */
const events = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.integer({ min: 1, max: 7_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("break", "break session", "lose worker"),
      shard: fc.nat(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("kill", "pause", "resume", "cancel") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("fail", "fail late", "disk well", "bot away", "bot back"),
    }),
  },
);

async function happen(world: LotWorld, event: { kind: string; ms?: number; shard?: number }) {
  const shards = [...world.shards.values()].filter(({ role }) => role !== null);
  const shard = shards[(event.shard ?? 0) % Math.max(1, shards.length)]!;
  const acts: Record<string, () => unknown> = {
    pass: () => world.clock.advance(event.ms!),
    break: () => shard && world.break(shard),
    "break session": () => shard && world.break(shard, { session: "end" }),
    "lose worker": () => shard && world.loseWorker(shard),
    kill: () => world.kill(),
    pause: () => world.reshard.pause(),
    resume: () => world.reshard.resume(),
    cancel: () => world.reshard.cancel(),
    fail: () => world.fails = "before",
    "fail late": () => world.fails = "after",
    "disk well": () => world.fails = null,
    "bot away": () => world.isBotHere = false,
    "bot back": () => world.isBotHere = true,
  };
  await acts[event.kind]!();
  world.check();
}

Deno.test("whatever happens, each lot has one owner at any moment, and in the end all are where they are to be", async () => {
  const totals = fc.constantFrom([2, 4], [4, 2], [2, 3], [1, 2]);
  await fc.assert(
    fc.asyncProperty(totals, fc.array(events, { maxLength: 40 }), async ([from, to], all) => {
      const world = begun({ from: from!, to: to! });
      for (const event of all) await happen(world, event);
      [world.fails, world.isBotHere] = [null, true];
      if (world.record.move) {
        world.reshard.resume();
        await ended(world);
      }
      await world.clock.advance(5_000);
      const { total } = world.record;
      assert.equal(serving(world).split(" ").length, total);
      assert.ok(
        [...world.shards.values()].every(({ key, role }) => key.total === total || role === null),
      );
    }),
    { numRuns: 60 },
  );
});
