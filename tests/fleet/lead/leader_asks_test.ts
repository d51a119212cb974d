import assert from "node:assert/strict";
import { LeaderAsks } from "../../../fleet/lead/leader_asks.ts";
import { encodeGiven, GIVEN } from "../../../fleet/lead/requests.ts";
import { seededRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";

const VALUE = encodeGiven({ unit: "a", shard: { total: 4, id: 1 }, to: "b" });

Deno.test("LeaderAsks asks whoever leads, itself without the bus", async () => {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const changes: string[] = [];
  const begin = (name: string) =>
    new LeaderAsks(bus.line(name).bus, {
      change: () => {
        changes.push(name);
        return Promise.resolve();
      },
    });
  const [a, b] = [begin("a"), begin("b")];
  const tell = async (asks: LeaderAsks) => {
    let came = "nothing";
    asks.tell(GIVEN, VALUE).then(() => came = "done", ({ code }) => came = code);
    await clock.advance(20);
    return came;
  };
  assert.equal(await tell(a), "away");
  b.isLeading = true;
  b.isLeading = true;
  await clock.advance(20);
  assert.deepEqual([await tell(a), await tell(b), changes], ["done", "done", ["b", "b"]]);
  assert.equal(bus.tally.asked, 2);
  b.isLeading = false;
  await clock.advance(20);
  assert.equal(await tell(a), "away");
});

Deno.test("LeaderAsks answers what it cannot read with why", async () => {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const [leader, other] = [bus.line("a").bus, bus.line("b").bus];
  new LeaderAsks(leader, { change: () => Promise.resolve() }).isLeading = true;
  await clock.advance(20);
  const refused = assert.rejects(other.ask(GIVEN, { unit: "x" }, 1_000), { code: "bad_message" });
  await clock.advance(20);
  await refused;
});
