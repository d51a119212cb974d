import assert from "node:assert/strict";
import { ShardTable } from "../../workers/shard_table.ts";
import { counters } from "../support/snapshots.ts";

const status = (shardId: number, state: "ready" | "queued") => (
  { shardId, state, reason: "", sinceMs: 0, connection: 1 }
);

Deno.test("a table knows what was told last of each shard, by id", () => {
  const table = new ShardTable({ epochMs: () => 7 });
  table.idle(10, "not started");
  table.idle(2, "not started");
  table.tell(status(10, "queued"));
  table.tell(status(10, "ready"));
  table.count([counters(10, { received: 3 })]);
  assert.deepEqual(table.all.map((row) => [row.status.shardId, row.status.state]), [
    [2, "idle"],
    [10, "ready"],
  ]);
  assert.equal(table.all[1]!.counters?.received, 3);
  assert.deepEqual(table.statusOf(2), {
    shardId: 2,
    state: "idle",
    reason: "not started",
    sinceMs: 7,
    connection: 0,
  });
  assert.equal(table.statusOf(3), null);
});

Deno.test("of a shard that is over nothing is counted", () => {
  const table = new ShardTable({ epochMs: () => 7 });
  table.tell(status(1, "ready"));
  table.count([counters(1)]);
  table.over(1);
  assert.deepEqual(table.all.map((row) => [row.status.state, row.status.reason, row.counters]), [
    ["idle", "it is over", null],
  ]);
});
