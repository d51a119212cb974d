import assert from "node:assert/strict";
import { encodeUnitCard } from "../../fleet/cards.ts";
import { FleetKeys } from "../../fleet/fleet_keys.ts";
import { LocalKeys } from "../../ports/fleet/keys.ts";
import { logTo } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { card } from "./fleets.ts";

async function setUp() {
  const clock = createVirtualClock();
  const keys = new LocalKeys().open((then) => void clock.after(0, then));
  const heard: string[] = [];
  const fleetKeys = new FleetKeys(
    logTo((level, event) => void heard.push(`${level} ${event}`)),
    keys,
    {
      card: ({ unit }, isNews) => void heard.push(`card ${unit} ${isNews}`),
      own: (entry) => void heard.push(`own ${entry !== null}`),
      gone: (unit) => void heard.push(`gone ${unit}`),
      leader: (entry, isNews) => void heard.push(`leader ${entry?.value ?? null} ${isNews}`),
      assignment: (entry) => void heard.push(`assignment ${entry?.value ?? null}`),
    },
    "a",
  );
  const put = async (key: string, value: Parameters<typeof keys.put>[1]) => {
    void keys.put(key, value);
    await clock.advance(1);
  };
  const taken = () => heard.splice(0);
  await put("unit.a", encodeUnitCard(card("a")));
  return { clock, fleetKeys, keys, put, taken };
}

Deno.test("FleetKeys tells what there is, also that it is nothing, and then what is news", async () => {
  const { clock, fleetKeys, keys, put, taken } = await setUp();
  fleetKeys.open();
  await clock.advance(1);
  assert.deepEqual(taken(), ["own true", "card a false", "leader null false", "assignment null"]);
  await put("unit.b", encodeUnitCard(card("b")));
  await put("leader", 1);
  await put("leaderless", 1);
  await put("assignment", 2);
  assert.deepEqual(taken(), ["card b true", "leader 1 true", "assignment 2"]);
  void keys.delete("unit.b");
  void keys.delete("leader");
  await clock.advance(1);
  assert.deepEqual(taken(), ["gone b", "leader null true"]);
});

Deno.test("FleetKeys begins anew on every connection, and hears nothing in between", async () => {
  const { clock, fleetKeys, put, taken } = await setUp();
  fleetKeys.open();
  await put("leader", 1);
  taken();
  fleetKeys.close();
  await put("leader", 2);
  assert.deepEqual(taken(), []);
  fleetKeys.open();
  await clock.advance(1);
  assert.ok(taken().includes("leader 2 false"));
});

Deno.test("FleetKeys logs a card that cannot be read, and goes on", async () => {
  const { fleetKeys, put, taken } = await setUp();
  fleetKeys.open();
  await put("unit.b", { unit: "c" });
  await put("unit.c", encodeUnitCard(card("c")));
  assert.deepEqual(taken().slice(-2), ["error card of a unit cannot be read", "card c true"]);
});
