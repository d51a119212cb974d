import assert from "node:assert/strict";
import { Announcements } from "../../../../dashboard/page/model/announce.js";
import type { DashboardShard, Incident } from "../../../../dashboard/words.ts";
import { World } from "../../../support/dashboard/world.ts";

const { view: { shards } } = new World({ shards: 1_000, nowMs: 0, isCalm: true });
const now = (states: Record<number, DashboardShard["state"]>) =>
  shards.map((shard) => ({ ...shard, state: states[shard.shardId] ?? shard.state }));

function incident(
  id: number,
  level: Incident["level"],
  text: string,
  about: Incident["about"] = "cluster",
): Incident {
  return { id, atMs: id * 1_000, level, about, text };
}

/** Of a page that was opened when these shards and incidents were there. */
function opened(first: readonly DashboardShard[] = shards, incidents: readonly Incident[] = []) {
  const announcements = new Announcements();
  announcements.meet(first, incidents);
  return announcements;
}

Deno.test("Announcements are silent while nothing changes, and tell nothing twice", () => {
  const before = [incident(1, "error", "Cluster 0 left with code 1")];
  const announcements = opened(shards, before);
  assert.equal(announcements.next(shards, before), "");
  assert.notEqual(announcements.next(now({ 1: "resuming" }), before), "");
  assert.equal(announcements.next(now({ 1: "resuming" }), before), "");
});

Deno.test("Announcements say in one sentence what became of many shards, the worst first", () => {
  const announcements = opened();
  assert.equal(
    announcements.next(now({ 1: "backing off", 2: "backing off", 7: "stopped" }), []),
    "shard 7 is stopped, 2 shards are backing off. 997 of 1,000 shards are ready.",
  );
  assert.equal(
    announcements.next(now({ 1: "backing off", 2: "backing off" }), []),
    "shard 7 is ready again. 998 of 1,000 shards are ready.",
  );
});

Deno.test("Announcements count shards that serve, while those of another total rise", () => {
  const rising = (state: DashboardShard["state"]) =>
    [0, 1].map((shardId) => ({
      ...shards[shardId]!,
      key: `${shardId}/2000`,
      role: "rises" as const,
      state,
    }));
  const announcements = opened([...shards, ...rising("queued")]);
  assert.equal(announcements.next([...shards, ...rising("identifying")], []), "");
  assert.equal(
    announcements.next([...now({ 7: "stopped" }), ...rising("identifying")], []),
    "shard 7 is stopped. 999 of 1,000 shards are ready.",
  );
});

Deno.test("Announcements do not tell of shards that were not there before, but of what becomes of them", () => {
  const announcements = opened([]);
  announcements.meet(shards, []);
  assert.equal(announcements.next(shards, []), "");
  assert.match(announcements.next(now({ 7: "stopped" }), []), /^shard 7 is stopped/);
});

Deno.test("Announcements tell the worst of the new incidents, and how many more there are", () => {
  const announcements = opened(shards, [incident(1, "error", "old")]);
  const incidents = [
    incident(5, "info", "Cluster 1 is connected"),
    incident(4, "warn", "Cluster 1 is away"),
    incident(3, "error", "Worker 0 was lost"),
    incident(2, "info", "An operator restarts cluster 1", "operator"),
    incident(1, "error", "old"),
  ];
  assert.equal(
    announcements.next(now({ 7: "resuming" }), incidents),
    "shard 7 is resuming. Error: Worker 0 was lost, and 2 more incidents. 999 of 1,000 shards are ready.",
  );
  assert.equal(
    announcements.next(shards, [incident(6, "info", "Cluster 2 is connected"), ...incidents]),
    "shard 7 is ready again. Note: Cluster 2 is connected. 1,000 of 1,000 shards are ready.",
  );
});

Deno.test("Announcements tell what a unit says that was started again, and counts from one again", () => {
  const announcements = opened(shards, [incident(9, "warn", "of the one before")]);
  const said = announcements.next(shards, [
    { ...incident(1, "warn", "Cluster 0 is away"), atMs: 99_000 },
  ]);
  assert.equal(said, "Warning: Cluster 0 is away. 1,000 of 1,000 shards are ready.");
});
