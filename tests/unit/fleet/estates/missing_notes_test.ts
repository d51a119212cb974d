import assert from "node:assert/strict";
import { MissingNotes } from "../../../../unit/fleet/estates/missing_notes.ts";
import { of, setUpWorld } from "./stage.ts";

/** Unit b has said what it misses of shard 3, which only the disk of unit a has. */
async function setUp() {
  const world = setUpWorld();
  const b = await world.unit("b");
  const notes = new MissingNotes(b);
  notes.start();
  await world.run(notes.add(of(3), "a", { from: 5, to: 9 }));
  await world.clock.advance(100);
  return { ...world, b, notes };
}

Deno.test("what is missing is written again where the server has lost it", async () => {
  const { bus, clock, value, notes } = await setUp();
  assert.deepEqual(value("missing.3.4.a"), { from: 5, to: 9 });
  bus.stop();
  await clock.advance(1_000);
  bus.start(60_000);
  assert.equal(value("missing.3.4.a"), undefined);
  await clock.advance(1_000);
  assert.deepEqual(value("missing.3.4.a"), { from: 5, to: 9 });
  notes.stop();
});

Deno.test("what has been brought is not missing any more, whatever the server loses", async () => {
  const { bus, clock, value, b, run, notes } = await setUp();
  await run(b.keys.found(of(3), "a"));
  await clock.advance(100);
  bus.stop();
  await clock.advance(1_000);
  bus.start(60_000);
  await clock.advance(1_000);
  assert.equal(value("missing.3.4.a"), undefined);
  notes.stop();
});
