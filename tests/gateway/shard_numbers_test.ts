/** A shard of a server whose events have numbers that do not grow. */

import assert from "node:assert/strict";
import { INTENTS, setUp } from "./shard_stage.ts";

Deno.test("an event whose number was there before comes, is counted and told once, but for a replay", () => {
  const { shard, event, identified, accepted, logged, points, last, hello } = setUp();
  identified();
  for (const [t, s] of [["A", 2], ["B", 2], ["C", 0], ["D", 7]] as const) event(t, s);
  assert.deepEqual(accepted, ["1 READY", "2 A", "3 B", "4 C", "11 D"]);
  assert.equal(shard.tally.renumbered, 2);
  assert.equal(
    logged.filter((line) => /numbers do not grow.*"t":"B","s":2,"after":2/.test(line)).length,
    1,
  );
  assert.equal(points.at(-1), null, "it would be resumed by a number that says nothing");
  last().events.closed(4000, "");
  assert.equal(shard.status.state, "backing off");
  shard.restart("keep");
  shard.allow(2, INTENTS);
  hello();
  assert.equal(JSON.parse(last().sent.at(-1)!).op, 2, "it did not identify");
});

Deno.test("a session that begins with several 0 is set aside until its numbers grow", () => {
  const { shard, event, ready, last, hello, accepted, points, gaps } = setUp();
  shard.start(null, 0);
  shard.allow(1, INTENTS);
  hello();
  ready(0);
  for (const t of ["G1", "G2"]) event(t, 0);
  assert.equal(points.at(-1), null);
  event("A", 1);
  assert.deepEqual(accepted, ["1 READY", "2 G1", "3 G2", "4 A"]);
  const { seq, base } = points.at(-1)!;
  assert.deepEqual([seq, base], [0, 3]);
  last().events.closed(4900, "");
  shard.restart("keep");
  hello();
  assert.equal(JSON.parse(last().sent.at(-1)!).d.seq, 1);
  for (const [t, s] of [["READY", 0], ["G1", 0], ["A", 1], ["B", 2], ["RESUMED", 3]] as const) {
    event(t, s);
  }
  assert.deepEqual(accepted.slice(4), ["5 B", "6 RESUMED"], "what is replayed has come before");
  assert.deepEqual(gaps, []);
});
