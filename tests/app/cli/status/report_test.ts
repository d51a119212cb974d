import assert from "node:assert/strict";
import { MOST_ROWS, statusReport } from "../../../../app/cli/status/report.ts";
import { tableDrawer } from "../../../../app/cli/print/table.ts";
import type { Snapshot } from "../../../../protocol/status.ts";
import { counters, fleet, IDLE_REST, shard, snapshot } from "../../../support/snapshots.ts";
import { reshard } from "../../../support/reshards.ts";

const paint = (_: unknown, text: string) => text;
const onWidth = async (width: number | null) => {
  const draw = await tableDrawer(paint, width);
  return (changed: Partial<Snapshot> = {}, allShards = false) =>
    statusReport(snapshot(changed), {
      url: "http://u",
      nowMs: 60_000,
      draw,
      width,
      paint,
      allShards,
    });
};
const report = await onWidth(null);

Deno.test("a unit that is well has a line for each of its parts", () => {
  const shards = [10, 30].map((latencyMs, id) =>
    shard(id, { guilds: 100 * (id + 1), counters: counters(id, { latencyMs, received: 1500 }) })
  );
  const text = report({ shards });
  assert.match(text, /^gatehouse http:\/\/u · ready\n\n/);
  assert.match(
    text,
    /^shards +2 of 2 ready · latency 30 ms, slowest 30 ms · 300 guilds, fullest shard 200 of 2,500$/m,
  );
  assert.match(text, /^events +3,000 received · 0 wait$/m);
  assert.match(text, /^identifies +998 of 1,000 left today, 100 of them in reserve$/m);
  assert.match(
    text,
    /^REST +0 wait, 0 under way · 0 answered 429 by Discord, 0 by the proxy · fuse closed$/m,
  );
  assert.match(text, /^ +0 +ready +1 min +10 ms +100 +1,500 +0 +– +0 +0 +0$/m);
  assert.match(text, /^worker 0 +running +0 +0-1$/m);
  assert.match(text, /^cluster 0 +connected +0 +0-1$/m);
});

Deno.test("what is not well says why, and what waits says since when", () => {
  const away = {
    clusterId: 0,
    kind: "remote",
    state: "away",
    reason: "refused",
    restarts: 3,
  } as const;
  const waiting = shard(1, {
    counters: counters(1, { queued: 70, queueAgeMs: 65_000, dropped: 2 }),
  });
  const answers = [{ status: 429, scope: "user", by: "discord", count: 3 } as const];
  const routes = [{ method: "GET", route: "/x", waiting: 0, queueMs: 0, upstreamMs: 0, answers }];
  const text = report({
    shards: [shard(0, { state: "backing off", reason: "Discord closes it" }), waiting],
    clusters: [away],
    rest: { ...IDLE_REST, fuse: "slow", invalid: 40, routes },
  });
  assert.match(text, / · not ready\n {2}✗ shard 0: backing off/);
  assert.match(text, /70 wait, the oldest for 1 min 5 s · 2 dropped/);
  assert.match(text, /3 answered 429 by Discord.*fuse slow, 40 invalid in 10 min/);
  assert.match(text, /^cluster 0 \(remote\) +away +3 +0-1 +refused$/m);
});

Deno.test("what has waited for less than a second has not waited for one", () => {
  const text = report({
    shards: [shard(0, { counters: counters(0, { queued: 2, queueAgeMs: 12 }) })],
  });
  assert.match(text, /2 wait, the oldest for 12 ms$/m);
  assert.match(text, /^ +0 +ready .* 2 +12 ms +0 +0 +0$/m);
});

Deno.test("of many shards those have a row that somebody may want to know of, unless all are asked for", () => {
  const many = Array.from({ length: 1000 }, (_, id) => shard(id));
  many[999] = shard(999, { state: "resuming", reason: "op 7" });
  const rows = (text: string) => text.match(/^ *\d+ +(ready|resuming) /gm)?.length;
  const short = report({ shards: many });
  assert.equal(rows(short), 1);
  assert.match(short, /^… and 999 more shards: --all lists them$/m);
  assert.equal(rows(report({ shards: many }, true)), 1000);
  const well = report({ shards: many.slice(0, 64) });
  assert.match(well, /^64 shards, of which nothing is to be told: --all lists them$/m);
  const ill = many.map((each) => ({ ...each, state: "queued" as const }));
  assert.match(report({ shards: ill }), new RegExp(`… and ${1000 - MOST_ROWS} more shards`));
});

Deno.test("a reshard, and a fleet, have their place", () => {
  const shards = [shard(0), shard(0, { totalShards: 4, role: "rises" })];
  const text = report({ reshard: reshard(), fleet: fleet(), shards });
  assert.match(text, /^gatehouse http:\/\/u · unit a · /);
  assert.match(text, /^reshard +2 → 4 running/m);
  assert.match(text, /^ +0\/4 +ready \(rises\)/m);
  assert.match(text, /^cluster 0 +connected +0 +0$/m);
  assert.match(text, /^a, leads, this one +alive +2$/m);
});

Deno.test("on a terminal of 80 columns no line is longer, and each goes on under its text", async () => {
  const shards = [10, 30].map((latencyMs, id) =>
    shard(id, { guilds: 100, counters: counters(id, { latencyMs, received: 150_000, queued: 2 }) })
  );
  const text = (await onWidth(80))({ shards });
  assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
  assert.match(text, /^REST .* by the proxy\n {12}fuse closed$/m);
  assert.match(text, / RECONNECTS$/m);
  assert.match(text, /^worker 0 +running +0 +0-1$/m);
});
