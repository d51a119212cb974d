import assert from "node:assert/strict";
import { narrate } from "../../../app/terminal/narrate.ts";
import { logTo } from "../../../ports/log.ts";
import type { ShardState, Status } from "../../../protocol/status.ts";
import type { Unit } from "../../../unit/unit.ts";
import { shard, snapshot } from "../../support/snapshots.ts";

/** What the log says of these statuses; debug lines only by their event. */
async function told(...statuses: Status[]): Promise<string[]> {
  const lines: string[] = [];
  const unit = {
    snapshot: snapshot(),
    async *status() {
      yield* statuses;
    },
  } as unknown as Unit;
  const log = logTo((level, event, fields) =>
    lines.push(level === "debug" ? `debug ${event}` : `${level} ${event} ${JSON.stringify(fields)}`)
  );
  await narrate(unit, log, () => lines.push("(ready)"));
  return lines;
}

const shardIs = (state: ShardState, reason = ""): Status => ({
  kind: "shard",
  shard: shard(3, { state, reason }),
});

Deno.test("narrate() tells when a shard is ready and when it is so no more, not each step between", async () => {
  const steps = [
    shardIs("connecting"),
    shardIs("ready", "identified"),
    shardIs("backing off", "closed with 1006"),
    shardIs("resuming"),
    shardIs("ready", "resumed"),
  ];
  assert.deepEqual(await told(...steps), [
    "debug shard",
    'info shard is ready {"shardId":3,"reason":"identified"}',
    'warn shard reconnects {"shardId":3,"state":"backing off","reason":"closed with 1006"}',
    "debug shard",
    'info shard is ready {"shardId":3,"reason":"resumed"}',
  ]);
});

Deno.test("narrate() warns of no shard that stops because all do", async () => {
  const stopping: Status = { kind: "stopping", reason: "SIGTERM" };
  const lines = await told(shardIs("ready"), stopping, shardIs("closing", "stopping"));
  assert.deepEqual(lines.slice(1), [
    'info stopping, sessions are kept {"reason":"SIGTERM"}',
    "debug shard",
  ]);
});

Deno.test("narrate() sums up when all are ready, after the progress is off the screen", async () => {
  const lines = await told({ kind: "ready", tookMs: 4000 });
  assert.equal(lines[0], "(ready)");
  assert.match(lines[1]!, /^info 2 shards ready on 1 worker in 4 s/);
  assert.equal(lines.length, 4);
});

Deno.test("narrate() tells of clusters and members", async () => {
  const cluster = snapshot().clusters[0]!;
  const lines = await told(
    { kind: "cluster", cluster },
    { kind: "service", service: { ...cluster, name: "counter" } },
    { kind: "allClustersReady" },
    { kind: "ALL_MEMBERS_CACHED", clusterId: 0 },
    { kind: "ALL_MEMBERS_CACHED", clusterId: null },
  );
  assert.deepEqual(lines, [
    "debug cluster",
    "debug service",
    "info all clusters are ready {}",
    'info all members have come {"clusterId":0}',
    'info all members have come {"clusterId":"all"}',
  ]);
});
