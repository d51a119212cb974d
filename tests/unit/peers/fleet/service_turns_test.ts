/** Each service of a fleet runs once. */

import assert from "node:assert/strict";
import { LEASE_MS } from "../../../../protocol/fleet.ts";
import { createPeersFleet, SERVICE_STOPS_IN_MS } from "../../../support/fleet/peers_fleet.ts";
import { service } from "../../../support/peers.ts";

/** Three units that have started their services. */
async function setUp(servicesCutOff: "keep" | "end" = "end") {
  const fleet = createPeersFleet({ servicesCutOff });
  const units = await fleet.three();
  for (const { services } of units) services.start();
  await fleet.clock.advance(10);
  return { ...fleet, units };
}

Deno.test("a service runs on the unit that the assignment names, and on no other", async () => {
  const { units: [a, , c], serviceLog } = await setUp();
  assert.deepEqual(serviceLog, ["c+api"]);
  assert.deepEqual(a.services.snapshots, [], "no unit waits for it to be ready");
  assert.deepEqual(c.services.snapshots.map(({ name, state }) => [name, state]), [[
    "api",
    "starting",
  ]]);
  await a.services.loaded();
  assert.throws(() => a.services.get("api"), { code: "refused", message: /runs it is c/ });
  c.services.get("api");
});

Deno.test("a service that moves is started once it has ended where it was, whoever hears of it first", async () => {
  for (const [first, then] of [["a", "c"], ["c", "a"]] as const) {
    const { set, serviceLog, clock } = await setUp();
    const services = { api: "a" };
    set({ services }, undefined, [first]);
    await clock.advance(SERVICE_STOPS_IN_MS * 2);
    set({ services }, undefined, [then]);
    await clock.advance(SERVICE_STOPS_IN_MS * 2);
    assert.deepEqual(serviceLog, ["c+api", "c-api", "a+api"]);
  }
});

Deno.test("a service of a unit that has died is started elsewhere at once", async () => {
  const { units: [, , c], set, serviceLog, clock } = await setUp();
  c.line.kill();
  set({ services: { api: "b" } }, ["a", "b"], ["a", "b"]);
  await clock.advance(10);
  assert.deepEqual(serviceLog, ["c+api", "b+api"]);
});

Deno.test("a unit that stands still is waited for a lease at most, and ends the service when it wakes", async () => {
  const { units: [, , c], set, serviceLog, clock } = await setUp();
  c.line.freeze();
  set({ services: { api: "b" } }, undefined, ["a", "b"]);
  await clock.advance(LEASE_MS - 1);
  assert.deepEqual(serviceLog, ["c+api"]);
  await clock.advance(2_000);
  assert.deepEqual(serviceLog, ["c+api", "b+api"]);
  c.line.thaw();
  set({});
  await clock.advance(1_000);
  assert.deepEqual(serviceLog, ["c+api", "b+api", "c-api"]);
});

Deno.test("a unit that is cut off ends its services after a lease: never two run for longer", async () => {
  const { bus, set, serviceLog, clock, units: [, , c] } = await setUp();
  bus.part([["a", "b"]]);
  await clock.advance(LEASE_MS);
  set({ services: { api: "a" } }, ["a", "b"], ["a", "b"]);
  await clock.advance(10);
  assert.deepEqual(serviceLog, ["c+api", "a+api"]);
  await clock.advance(LEASE_MS - 10);
  assert.deepEqual(serviceLog, ["c+api", "a+api", "c-api"]);
  assert.ok(c.lines.some((line) => line.includes("cut off from the fleet for a lease")));
  bus.part(null);
  await clock.advance(500);
  set({});
  await clock.advance(60_000);
  assert.equal(serviceLog.length, 3);
});

Deno.test("with NATS away for everybody, services go on where they are, and nothing is started for it", async () => {
  const { bus, serviceLog, clock } = await setUp("keep");
  bus.stop();
  await clock.advance(10 * LEASE_MS);
  bus.start();
  await clock.advance(60_000);
  assert.deepEqual(serviceLog, ["c+api"]);
});

Deno.test("a unit that is cut off and keeps its services ends them once it hears whose they are", async () => {
  const { bus, set, serviceLog, clock } = await setUp("keep");
  bus.part([["a", "b"]]);
  await clock.advance(LEASE_MS);
  set({ services: { api: "a" } }, ["a", "b"], ["a", "b"]);
  await clock.advance(2 * LEASE_MS);
  assert.deepEqual(serviceLog, ["c+api", "a+api"]);
  bus.part(null);
  set({});
  await clock.advance(SERVICE_STOPS_IN_MS + 100);
  assert.deepEqual(serviceLog, ["c+api", "a+api", "c-api"]);
});

Deno.test("a unit whose line is down for less than a lease goes on, and one that was longer comes back", async () => {
  const { bus, serviceLog, clock } = await setUp();
  bus.stop();
  await clock.advance(LEASE_MS - 1_000);
  bus.start();
  await clock.advance(60_000);
  assert.deepEqual(serviceLog, ["c+api"]);
  bus.stop();
  await clock.advance(LEASE_MS + 1_000);
  assert.deepEqual(serviceLog, ["c+api", "c-api"]);
  bus.start();
  await clock.advance(10_000);
  assert.deepEqual(serviceLog, ["c+api", "c-api", "c+api"], "nobody has taken it over");
});

Deno.test("a unit that is alone in its fleet needs no line", async () => {
  const { bus, set, serviceLog, clock } = await setUp();
  set({}, ["c"]);
  bus.stop();
  await clock.advance(10 * LEASE_MS);
  assert.deepEqual(serviceLog, ["c+api"]);
});

Deno.test("commands reach a service where it is now, and are away while it moves", async () => {
  const { units: [a, b, c], set, run, clock } = await setUp();
  c.link(service("api"));
  const send = () => run(b.peers.command({ service: "api" }, 1, { receptive: true }));
  assert.equal(await send(), "service api of c");
  set({ services: { api: "a" } });
  await assert.rejects(send(), { code: "away" });
  await clock.advance(1_000);
  a.link(service("api"));
  assert.equal(await send(), "service api of a");
});

Deno.test("a unit that stops starts nothing any more", async () => {
  const { units: [a, , c], set, serviceLog, clock } = await setUp();
  const stopped = a.services.stop();
  set({ services: { api: "a" } });
  await clock.advance(10_000);
  await stopped;
  assert.deepEqual(serviceLog, ["c+api", "c-api"]);
  assert.deepEqual(c.services.snapshots, []);
});

Deno.test("a unit that stops lets another start a service as soon as it has ended, not after a lease", async () => {
  const { units: [, , c], set, serviceLog, clock } = await setUp();
  const stopped = c.services.stop();
  set({ services: { api: "a" } });
  await clock.advance(2 * SERVICE_STOPS_IN_MS);
  await stopped;
  assert.deepEqual(serviceLog, ["c+api", "c-api", "a+api"]);
});
