import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../../ports/random.ts";
import type { DiskCall } from "../../support/fake_disk.ts";
import { guildsAfter } from "./model.ts";
import { lived, type Shard } from "./stage.ts";

const STEP = fc.record({
  kind: fc.constantFrom(
    ...["change", "change", "change", "other", "acknowledge", "acknowledge", "advance", "advance"],
    ...["kill", "cut", "stop", "begin", "fail", "full", "lose"],
  ),
  size: fc.nat(60),
});

/** Guilds are lost while the log of those before them is at its first write, which comes to its end after that. */
const LATE_WRITE = [
  ["lose", 0],
  ["advance", 4],
  ["change", 9],
  ["begin", 0],
  ["advance", 22],
  ["stop", 28],
].map(([kind, size]) => ({ kind: String(kind), size: Number(size) }));

Deno.test("whatever fails and whenever it ends, the guilds are those of what is acknowledged, or unknown", async () => {
  const seen = { known: 0, unknown: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 60, size: "max" }),
      fc.nat(),
      async (steps, seed) => {
        const random = seededRandom(seed);
        const shard = await lived();
        for (const { kind, size } of steps) await take(shard, kind, size, random, seen);
      },
    ),
    { numRuns: 200, examples: [[LATE_WRITE, 0]] },
  );
  assert.ok(seen.known > seen.unknown / 2, JSON.stringify(seen));
});

async function take(
  shard: Shard,
  kind: string,
  size: number,
  random: () => number,
  seen: { known: number; unknown: number },
): Promise<void> {
  const fails: DiskCall[] = ["write", "sync", "syncDir", "open", "remove", "makeDir", "truncate"];
  if (kind === "change") { for (let i = 0; i < size; i++) shard.change(`${i % 7}`, size); }
  if (kind === "other") { for (let i = 0; i < size; i++) shard.other(); }
  if (kind === "acknowledge") await shard.acknowledge(Math.max(0, shard.newest - size % 9));
  if (kind === "advance") await shard.clock.advance(size * size * 5);
  if (kind === "begin" || kind === "lose") {
    if (kind === "lose") shard.guilds.lose();
    shard.begin();
    await shard.acknowledge();
  }
  if (["fail", "full"].includes(kind)) shard.hasFailed = true;
  if (kind === "fail") shard.disk.failNext(fails[size % fails.length]!, size);
  if (kind === "full") shard.mayWrite = !shard.mayWrite;
  if (!["kill", "cut", "stop"].includes(kind)) {
    return assert.deepEqual(shard.guilds.known, shard.wanted, "in memory");
  }
  if (kind === "stop") await shard.stop();
  else shard.clock.advance(size * 20);
  for (let turn = 0; turn < size; turn++) await Promise.resolve();
  shard.die(kind === "cut" ? random : undefined);
  shard.mayWrite = true;
  // What was acknowledged last may not have been written down, and more may wait on disk for the bot.
  const acknowledged = Math.max(shard.acknowledged - (size % 3 === 0 ? size : 0), 0);
  const safe = acknowledged + Math.floor(random() * (shard.newest - acknowledged + 1));
  await shard.live({ acknowledged, safe: size % 2 === 0 ? safe : acknowledged });
  const { known } = shard.guilds;
  // On the eve of a session there may be the guilds of the one before it, or none.
  const isEve = shard.events.some(({ cursor, record }) =>
    cursor === shard.acknowledged + 1 && record && guildsAfter([record])
  );
  if (known && !(isEve && known.size === 0)) {
    assert.deepEqual(known, shard.wanted, `after ${kind}`);
  }
  const mustBeKnown = kind === "stop" && !shard.hasFailed && size % 3 !== 0;
  if (mustBeKnown && shard.wanted) assert.ok(known, "after a clean stop");
  if (known) seen.known++;
  else seen.unknown++;
  shard.hasFailed = false;
  if (!known) shard.begin();
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted, `after ${kind}, later`);
}
