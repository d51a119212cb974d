import assert from "node:assert/strict";
import { LeaderAsks } from "../../../fleet/lead/leader_asks.ts";
import { encodeGiven } from "../../../fleet/lead/requests.ts";
import { seededRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";

const VALUE = encodeGiven({ unit: "a", shard: { total: 4, id: 1 }, to: "b" });

Deno.test("LeaderAsks asks whoever leads by its name, itself without the bus", async () => {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const changes: string[] = [];
  const begin = (name: string) =>
    new LeaderAsks(name, bus.line(name).bus, {
      change: () => {
        changes.push(name);
        return Promise.resolve();
      },
    });
  const [a, b] = [begin("a"), begin("b")];
  const tell = async (asks: LeaderAsks, leader: string | null) => {
    let came = "nothing";
    asks.tell(leader, "given", VALUE).then(() => came = "done", ({ code }) => came = code);
    await clock.advance(20);
    return came;
  };
  assert.equal(await tell(a, null), "away");
  assert.equal(await tell(a, "c"), "away");
  assert.deepEqual([await tell(a, "b"), await tell(b, "b"), changes], ["done", "done", ["b", "b"]]);
  assert.equal(bus.tally.asked, 2);
  b.end();
  await clock.advance(20);
  assert.equal(await tell(a, "b"), "away");
});

Deno.test("LeaderAsks answers what it cannot read with why", async () => {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const [leader, other] = [bus.line("a").bus, bus.line("b").bus];
  new LeaderAsks("a", leader, { change: () => Promise.resolve() });
  await clock.advance(20);
  const refused = assert.rejects(other.ask("unit.a.given", { unit: "x" }, 1_000), {
    code: "bad_message",
  });
  await clock.advance(20);
  await refused;
});
