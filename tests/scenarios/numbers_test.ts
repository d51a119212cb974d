/** Servers that are no Discord and number their events in ways of their own. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { createRig } from "../support/rig.ts";

type Numbered = (s: number, t: string) => number;

/** As one that exists does it: what a session begins with has 0, then they count. */
const ZEROS_FIRST: Numbered = (s, t) => t === "READY" || t === "GUILD_CREATE" ? 0 : s;

const WAYS: Readonly<Record<string, Numbered>> = {
  "0 for what a session begins with": ZEROS_FIRST,
  "0 for all": () => 0,
  "1 for all": () => 1,
  "each number twice": (s) => Math.ceil(s / 2),
  "1 to 7 again and again": (s) => (s - 1) % 7 + 1,
  "now and then one that was before": (s) => s % 10 === 0 ? s - 5 : s,
};

for (const [way, numbered] of Object.entries(WAYS)) {
  Deno.test(`events that come with ${way} each come once, are counted, and told of once`, async () => {
    const rig = await createRig({ sim: { guilds: 5, numbered } });
    rig.start();
    await rig.ready();
    rig.sim.traffic.setRate(20);
    await rig.clock.advance(5_000);
    rig.sim.traffic.setRate(0);
    await rig.clock.advance(1_000);
    assert.equal(rig.got.filter(({ t }) => t === "GUILD_CREATE").length, 5);
    rig.assertNothingLost();
    const event = "Discord sends events whose numbers do not grow, they get numbers of ours";
    assert.equal(rig.logged.filter((line) => line.event === event).length, 1);
    const [shard] = rig.gateway.serving.shards;
    assert.ok(shard!.counters!.renumbered > 0);
  });

  Deno.test(`a session whose events come with ${way} costs nothing untold when it is cut`, async () => {
    const store = memoryStore();
    const rig = await createRig({ store, sim: { guilds: 5, numbered } });
    rig.start();
    await rig.ready();
    for (let round = 0; round < 3; round++) {
      rig.sim.traffic.setRate(20);
      await rig.clock.advance(5_000);
      rig.sim.faults.cut();
      await rig.clock.advance(10_000);
      await rig.ready(30_000);
    }
    rig.sim.traffic.setRate(0);
    await rig.clock.advance(1_000);
    const sessions = rig.identifies();
    const gaps = rig.got.filter(({ t }) => t === "GATEHOUSE_GAP").length;
    assert.equal(gaps, sessions - 1, "a session that is not resumed is a GAP");
    if (numbered !== ZEROS_FIRST) {
      return assert.equal(sessions, 4, "what says nothing is not resumed");
    }
    assert.equal(sessions, 1, "what counts again is resumed");
    rig.assertNothingLost();
    await rig.stop();
  });
}

Deno.test("a server that never says READY is told of at the usual level, with what is waited for", async () => {
  const rig = await createRig();
  rig.sim.faults.noReady({ times: 100 });
  rig.start();
  await rig.clock.advance(75_000);
  const told = rig.logged.filter(({ event }) => event === "shards do not become ready");
  assert.deepEqual(told.map(({ level, fields }) => [level, fields.shards]), [["warn", "shard 0"]]);
  assert.match(String(told[0]!.fields.waitsFor), /READY/);
  await rig.stop();
});
