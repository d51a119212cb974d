import assert from "node:assert/strict";
import { type Claim, claimName } from "../../../../gateway/identify/fleet/claims.ts";
import { TRAVEL_MS } from "../../../../gateway/identify/fleet/gate.ts";
import { Roll, SILENCE_MS } from "../../../../gateway/identify/fleet/roll.ts";
import type { Told } from "../../../../gateway/identify/fleet/words.ts";
import { IdentifyQueue } from "../../../../gateway/identify/queue.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { TOLD } from "./words_stage.ts";

const NOTHING = { expects: [], wants: [], holds: [], used: [], usedBefore: 0 };
const BUDGET = { total: 1000, remaining: 1000, resetAfterMs: 60_000 };

/** A roll and its queue; these permits of unit `a` are out already. */
function setUp(...out: (readonly [id: number, turn: number])[]) {
  const clock = createVirtualClock();
  const granted: string[] = [];
  const written = new Set<string>();
  const queue = new IdentifyQueue<Claim>({
    clock,
    maxConcurrency: 4,
    budget: { total: 1000, remaining: 1000, resetAtMs: clock.epochMs() + 86_400_000 },
    reserve: 0,
    nameOf: claimName,
    allow: (claim) => void granted.push(claimName(claim)),
    spent() {},
  });
  const roll = new Roll(clock, written);
  const claim = (id: number, turn: number): Claim => ({ unit: "a", life: "1", total: 4, id, turn });
  const permits = out.map(([id, turn]) => claim(id, turn));
  for (const permit of permits) written.add(claimName(permit));
  let version = 0;
  const tell = (told: Partial<Told>) =>
    roll.hear({ ...TOLD, ...NOTHING, budget: BUDGET, version: ++version, ...told });
  return {
    ...{ clock, granted, written, queue, roll, claim, tell },
    open: () => roll.open(queue, permits),
    out: () => [...queue.permits.keys()],
    spent: () => 1000 - queue.budget.remaining,
  };
}

Deno.test("a permit of the leader before goes back where its unit has not got it, and is used where nobody knows it", () => {
  const { tell, open, out, spent, granted } = setUp([0, 1], [1, 2], [2, 3], [3, 9]);
  tell({ turn: 7, wants: [[4, 0, 1]], holds: [[4, 1, 2]] });
  open();
  assert.deepEqual(out(), ["a 1 1/4 2", "a 1 3/4 9", "a 1 0/4 1"], "9 is newer than what was told");
  assert.deepEqual([granted, spent()], [["a 1 0/4 1"], 1]);
});

Deno.test("a permit of this leader's that its unit does not know any more is not used", () => {
  const { tell, open, out, spent } = setUp();
  open();
  tell({ turn: 1, wants: [[4, 0, 1]] });
  assert.deepEqual(out(), ["a 1 0/4 1"]);
  tell({ turn: 1 });
  assert.deepEqual([out(), spent()], [[], 0]);
});

Deno.test("a permit that a unit tells and nobody has written down keeps its key", () => {
  const { tell, open, out } = setUp();
  open();
  tell({ turn: 1, holds: [[4, 0, 1]] });
  assert.deepEqual(out(), ["a 1 0/4 1"]);
});

Deno.test("a unit that says nothing any more is forgotten, its permits are not", async () => {
  const { clock, tell, open, out, written, queue, roll } = setUp();
  open();
  tell({ turn: 3, wants: [[4, 0, 1], [4, 1, 2]], expects: [[4, 2]] });
  queue.request({ unit: "b", life: "1", total: 8, id: 4, turn: 1 });
  for (const name of out()) written.add(name);
  await clock.advance(SILENCE_MS);
  roll.forgetSilent();
  assert.equal(out().length, 2, "group 1 waits for the shard that is expected");
  queue.sent({ unit: "a", life: "1", total: 4, id: 0, turn: 1 }, 1);
  queue.sent({ unit: "a", life: "1", total: 4, id: 1, turn: 2 }, 2);
  await clock.advance(6_000);
  assert.deepEqual(out(), []);
  roll.forgetSilent();
  assert.deepEqual(out(), ["b 1 4/8 1"]);
});

Deno.test("a permit says until when it may be taken by the clock of its unit", async () => {
  const { clock, tell, open, written, roll, claim } = setUp();
  open();
  await clock.advance(10_000);
  tell({ turn: 1, nowMs: 77_000, holds: [[4, 0, 1]] });
  await clock.advance(3_000);
  tell({ turn: 2, nowMs: 80_000, holds: [[4, 0, 1]], wants: [[4, 1, 2]] });
  assert.deepEqual(roll.permitted([claim(1, 2)]), [], "it is not written down");
  written.add(claimName(claim(1, 2)));
  await clock.advance(2_000);
  tell({ turn: 2, nowMs: 81_900, holds: [[4, 0, 1]], wants: [[4, 1, 2]] });
  const untilMs = roll.permitted([claim(1, 2)])[0]?.[3];
  assert.equal(untilMs, 79_900 + TRAVEL_MS, "what was 100 ms longer on its way makes it earlier");
  assert.deepEqual(roll.permitted([{ ...claim(1, 2), life: "2" }]), []);
});
