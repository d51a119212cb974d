import assert from "node:assert/strict";
import { parseGiven, parseSession, WHOLE_TERMS } from "../../downstream/session.ts";
import { type Seat, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";

const shardsOf = (seat: Seat): ShardKeyText[] => [shardKeyText(seat)];
const SAVED = {
  sessionId: "a",
  shard: { total: 2, id: 1 },
  shards: ["1/4", "3/4"],
  base: 9,
  snapshots: 2,
  terms: { intents: 1, largeThreshold: 50 },
  botId: "7",
  doneTo: 20,
  knowsGuilds: true,
  repeatsTo: 12,
  acknowledged: 19,
  received: 19,
  sentAtMost: 30,
  detachedAtMs: null,
};

Deno.test("parseSession() reads what was written down; what was sent since nobody knows", () => {
  assert.deepEqual(parseSession(SAVED, shardsOf), { ...SAVED, sent: null });
});

Deno.test("parseSession() reads a session of an earlier version, which named its shard's id alone", () => {
  const earlier = { sessionId: "a", shardId: 1, base: 9, acknowledged: 19, detachedAtMs: 5 };
  const session = parseSession(earlier, shardsOf, 2)!;
  assert.deepEqual([session.shard, session.shards], [{ total: 2, id: 1 }, ["1/2"]]);
  assert.deepEqual([session.snapshots, session.terms], [0, WHOLE_TERMS]);
});

Deno.test("parseSession() and parseGiven() take nothing else", () => {
  for (const wrong of [null, {}, { ...SAVED, shard: {} }, { ...SAVED, base: "9" }]) {
    assert.equal(parseSession(wrong, shardsOf), undefined);
  }
  const given = { shard: { total: 2, id: 1 }, shards: ["1/2"], received: 3, sent: 4 };
  assert.deepEqual(parseGiven(given, shardsOf), given);
  assert.deepEqual(parseGiven({ ...given, shards: undefined }, shardsOf), given);
  for (const wrong of [null, { ...given, sent: -1 }, { ...given, shard: 1 }]) {
    assert.equal(parseGiven(wrong, shardsOf), undefined);
  }
});
