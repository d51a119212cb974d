/** The judge of reshards says so when an event is removed, doubled, swapped or made up. */

import assert from "node:assert/strict";
import { seededRandom } from "../../../ports/random.ts";
import { stage } from "../../sim/gateway/scripted_client.ts";
import { judge, numberOf, type Verdict, type Witness } from "./judge.ts";

const WRONG = ["lost", "twice", "outOfOrder", "unknown"] as const;

/** What is wrong, by how many events. */
function faults(verdict: Verdict): Partial<Record<typeof WRONG[number], number>> {
  const counts = WRONG.map((kind) => [kind, verdict[kind].length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** A ledger of two totals side by side, and all that a perfect bot gets of it. */
async function world(): Promise<{ ledger: Witness; all: number[] }> {
  const options = { recordEvents: true, numberEvents: true, maxConcurrency: 8 };
  const { ready, sim, clock } = stage({ guilds: 6, guildsOutside: 6, ...options });
  const clients = [await ready(0, 1)];
  await clock.advance(6_000);
  for (const id of [0, 1, 2]) clients.push(await ready(id, 3));
  sim.traffic.setRate(200);
  sim.comings.setRate(120);
  await clock.advance(5_000);
  sim.traffic.setRate(0);
  sim.comings.setRate(0);
  await clock.advance(100);
  const all = clients[0]!.events().map(({ d }) => numberOf(d)).filter((event) => event !== null);
  return { ledger: sim.ledger, all };
}

Deno.test("a bot that got everything once, in order per guild, is blameless", async () => {
  const { ledger, all } = await world();
  assert.equal(all.length, 1_010);
  const verdict = judge(ledger, [all]);
  assert.deepEqual(faults(verdict), {});
  assert.equal(verdict.events, all.length);
  assert.deepEqual(verdict.identifies, { 1: 1, 3: 3 });
  assert.deepEqual([verdict.violations, verdict.identifiedAgain], [[], []]);
  const byGuild = ledger.world.toSorted((a, b) =>
    (a.guildId ?? "").localeCompare(b.guildId ?? "") || a.event - b.event
  ).map(({ event }) => event);
  assert.deepEqual(faults(judge(ledger, [byGuild])), {}, "guilds among themselves have no order");
});

Deno.test("each event that is removed, doubled, swapped with its guild's next, or made up is told", async () => {
  const { ledger, all } = await world();
  const random = seededRandom(3);
  const guildOf = (event: number) => ledger.world[event - 1]!.guildId;
  for (let run = 0; run < 200; run++) {
    const at = Math.floor(random() * all.length);
    const event = all[at]!;
    assert.deepEqual(faults(judge(ledger, [all.toSpliced(at, 1)])), { lost: 1 });
    const later = at + 1 + Math.floor(random() * (all.length - at));
    assert.deepEqual(faults(judge(ledger, [all.toSpliced(later, 0, event)])), { twice: 1 });
    const next = all.findIndex((other, i) => i > at && guildOf(other) === guildOf(event));
    if (next < 0) continue;
    const swapped = all.with(at, all[next]!).with(next, event);
    assert.ok(judge(ledger, [swapped]).outOfOrder.length > 0, `${at} and ${next}`);
  }
  assert.deepEqual(faults(judge(ledger, [[...all, 999_999]])), { unknown: 1 });
});

Deno.test("who lives twice may see again what it had, and lose nothing between", async () => {
  const { ledger, all } = await world();
  const verdict = judge(ledger, [all.slice(0, 500), all.slice(480)]);
  assert.deepEqual([faults(verdict), verdict.again], [{}, 20]);
  assert.deepEqual(faults(judge(ledger, [all.slice(0, 500), all.slice(501)])), { lost: 1 });
});

Deno.test("what a fault keeps from a session may be missing, what it repeats may come twice, and no more", async () => {
  const { ledger, all } = await world();
  const flawed = (flaw: "missing" | "repeated", event: number): Witness => {
    const about = { sessionId: "a", shardId: 0, totalShards: 1, atMs: 0 };
    return { ...ledger, flaws: [{ flaw, event, ...about }] };
  };
  const event = all[300]!;
  const without = all.toSpliced(300, 1);
  const missing = judge(flawed("missing", event), [without]);
  assert.deepEqual([faults(missing), missing.missingByFault], [{}, 1]);
  assert.deepEqual(faults(judge(flawed("missing", event), [without.toSpliced(10, 1)])), {
    lost: 1,
  });
  const doubled = all.toSpliced(400, 0, event);
  assert.deepEqual(faults(judge(flawed("repeated", event), [doubled])), {});
  assert.deepEqual(faults(judge(flawed("repeated", event), [all])), {});
  assert.deepEqual(faults(judge(flawed("repeated", event), [[...doubled, event]])), { twice: 1 });
});

Deno.test("what is wrong with a guild that was cut by force is counted apart, and a loss is a loss", async () => {
  const { ledger, all } = await world();
  const event = all.find((it) => ledger.world[it - 1]!.guildId !== null)!;
  const mayRepeat = new Set([ledger.world[event - 1]!.guildId!]);
  const verdict = judge(ledger, [[...all, event]], { mayRepeat });
  assert.deepEqual([faults(verdict), verdict.repeatedByForce], [{}, 1]);
  const without = all.filter((it) => it !== event);
  const late = judge(ledger, [[...without, event]], { mayRepeat });
  assert.deepEqual([faults(late), late.lateByForce], [{}, 1]);
  assert.deepEqual(faults(judge(ledger, [without], { mayRepeat })), { lost: 1 });
});

Deno.test("a shard that identifies again, and a rule that is broken, are told", async () => {
  const { ready, sim } = stage({ recordEvents: true, numberEvents: true });
  await ready();
  await ready();
  const { identifiedAgain, violations, identifies } = judge(sim.ledger, [[]]);
  assert.deepEqual([identifiedAgain, violations.length, identifies], [["0/1"], 1, { 1: 2 }]);
});
