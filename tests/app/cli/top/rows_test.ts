import assert from "node:assert/strict";
import { modelOf } from "../../../../app/cli/top/rows.ts";
import { counters, IDLE_REST, shard, snapshot } from "../../../support/snapshots.ts";

const look = (atMs: number, received: number, limited = 0, answered = 0) => {
  const answer = (status: number, count: number) =>
    ({ status, scope: "", by: "discord", count }) as const;
  const answers = [answer(429, limited), answer(200, answered)];
  const routes = [{ method: "GET", route: "/x", waiting: 0, queueMs: 0, upstreamMs: 0, answers }];
  const counted = counters(0, { received, reconnects: { "op 7": 2, zombie: 1 } });
  const shards = [shard(0, { counters: counted })];
  return { atMs, snapshot: snapshot({ shards, rest: { ...IDLE_REST, routes } }) };
};

Deno.test("rates are known from the second look on", () => {
  const first = modelOf(null, look(0, 100));
  assert.deepEqual(
    [first.eventsPerSecond, first.restPerSecond, first.rows[0]!.eventsPerSecond],
    [null, null, null],
  );
  const second = modelOf(look(0, 100), look(2000, 150, 4, 6));
  assert.deepEqual(
    [second.eventsPerSecond, second.restPerSecond, second.limitedPerSecond],
    [25, 5, 2],
  );
  assert.equal(second.rows[0]!.reconnects, 3);
});

Deno.test("a worker that began anew counts from nothing, and no rate is below it", () => {
  assert.equal(modelOf(look(0, 1_000_000), look(1000, 50)).eventsPerSecond, 50);
});

Deno.test("a shard that was not there before has no rate yet; the age is of what waits", () => {
  const other = snapshot({ shards: [shard(7, { counters: counters(7, { queueAgeMs: 500 }) })] });
  const { rows } = modelOf(look(0, 100), { atMs: 1000, snapshot: other });
  assert.deepEqual([rows[0]!.eventsPerSecond, rows[0]!.ageMs], [null, 0]);
});
