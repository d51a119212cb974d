import assert from "node:assert/strict";
import { modelOf } from "../../../../app/cli/top/rows.ts";
import { screenOf } from "../../../../app/cli/top/screen.ts";
import { FIRST_VIEW, type TopView } from "../../../../app/cli/top/view.ts";
import { plainLength } from "../../../../app/cli/print/table.ts";
import { type Paint, painter } from "../../../../app/cli/output.ts";
import type { Snapshot } from "../../../../protocol/status.ts";
import { counters, fleet, shard, snapshot } from "../../../support/snapshots.ts";
import { lots, reshard } from "../../../support/reshards.ts";

const plain: Paint = (_, text) => text;

function draw(
  changed: Partial<Snapshot> = {},
  view: Partial<TopView> = {},
  { size = { columns: 120, rows: 24 }, away = null as string | null, paint = plain } = {},
) {
  const model = modelOf(null, { atMs: 0, snapshot: snapshot(changed) });
  const options = { url: "http://u", size, nowMs: 464_000, away, paint };
  return screenOf(model, { ...FIRST_VIEW, ...view }, options);
}

const many = Array.from({ length: 1000 }, (_, id) => shard(id, { totalShards: 1000 }));

Deno.test("the screen has as many lines as the terminal, none of them longer, whatever its size", () => {
  const paint = painter({ env: (name) => name === "FORCE_COLOR" ? "1" : undefined }, {
    isTerminal: true,
  });
  for (const isHelp of [false, true]) {
    for (const rows of [1, 4, 8, 24, 200]) {
      for (const columns of [1, 20, 80, 300]) {
        const { lines } = draw({ shards: many }, { isHelp }, { size: { columns, rows }, paint });
        assert.equal(lines.length, rows);
        for (const line of lines) assert.ok(plainLength(line) <= columns, `${columns}: ${line}`);
      }
    }
  }
});

Deno.test("a head tells of the whole, a row of each shard", () => {
  const shards = [
    shard(0, {
      counters: counters(0, { latencyMs: 12, queued: 3, queueAgeMs: 61_000 }),
      guilds: 7,
    }),
    shard(1, { state: "resuming", reason: "op 7", sinceMs: 460_000 }),
  ];
  const { lines } = draw({ shards, fleet: fleet() });
  assert.match(lines[0]!, /^gatehouse top http:\/\/u · unit a · not ready$/);
  assert.match(lines[1]!, /^shards 1\/2 ready +– events\/s +3 wait +latency 12 ms, slowest 12 ms$/);
  assert.match(
    lines[2]!,
    /^REST –\/s, 0 wait, 0 under way +429s –\/s, fuse closed +identifies 998\/1,000 left/,
  );
  assert.match(lines[3]!, /^workers 1\/1 run +clusters 1\/1 connected +units 2\/2 alive, a leads$/);
  assert.equal(lines[4], "✗ shard 1: resuming (op 7)");
  const rows = lines.slice(7, 9);
  assert.match(rows[0]!, /^ +1\/2 resuming +4s +– .* op 7$/);
  assert.match(rows[1]!, /^ +0\/2 ready +7m44s +12 ms +– +3 +1m1s +7 /);
  assert.match(lines.at(-1)!, /^q quit +\? keys +by state$/);
});

Deno.test("rows that are not on the screen are counted, and scrolled to", () => {
  const { lines, room } = draw({ shards: many }, { offset: 500, sort: "shard" });
  assert.deepEqual(room, { rows: 17, all: 1000 });
  assert.match(lines.at(-1)!, /501–517 of 1,000$/);
  assert.match(lines[6]!, /^ 500\/1000 /);
  assert.match(draw({ shards: many }, { offset: 5000 }).lines.at(-1)!, /984–1000 of 1,000$/);
});

Deno.test("a unit that does not answer is told in the place of what it said last", () => {
  assert.match(draw({}, {}, { away: "refused" }).lines[0]!, /· no answer: refused$/);
});

Deno.test("a reshard has a bar, a shard that does not serve its role, and what is paused says so", () => {
  const shards = [shard(0), shard(0, { totalShards: 4, role: "rises" })];
  const half = reshard({ lots: lots(2, 4, "moved") });
  const { lines } = draw({ shards, reshard: half }, { isPaused: true });
  assert.match(lines[0]!, /ready · paused$/);
  assert.match(lines[4]!, /^█{8}░{8} reshard 2 → 4 running/);
  assert.match(lines.join("\n"), /^ +0\/4 ready .* rises$/m);
});

Deno.test("the help names every key", () => {
  const text = draw({}, { isHelp: true }).lines.join("\n");
  for (const key of ["e +sort by events", "q +quit", "PgUp PgDn", "R +the other way"]) {
    assert.match(text, new RegExp(`^ +${key}`, "m"));
  }
});
