import assert from "node:assert/strict";
import { SeatedPermits } from "../../app/seated_permits.ts";
import { localBus } from "../../ports/fleet/bus.ts";
import { silentLog } from "../../ports/log.ts";
import { FleetPermits } from "../../rest/limits/fleet/fleet_permits.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

Deno.test("permits are made with the first request, and say goodbye only if they were made", async () => {
  const clock = createVirtualClock();
  const bus = localBus({ clock, log: silentLog });
  const heard: unknown[] = [];
  bus.subscribe("all.rest", (notice) => heard.push((notice as { kind: string }).kind));
  let made = 0;
  const seated = () =>
    new SeatedPermits(() => {
      made++;
      const view = { self: "a", members: ["a", "b"], watch: () => () => {} };
      return new FleetPermits({ bus, view, clock, log: silentLog, perSecond: () => 50 });
    });
  const never = seated();
  never.leave();
  never.close();
  assert.deepEqual(never.snapshot, {
    credentials: 0,
    waiting: 0,
    inFlight: 0,
    buckets: 0,
    waits: [],
  });

  const permits = seated();
  const asked = permits.acquire({
    credential: "Bot x",
    route: { method: "GET", template: "/x", major: "", kind: "other" },
    lane: 3,
    shape: () => [],
    patienceMs: 60_000,
    brake: { waitMs: () => 0, take() {} },
    signal: new AbortController().signal,
  });
  assert.equal(permits.snapshot.waiting, 1);
  permits.leave();
  permits.close();
  await assert.rejects(asked, /the unit stops/);
  await clock.advance(1);
  assert.equal(made, 1);
  assert.deepEqual(heard, ["goodbye"]);
});
