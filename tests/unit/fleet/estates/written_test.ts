import assert from "node:assert/strict";
import { type Estate, NO_ESTATE } from "../../../../protocol/estate.ts";
import { pointOf } from "../../../../store/estate_points.ts";
import {
  encodePoints,
  encodeWritten,
  holderOf,
  joinMissing,
  parseMissing,
  parseWritten,
  type Written,
} from "../../../../unit/fleet/estates/written.ts";

const SHARD = { total: 4, id: 3 };
const ESTATE: Estate = {
  session: {
    shardId: 3,
    totalShards: 4,
    intents: 1,
    sessionId: "s",
    resumeUrl: null,
    seq: 20,
    base: 100,
  },
  highest: 130,
  acknowledged: 110,
  readers: { logger: 105 },
  guilds: { guildIds: ["1"], loadingGuildIds: [] },
  marks: [{ cursor: 115, mark: "answered", atMs: 5 }],
  facts: { user: { id: "1" }, application: { id: "2" }, guildIds: ["1"] },
  presence: { status: "idle" },
};
const WRITTEN: Written = { unit: "a", epoch: 7, stream: "x", givenTo: null, estate: ESTATE };
const wire = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("an estate is read as it was written, whole", () => {
  for (const givenTo of [null, "b"]) {
    const written = { ...WRITTEN, givenTo };
    assert.deepEqual(parseWritten(SHARD, wire(encodeWritten(written)), null), written);
  }
  const nothing = { ...WRITTEN, estate: { ...NO_ESTATE, highest: 0 } };
  assert.deepEqual(parseWritten(SHARD, wire(encodeWritten(nothing)), null), nothing);
});

Deno.test("an estate is as of the points of its unit, but not of another session's, nor after it was given", () => {
  const later = {
    ...ESTATE,
    session: { ...ESTATE.session!, seq: 40 },
    highest: 150,
    acknowledged: 140,
  };
  const read = (written: Written, estate: Estate) => {
    const points = wire(encodePoints(new Map([["3/4", pointOf(estate)]])));
    const { estate: found } = parseWritten(SHARD, wire(encodeWritten(written)), points)!;
    return [found.acknowledged, found.session?.seq];
  };
  assert.deepEqual(read(WRITTEN, later), [140, 40]);
  assert.deepEqual(read({ ...WRITTEN, givenTo: "b" }, later), [110, 20]);
  assert.deepEqual(read(WRITTEN, { ...later, session: { ...later.session, base: 50 } }), [110, 20]);
  assert.deepEqual(read({ ...WRITTEN, estate: later }, ESTATE), [140, 40], "older points");
});

Deno.test("thousands of shards, and of responses in the bot's place, are not too much for a key", () => {
  // What a bucket takes: docs/fleet.md.
  const most = 350 * 1024;
  const marks = Array.from({ length: 20_000 }, (_, i) => (
    { cursor: 2 ** 40 + i, mark: "answered", atMs: 1_800_000_000_000 + i } as const
  ));
  const busy = { ...ESTATE, marks };
  const ids = Array.from({ length: 5_000 }, (_, i) => `${i}/5000` as const);
  const points = new Map(
    ids.map((id) => [id, { ...pointOf(busy), readers: {}, highest: 2 ** 40 }]),
  );
  assert.ok(JSON.stringify(encodePoints(points)).length < most);
  const written = wire(encodeWritten({ ...WRITTEN, estate: busy }));
  assert.ok(JSON.stringify(written).length < most);
  const read = parseWritten(SHARD, written, wire(encodePoints(new Map([["3/4", pointOf(busy)]]))));
  assert.deepEqual(read!.estate.marks.at(-1), marks.at(-1));
  assert.ok(read!.estate.marks.length >= 1_000);
});

Deno.test("points that cannot be read are none", () => {
  const written = wire(encodeWritten(WRITTEN));
  for (const point of [null, [], [140, 150], [140, "x", 100, 40], [140, 150, 100, 40, 5], {}]) {
    assert.equal(parseWritten(SHARD, written, { "3/4": point })!.estate.acknowledged, 110);
  }
  const without = [140, 150, null, null, { logger: 120 }];
  const { estate } = parseWritten(SHARD, { ...written, session: null, point: undefined }, {
    "3/4": without,
  })!;
  assert.deepEqual([estate.acknowledged, estate.readers], [140, { logger: 120 }]);
});

Deno.test("what is no estate is none, and no points make it one", () => {
  for (const value of [null, 5, {}, { unit: "a" }, { unit: "a", epoch: -1, stream: "x" }]) {
    assert.equal(parseWritten(SHARD, value, {}), null);
  }
  const bare = parseWritten(SHARD, { unit: "a", epoch: 1, stream: "x" }, "nonsense");
  assert.deepEqual(bare?.estate, { ...NO_ESTATE, highest: 0 });
});

Deno.test("who was given a shard holds what waits of it", () => {
  assert.equal(holderOf(WRITTEN), "a");
  assert.equal(holderOf({ ...WRITTEN, givenTo: "b" }), "b");
});

Deno.test("what is missing of a unit that was away twice is all of it", () => {
  assert.deepEqual(joinMissing({ from: 5, to: 9 }, { from: 2, to: 6 }), { from: 2, to: 9 });
  assert.deepEqual(joinMissing({ from: 5, to: 9 }, null), { from: 5, to: 9 });
  assert.deepEqual(parseMissing({ from: 5, to: 9 }), { from: 5, to: 9 });
  for (const value of [null, { from: 5 }, { from: 9, to: 5 }]) {
    assert.equal(parseMissing(value), null);
  }
});
