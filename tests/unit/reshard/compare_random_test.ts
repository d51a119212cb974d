/** Cuts between two sessions of a world, under random delays and faults. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Fate,
  play,
  type Played,
  TICK_MS,
  type WorldDraw,
  worldsOf,
} from "./compare_model.ts";

const RUNS = 300;
const FAULTS: readonly Fate[] = [
  ...Array<Fate>(12).fill("both"),
  "missing in from",
  "missing in to",
  "repeated in from",
  "repeated in to",
  "twice",
];

/** In every guild each event that both sides got once came once, in order; where it is doubtful, at least once. */
function assertWhole({ delivered, wanted, mayRepeat }: Played): void {
  for (const [guildId, events] of wanted) {
    const all = delivered.get(guildId)!.filter((event) => events.includes(event));
    assert.deepEqual(
      mayRepeat.has(guildId) ? [...new Set(all)] : all,
      events,
      `guild "${guildId}"`,
    );
  }
}

/** Only where an event was missing, or came twice, or always the same came, a guild is doubtful. */
function assertSure({ mayRepeat, faulty, monotone }: Played): void {
  for (const guildId of mayRepeat) {
    assert.ok(faulty.has(guildId) || monotone.has(guildId), `guild "${guildId}" is doubtful`);
  }
}

function prove(worlds: fc.Arbitrary<WorldDraw>, holds: (played: Played) => void): void {
  const property = fc.property(worlds, (draw) => {
    const played = play(draw);
    assert.ok(played, "never armed");
    holds(played);
  });
  fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: 60_000 });
}

Deno.test("Compare cuts each guild where no event is lost and none comes twice, without a doubt but of what is always the same", () => {
  prove(worldsOf(["both"], ["once", "seldom", "p"]), (played) => {
    assertWhole(played);
    assertSure(played);
    assert.equal(played.result.forced, played.mayRepeat.size);
    assert.ok(played.heldMs <= 5_000 + 2 * TICK_MS, `held for ${played.heldMs} ms`);
  });
});

Deno.test("Compare loses nothing for an event that one side gets not, or twice", () => {
  prove(worldsOf(FAULTS, ["once", "seldom"]), (played) => {
    assertWhole(played);
    assertSure(played);
  });
});

Deno.test("Compare loses nothing where the same comes again and again, and says where it may repeat", () => {
  prove(worldsOf(FAULTS, ["seldom", "p", "p", "q", "q"]), assertWhole);
});
