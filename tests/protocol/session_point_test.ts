import assert from "node:assert/strict";
import { canResume, parseSessionPoint, type SessionPoint } from "../../protocol/session_point.ts";

const point: SessionPoint = {
  shardId: 3,
  totalShards: 8,
  intents: 513,
  sessionId: "abc",
  resumeUrl: "wss://us.discord.gg",
  seq: 42,
  base: 1000,
};

Deno.test("canResume() wants the same shard, the same count and the same intents", () => {
  assert.equal(canResume(point, { shardId: 3, totalShards: 8, intents: 513 }), true);
  for (const other of [{ shardId: 4 }, { totalShards: 16 }, { intents: 1 }]) {
    assert.equal(canResume(point, { shardId: 3, totalShards: 8, intents: 513, ...other }), false);
  }
});

Deno.test("parseSessionPoint() gives back a point that was written as JSON", () => {
  assert.deepEqual(parseSessionPoint(JSON.parse(JSON.stringify(point))), point);
});

Deno.test("parseSessionPoint() leaves out what it does not know", () => {
  assert.deepEqual(parseSessionPoint({ ...point, later: true }), point);
});

Deno.test("parseSessionPoint() refuses a point with a field missing or of another kind", () => {
  for (const field of Object.keys(point)) {
    for (const value of [undefined, null, {}, -1, 1.5, NaN, true]) {
      assert.equal(parseSessionPoint({ ...point, [field]: value }), undefined, `${field} ${value}`);
    }
  }
  for (const value of [undefined, null, "point", 3, []]) {
    assert.equal(parseSessionPoint(value), undefined);
  }
});
