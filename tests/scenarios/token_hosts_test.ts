import assert from "node:assert/strict";
import { createRig } from "../support/rig.ts";
import { createVirtualUnit } from "../support/virtual_unit.ts";

const TOLD = "a host was named that does not get the token";

Deno.test("a resume host of nobody's is never dialled: the session is resumed on the generic one", async () => {
  const evil = { resume_gateway_url: "wss://gateway.sim.evil.example" };
  const garble = (what: string, body: Record<string, unknown>) =>
    what === "READY" ? { ...body, ...evil } : body;
  const rig = await createRig({ sim: { garble } });
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(50);
  await rig.clock.advance(5_000);
  rig.sim.faults.cut();
  await rig.clock.advance(1_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  assert.deepEqual(rig.sim.ledger.resumes.map(({ host, ok }) => [host, ok]), [["base", true]]);
  rig.assertNothingLost();
  rig.assertNoViolations();
  const told = rig.logged.filter(({ event }) => event === TOLD);
  assert.deepEqual(told.map(({ level, fields }) => [level, fields]), [[
    "error",
    { workerId: 0, shardId: 0, host: "gateway.sim.evil.example", instead: "gateway.sim" },
  ]]);
});

Deno.test("a gateway of nobody's is never dialled: Discord's own is", async () => {
  const { sim, unit, start, clock, logged } = createVirtualUnit();
  sim.settings.garble = (what, body) =>
    what === "GET /gateway/bot" ? { ...body, url: "wss://gateway.sim.evil.example" } : body;
  await start();
  await clock.advance(5_000);
  const told = logged.filter(({ event }) => event === TOLD);
  assert.deepEqual(told.map(({ fields }) => fields.instead), ["gateway.discord.gg"]);
  assert.deepEqual([sim.ledger.identifies, unit.snapshot.shards[0]!.state === "ready"], [
    [],
    false,
  ]);
});
