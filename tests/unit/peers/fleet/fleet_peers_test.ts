/** The parts of three units, joined as a unit joins them. */

import assert from "node:assert/strict";
import { shardRange } from "../../../../protocol/ids.ts";
import { callUnit } from "../../../../unit/methods.ts";
import { createPeersFleet } from "../../../support/fleet/peers_fleet.ts";
import { createNotedUnit } from "../../../support/noted_unit.ts";

/** Three units that have joined; what their shards are sent is written down. */
async function setUp() {
  const rig = createPeersFleet();
  const units = await rig.three();
  const sent: string[] = [];
  const joined = units.map(({ name, fleet, peers, view }) => {
    const { unit, called } = createNotedUnit();
    const { methods, far } = fleet.join({
      unit,
      peers,
      has: (shard) => view.ownerOf(shard) === name,
      serving: () => shardRange(0, 5).map((id) => ({ total: 6, id })),
      gateway: () => ({
        commands: {
          send: (id, { op }) => Promise.resolve(void sent.push(`${name} ${id} ${op}`)),
          requestMembers: () => Promise.resolve({ members: [], notFound: [] }),
        },
        openDoor: { takeHere: () => Promise.resolve({ status: 204 }) },
      }),
    });
    return { unit: { ...unit, fleet: methods }, called, far };
  });
  return { ...rig, units, joined, sent };
}

Deno.test("a unit that has joined leads to the others, and does for them what they ask", async () => {
  const { joined: [a, b], sent, run } = await setUp();
  await run(a!.far.send({ total: 6, id: 4 }, { op: 4, d: null }));
  assert.deepEqual(sent, ["b 4 4"]);
  await run(
    callUnit(a!.unit, "operator", { method: "reconnect", shardId: 1, session: "keep" }) as Promise<
      void
    >,
  );
  assert.deepEqual([a!.called, b!.called], [[], [["reconnect", 1, "keep"]]]);
});

Deno.test("ids of clusters are not guessed before the fleet has said which are whose", async () => {
  const { units: [a], set } = await setUp();
  assert.deepEqual([a.fleet.unit, a.fleet.firstId()], ["a", 0]);
  set({ clusters: {} });
  assert.throws(() => a.fleet.firstId(), { code: "not_ready" });
});

Deno.test("a unit that has stopped answers nobody, and says nothing any more", async () => {
  const { units: [a, b], joined, run, bus, clock } = await setUp();
  a.fleet.stop();
  await clock.advance(10);
  await assert.rejects(run(joined[1]!.far.send({ total: 6, id: 0 }, { op: 3, d: null })), {
    code: "away",
  });
  b.fleet.stop();
  await clock.advance(10_000);
  const before = bus.tally.published;
  await clock.advance(4_000);
  assert.ok(bus.tally.published - before <= 1, "only c is left");
});
