/** Interactions that come while the bot is away, in virtual time, judged by the simulator. */

import assert from "node:assert/strict";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig } from "../support/rig.ts";

const INTERACTIONS = { INTERACTION_CREATE: 1 };

function callbacks(rig: Awaited<ReturnType<typeof createRig>>) {
  return rig.sim.ledger.rest.filter((request) => request.route.endsWith("/callback"));
}

Deno.test("interactions whose bot is away are responded to in time, and delivered with a mark", async () => {
  const rig = await createRig({ openSpool: memorySpool() });
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.setMix(INTERACTIONS);
  rig.sim.traffic.burst(20, "INTERACTION_CREATE");
  await rig.clock.advance(10_000);
  assert.equal(callbacks(rig).length, 20);
  // The simulator answers 404 (10062) to a response that comes later than 3 s.
  assert.ok(callbacks(rig).every((request) => request.status === 204));
  rig.link(rig.bot);
  await rig.clock.advance(2_000);
  const got = rig.got.filter((event) => event.t === "INTERACTION_CREATE");
  assert.equal(got.length, 20);
  for (const { d } of got) {
    const { gatehouse } = d as { gatehouse?: { answered: string } };
    assert.match(gatehouse!.answered, /^(deferred|answered)$/);
  }
  rig.assertNothingLost();
});

Deno.test("a bot that is back within a second responds by itself", async () => {
  const rig = await createRig();
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.burst(5, "INTERACTION_CREATE");
  await rig.clock.advance(500);
  rig.link(rig.bot);
  await rig.clock.advance(5_000);
  assert.equal(callbacks(rig).length, 0);
  const got = rig.got.filter((event) => event.t === "INTERACTION_CREATE");
  assert.equal(got.length, 5);
  assert.ok(got.every(({ d }) => !("gatehouse" in (d as object))));
});

Deno.test("interactions that waited longer than their token lives are told as a GAP", async () => {
  const rig = await createRig({ openSpool: memorySpool() });
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.burst(3, "INTERACTION_CREATE");
  await rig.clock.advance(16 * 60_000);
  rig.link(rig.bot);
  await rig.clock.advance(5_000);
  assert.equal(rig.got.filter((event) => event.t === "INTERACTION_CREATE").length, 0);
  assert.equal(rig.got.filter((event) => event.t === "GATEHOUSE_GAP").length, 3);
  await rig.clock.advance(1_000);
  const { deferred, answered, expired } = rig.gateway.interactions;
  assert.deepEqual([deferred + answered, expired], [3, 3]);
});

Deno.test("interactions that were deferred and then dropped for want of room cost nothing but themselves", async () => {
  const rig = await createRig({ queueMemoryBytes: 400_000 });
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.burst(3, "INTERACTION_CREATE");
  await rig.clock.advance(3_000);
  assert.equal(callbacks(rig).length, 3);
  rig.sim.traffic.burst(1_000, "MESSAGE_CREATE");
  rig.sim.traffic.burst(3, "INTERACTION_CREATE");
  rig.sim.traffic.burst(1_000, "MESSAGE_CREATE");
  await rig.clock.advance(3_000);
  assert.equal(callbacks(rig).length, 3, "what was dropped is deferred all the same");
  rig.link(rig.bot);
  await rig.clock.advance(3_000);
  rig.sim.traffic.burst(5, "TYPING_START");
  await rig.clock.advance(3_000);
  const names = rig.got.map(({ t }) => t);
  assert.ok(names.includes("GATEHOUSE_GAP") && !names.includes("INTERACTION_CREATE"));
  assert.equal(names.filter((t) => t === "TYPING_START").length, 5);
  assert.deepEqual(rig.logged.filter(({ level }) => level === "error").map(({ event }) => event), [
    "the queue is full, events were dropped, the bot is told",
  ]);
});
