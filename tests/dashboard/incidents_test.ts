import assert from "node:assert/strict";
import { Incidents, MOST_INCIDENTS } from "../../dashboard/incidents.ts";
import { createVirtualClock } from "../../sim/mod.ts";

function setUp() {
  const clock = createVirtualClock();
  return { clock, incidents: new Incidents(clock) };
}

const texts = (incidents: Incidents) => incidents.all.map(({ text }) => text);

Deno.test("Incidents gives the newest first, each with a number above that of the one before", () => {
  const { incidents } = setUp();
  for (const text of ["one", "two", "three"]) {
    incidents.tell({ level: "warn", about: "unit", text });
  }
  assert.deepEqual(texts(incidents), ["Three", "Two", "One"]);
  assert.deepEqual(incidents.all.map(({ id }) => id), [3, 2, 1]);
});

Deno.test("Incidents tells again what happens again after it was well", () => {
  const { incidents } = setUp();
  for (let i = 0; i < 2; i++) {
    for (const id of ["0", "1"]) {
      incidents.tell({ level: "warn", about: "cluster", of: id, text: `cluster ${id} is away` });
    }
    incidents.tell({ level: "info", about: "cluster", of: "0", text: "cluster 0 is connected" });
  }
  assert.deepEqual(texts(incidents).toReversed(), [
    "Cluster 0 is away",
    "Cluster 1 is away",
    "Cluster 0 is connected",
    "Cluster 0 is away",
    "Cluster 0 is connected",
  ]);
});

Deno.test("Incidents tells the same once a minute, with how often it came", async () => {
  const { clock, incidents } = setUp();
  const tell = (of: string) =>
    incidents.tell({ level: "warn", about: "cluster", of, text: "ended" });
  for (let i = 0; i < 100; i++) tell("0");
  tell("1");
  assert.deepEqual(texts(incidents), ["Ended", "Ended"]);
  await clock.advance(60_000);
  tell("0");
  assert.equal(texts(incidents)[0], "Ended (and 99 more like it)");
});

Deno.test("Incidents keeps so many, and however much is told, no more is remembered of it", () => {
  const { incidents } = setUp();
  for (let i = 0; i < 5_000; i++) {
    incidents.tell({ level: "info", about: "unit", text: `no. ${i}` });
  }
  assert.equal(incidents.all.length, MOST_INCIDENTS);
  assert.equal(texts(incidents)[0], "No. 4999");
});

Deno.test("Incidents cuts off what nobody would read", () => {
  const { incidents } = setUp();
  incidents.tell({ level: "error", about: "unit", text: "x".repeat(100_000) });
  assert.equal(texts(incidents)[0]!.length, 500);
});

Deno.test("Incidents of a shard are those of it alone, and those that it shares", () => {
  const { incidents } = setUp();
  incidents.tell({ level: "warn", about: "shard", of: "3/16", text: "mine" });
  incidents.tell({ level: "warn", about: "shard", of: "4/16", text: "another's" });
  incidents.tell({ level: "warn", about: "shard", shards: ["3/16", "4/16"], text: "ours" });
  assert.deepEqual(incidents.ofShard("3/16").map(({ text }) => text), ["Ours", "Mine"]);
});
