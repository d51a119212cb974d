/** Clocks that are wrong or are set while a unit runs, in virtual time, judged by the simulator. */

import assert from "node:assert/strict";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig } from "../support/rig.ts";

const HOUR_MS = 3_600_000;

for (const hours of [2, -2, 48]) {
  Deno.test(`interactions outlive a clock that is set by ${hours} h while the bot is away`, async () => {
    const rig = await createRig({ openSpool: memorySpool() });
    const cut = rig.start();
    await rig.ready();
    cut();
    rig.sim.traffic.burst(12, "INTERACTION_CREATE");
    await rig.clock.advance(500);
    rig.clock.jump(hours * HOUR_MS);
    rig.sim.traffic.burst(12, "INTERACTION_CREATE");
    await rig.clock.advance(10_000);
    rig.link(rig.bot);
    await rig.clock.advance(2_000);
    const got = rig.got.filter(({ t }) => t === "INTERACTION_CREATE");
    assert.equal(got.length, 24);
    assert.ok(got.every(({ d }) => "gatehouse" in (d as object)), "each has its first response");
    const responses = rig.sim.ledger.rest.filter(({ route }) => route.endsWith("/callback"));
    assert.deepEqual(responses.map(({ status }) => status), Array(24).fill(204));
    assert.equal(rig.got.filter(({ t }) => t === "GATEHOUSE_GAP").length, 0);
    rig.assertNothingLost();
  });
}
