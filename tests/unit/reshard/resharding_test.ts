import assert from "node:assert/strict";
import type { ReshardState } from "../../../protocol/reshard.ts";
import { beginReshard, isUnderWay, steerReshard } from "../../../unit/reshard/resharding.ts";
import { notedResharding, reshard } from "../../support/reshards.ts";

function setUp(changed: { totalShards?: number; shardIds?: number[] } = {}) {
  const resharding = notedResharding();
  const unit = { totalShards: 2, shardIds: [0, 1], resharding, ...changed };
  return { unit, resharding, called: resharding.called };
}

const early = { totalShards: 0, shardIds: [], resharding: null };

Deno.test("beginReshard() begins one and gives it as it begins", async () => {
  const { unit, called } = setUp();
  const { from, to, state, by } = await beginReshard(unit, 4, "automatic");
  assert.deepEqual([from, to, state, by], [2, 4, "running", "automatic"]);
  assert.deepEqual(called, [["begin", 4, "automatic"]]);
});

Deno.test("beginReshard() says why not, and begins nothing", () => {
  const { unit, called, resharding } = setUp();
  const begin = (to: number, of = unit) => () => beginReshard(of, to, "operator");
  for (const to of [0, -1, 1.5, NaN, 100_001]) {
    assert.throws(begin(to), {
      code: "bad_message",
      message: `Cannot reshard: totalShards is ${to}, expected a whole number from 1 to 100000`,
    });
  }
  assert.throws(begin(2), {
    code: "refused",
    message: "Cannot reshard to 2 shards: there are 2 already",
  });
  const part = setUp({ totalShards: 16 });
  assert.throws(begin(32, part.unit), {
    code: "refused",
    message: "Cannot reshard to 32 shards: this unit runs 2 of 16 shards only: " +
      "give all units TOTAL_SHARDS=32, and restart them",
  });
  resharding.snapshot = reshard({ state: "paused", reason: "asked to" });
  assert.throws(begin(8), {
    code: "refused",
    message: "Cannot reshard to 8 shards: a reshard from 2 to 4 shards is paused (asked to): " +
      "wait for its end, or cancel it",
  });
  assert.throws(() => beginReshard(early, 4, "operator"), { code: "not_ready" });
  assert.deepEqual([called, part.called], [[], []]);
});

Deno.test("beginReshard() in a fleet asks for all shards of all units, and for guilds that can go in parts", () => {
  const { unit, called } = setUp({ totalShards: 4, shardIds: [0, 1] });
  const begin = (to: number, units: number, missing = 0) => () =>
    beginReshard({ ...unit, reshardingFleet: { units, missing } }, to, "operator");
  assert.throws(begin(8, 2, 1), {
    code: "refused",
    message: "Cannot reshard to 8 shards: 1 of 4 shards are no unit's: wait until all are",
  });
  assert.throws(begin(9, 2), {
    code: "refused",
    message:
      "Cannot reshard to 9 shards: 4 and 9 have no common divisor, so that all guilds would " +
      "move at one moment, by one unit of 2: 8 or 10 would do",
  });
  assert.throws(begin(3, 2), { message: /: 2 or 6 would do$/ });
  assert.deepEqual(called, []);
  for (const [to, units] of [[9, 1], [6, 2], [2, 3]] as const) {
    begin(to, units)();
    unit.resharding.snapshot = null;
  }
  assert.equal(called.length, 3);
  const one = { ...unit, totalShards: 1, reshardingFleet: { units: 2, missing: 0 } };
  assert.throws(() => beginReshard(one, 2, "operator"), {
    message: /no number of shards would do: have one unit reshard by itself$/,
  });
});

Deno.test("a reshard that has ended is not under way, and the next may begin", () => {
  const under = (state: ReshardState) => isUnderWay(reshard({ state }));
  assert.deepEqual(
    (["running", "paused", "cancelling", "done", "cancelled", "failed"] as const).map(under),
    [true, true, true, false, false, false],
  );
  assert.equal(isUnderWay(null), false);
  const { unit, called, resharding } = setUp();
  resharding.snapshot = reshard({ state: "failed" });
  beginReshard(unit, 6, "operator");
  assert.equal(called.length, 1);
});

Deno.test("steerReshard() pauses, resumes and cancels, and gives how it stands then", () => {
  const { unit, called } = setUp();
  beginReshard(unit, 4, "operator");
  const states = (["pause", "pause", "resume", "cancel", "cancel"] as const).map((how) =>
    steerReshard(unit, how).state
  );
  assert.deepEqual(states, ["paused", "paused", "running", "cancelling", "cancelling"]);
  assert.deepEqual(called.slice(1), [["pause"], ["pause"], ["resume"], ["cancel"], ["cancel"]]);
});

Deno.test("steerReshard() refuses where there is nothing to steer", () => {
  const { unit, called, resharding } = setUp();
  const none = (how: string) => ({
    code: "refused",
    message: `Cannot ${how}: no reshard is under way`,
  });
  assert.throws(() => steerReshard(unit, "pause"), none("pause"));
  resharding.snapshot = reshard({ state: "done" });
  assert.throws(() => steerReshard(unit, "cancel"), none("cancel"));
  resharding.snapshot = reshard({ state: "cancelling", reason: "asked to" });
  assert.throws(() => steerReshard(unit, "resume"), {
    code: "refused",
    message: "Cannot resume: a reshard from 2 to 4 shards is cancelling (asked to)",
  });
  assert.throws(() => steerReshard(early, "pause"), { code: "not_ready" });
  assert.deepEqual(called, []);
});
