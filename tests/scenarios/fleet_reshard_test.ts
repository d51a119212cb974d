/** The guilds of a fleet go from one total to another, in virtual time, whatever befalls units and line. */

import assert from "node:assert/strict";
import type { LotPhase } from "../../protocol/reshard.ts";
import { FleetLots } from "../support/fleet_lots/world.ts";

const UNITS = ["a", "b", "c"];

for (const [from, to] of [[2, 4], [4, 8], [4, 6], [8, 4], [6, 9]] as const) {
  for (const count of [2, 3]) {
    Deno.test(`${count} units: ${from} shards become ${to}, nothing lost, nothing twice, no identify too many`, async () => {
      const world = await FleetLots.of(from, UNITS.slice(0, count));
      await world.begins(to, "b");
      await world.ended();
      await world.assertWhole(to, from + to);
    });
  }
}

const PHASES = ["rising", "comparing", "holding", "writing", "ending", "moved"] as const;

/** From four shards to eight, with three units, of which `b` has a lot in this phase. */
async function midway(phase: LotPhase, seed: number): Promise<FleetLots> {
  const world = await FleetLots.of(4, UNITS, seed);
  await world.begins(8);
  await world.until(phase, "b");
  return world;
}

for (const phase of PHASES) {
  for (const seed of [1, 2]) {
    Deno.test(`a unit is killed while a lot of its is ${phase} (seed ${seed}): its lots go on elsewhere, without an identify too many`, async () => {
      const world = await midway(phase, seed);
      world.unit("b").kill();
      await world.ended();
      await world.assertWhole(8, 12);
    });

    Deno.test(`a unit is killed while a lot of its is ${phase} (seed ${seed}), and is back at once: it goes on`, async () => {
      const world = await midway(phase, seed);
      world.unit("b").kill();
      await world.clock.advance(2_000);
      world.begin("b");
      await world.ended();
      await world.assertWhole(8, 12);
    });

    Deno.test(`the line is away for a minute while a lot is ${phase} (seed ${seed}): nothing is handed over meanwhile`, async () => {
      const world = await midway(phase, seed);
      const before = world.unit("a").reshards!.record.move!.moved.length;
      world.bus.stop();
      await world.clock.advance(60_000);
      const { move } = world.unit("a").reshards!.record;
      assert.ok((move?.moved.length ?? 4) - before <= 3, "what was on its way when it went away");
      const undecided = world.living.flatMap(({ name, reshards }) =>
        reshards!.snapshot!.lots.filter(({ rest, phase }) =>
          phase === "writing" && world.unit(name).fleet.ownerOf({ total: 4, id: rest }) === name
        ).map(({ rest }) => rest)
      );
      const late = world.discord.late.filter((guild) => !undecided.includes(guild % 4));
      assert.deepEqual(late, [], "all guilds are served, but those of which nobody knows by whom");
      world.bus.start();
      await world.ended();
      await world.assertWhole(8, 12);
    });

    Deno.test(`the server loses its last writes while a lot is ${phase} (seed ${seed})`, async () => {
      const world = await midway(phase, seed);
      world.bus.stop();
      await world.clock.advance(1_000);
      world.bus.start(2_000);
      await world.ended();
      await world.assertWhole(8, 12);
    });

    Deno.test(`a unit leaves while a lot of its is ${phase} (seed ${seed}): it gives its lots away as wholes`, async () => {
      const world = await midway(phase, seed);
      const left = world.unit("b").leave();
      await world.ended();
      await left;
      await world.assertWhole(8, 12);
    });
  }
}

Deno.test("who leads is killed in the middle, and another settles it", async () => {
  const world = await midway("comparing", 3);
  world.living.find(({ fleet }) => fleet.term !== null)!.kill();
  await world.ended();
  await world.assertWhole(8, 12);
});

Deno.test("a unit that stands still for 30 s loses its lots, and hands nothing over when it goes on", async () => {
  for (const phase of ["comparing", "holding"] as const) {
    const world = await midway(phase, 4);
    world.freeze("b");
    await world.clock.advance(30_000);
    world.thaw("b");
    await world.ended();
    await world.assertWhole(8, 12);
  }
});

Deno.test("a unit whose word that a lot has moved arrives when others have it is not heard", async () => {
  for (const phase of ["comparing", "holding", "writing"] as const) {
    const world = await midway(phase, 4);
    world.slow("b", 20_000);
    await world.clock.advance(60_000);
    world.slow("b", 0);
    await world.ended();
    await world.assertWhole(8, 12);
  }
});

Deno.test("a unit that joins in the middle gets its share when it is over", async () => {
  const world = await midway("comparing", 5);
  world.begin("d");
  await world.ended();
  await world.assertWhole(8, 12);
  const own = world.unit("d").fleet.assignment!.totals[0]!.owners.filter((unit) => unit === "d");
  assert.equal(own.length, 2);
});

Deno.test("whichever unit is asked, all pause, go on and go back", async () => {
  const world = await midway("comparing", 6);
  world.unit("c").reshards!.pause();
  await world.clock.advance(200);
  for (const { reshards } of world.living) assert.equal(reshards!.snapshot!.state, "paused");
  world.unit("a").reshards!.resume();
  await world.clock.advance(200);
  world.unit("b").reshards!.cancel();
  await world.ended();
  for (const { reshards } of world.living) assert.equal(reshards!.snapshot!.state, "cancelled");
  await world.assertWhole(4, 12);
});

Deno.test("of two units that are asked at the same moment one begins", async () => {
  const world = await FleetLots.of(4, UNITS, 7);
  const asked = [
    world.unit("a").reshards!.begin(8, "operator"),
    world.unit("b").reshards!.begin(12, "operator"),
  ];
  const results = Promise.allSettled(asked);
  await world.clock.advance(200);
  const refused = (await results).filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 1);
  await world.ended();
  assert.ok([8, 12].includes(world.unit("c").reshards!.record.total));
});
