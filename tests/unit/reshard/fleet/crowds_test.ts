import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { localBus } from "../../../../ports/fleet/bus.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { Crowds, TELL_MS } from "../../../../unit/reshard/fleet/crowds.ts";

function setUp() {
  const clock = createVirtualClock();
  const bus = localBus({ clock, log: silentLog });
  const fleets = ["a", "b"].map((self) => ({ self, term: null as number | null }));
  const [a, b] = fleets.map((fleet) => new Crowds({ clock, bus, fleet })) as [Crowds, Crowds];
  return { clock, bus, fleets, a, b };
}

Deno.test("units hear of each other's fullest shard for as long as they are told, and who leads knows that it does", async () => {
  const { clock, a, b, fleets } = setUp();
  const crowd = { total: 4, fullest: { shardId: 3, guilds: 2_000 }, closed: null };
  a.tell(crowd);
  await clock.advance(10);
  assert.deepEqual([a.others, b.others], [[], [crowd]]);
  await clock.advance(5 * TELL_MS);
  assert.deepEqual(b.others, []);
  assert.equal(b.isLeader, false);
  fleets[1]!.term = 4;
  assert.equal(b.isLeader, true);
});

Deno.test("that Discord has closed a shard is heard once, and what cannot be read by nobody", async () => {
  const { clock, bus, a, b } = setUp();
  let heard = 0;
  const cancel = b.watch(() => heard++);
  for (const closed of [null, 3, 3]) a.tell({ total: 4, fullest: null, closed });
  for (
    const wrong of [1, { unit: "c", fullest: null, closed: 2 }, {
      unit: "c",
      total: 4,
      fullest: 1,
      closed: 2,
    }, {
      unit: "c",
      total: 4,
      fullest: null,
      closed: "2",
    }]
  ) {
    bus.publish("all.crowd", wrong);
  }
  await clock.advance(10);
  assert.deepEqual([heard, b.others], [1, [{ total: 4, fullest: null, closed: 3 }]]);
  cancel();
  b.stop();
  a.tell({ total: 4, fullest: null, closed: null });
  a.tell({ total: 4, fullest: null, closed: 3 });
  await clock.advance(10);
  assert.equal(heard, 1);
});
