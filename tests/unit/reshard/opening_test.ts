import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { logTo, silentLog } from "../../../ports/log.ts";
import { memoryStore } from "../../../ports/store.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import { openingOf, openTotals } from "../../../unit/reshard/opening.ts";
import { begun, settledRecord, withMove } from "../../../unit/reshard/record.ts";
import { saveRecord } from "../../../unit/reshard/written/records.ts";

const CUTS: Cuts = {
  from: [{ total: 2, id: 1 }],
  through: 7,
  guilds: {},
  others: 3,
  loads: [],
  mayRepeat: [],
};
const MOVING = begun(settledRecord(2, 2), { to: 4, by: "operator", startedAtMs: 1 });

/** The total that counts, and whether it is the operator's word. */
function counts(...asked: Parameters<typeof openingOf>): [number, boolean, boolean] {
  const { record, isAnew, isOtherThanSet } = openingOf(...asked);
  return [record.total, isAnew, isOtherThanSet];
}

Deno.test("openingOf() goes by TOTAL_SHARDS, else by what Discord recommends, where nobody has resharded", () => {
  assert.deepEqual(counts(null, null, 5), [5, false, false]);
  assert.deepEqual(counts(null, 3, 5), [3, false, false]);
});

Deno.test("openingOf() goes on with what the unit was resharded to, until another total is set", () => {
  assert.deepEqual(
    counts(settledRecord(4, 2), 2, 5),
    [4, false, true],
    "what is set is from before",
  );
  assert.deepEqual(counts(settledRecord(4, 2), null, 5), [4, false, false]);
  assert.deepEqual(counts(settledRecord(4, null), null, 5), [4, false, false]);
  assert.deepEqual(counts(settledRecord(4, 2), 4, 5), [4, false, false]);
  assert.deepEqual(counts(settledRecord(4, 2), 8, 5), [8, true, false]);
  assert.deepEqual(counts(settledRecord(4, null), 2, 5), [2, true, false]);
});

Deno.test("openingOf() takes a total that is set once the unit has it for settled: what was set before is another then", () => {
  const { record } = openingOf(settledRecord(4, 2), 4, 5);
  assert.deepEqual(record, settledRecord(4, 4));
  assert.deepEqual(counts(record, 2, 5), [2, true, false]);
});

Deno.test("openingOf() goes on with a move that is under way, whichever of both totals is set", () => {
  for (const asked of [null, 2, 4]) assert.equal(openingOf(MOVING, asked, 9).record.move?.to, 4);
  assert.deepEqual(counts(MOVING, 2, 9), [2, false, true]);
  assert.deepEqual(counts(MOVING, 4, 9), [2, false, false], "that is where it goes to");
  assert.deepEqual(counts(withMove(MOVING, { goal: 2 }), 2, 9), [2, false, false]);
  assert.deepEqual(counts(MOVING, 8, 9), [8, true, false]);
  assert.equal(openingOf(MOVING, 8, 9).record.move, null);
});

Deno.test("openingOf() leaves to heirs what others have served of what waits", () => {
  const saved = { ...settledRecord(4, 2), cuts: { "3/4": CUTS } } as const;
  assert.deepEqual(openingOf(saved, 8, 2).record.cuts, { "3/8": CUTS });
  assert.deepEqual(openingOf(saved, null, 2).record.cuts, { "3/4": CUTS });
});

async function opened(changed: Partial<typeof CONFIG_DEFAULTS>, saved = MOVING) {
  const store = memoryStore();
  await saveRecord(store, saved);
  const lines: string[] = [];
  const log = logTo((level, event, fields) =>
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`)
  );
  const config = { ...CONFIG_DEFAULTS, ...changed };
  const opening = await openTotals({ store, log, config, estates: { sessions: new Map() } }, 9);
  return { opening, lines };
}

Deno.test("openTotals() says that another total counts than is set, and what to set", async () => {
  const { opening, lines } = await opened({ totalShards: 2 });
  assert.deepEqual(opening.shardIds, [0, 1]);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^warn the unit was resharded.*"totalShards":2,"set":2.*set TOTAL_SHARDS=4/,
  );
  assert.deepEqual((await opened({ totalShards: 4 })).lines, []);
});

Deno.test("openTotals() refuses to go on with a move in a unit that runs a part of the shards", async () => {
  const part = { totalShards: 2, firstShardId: 1, lastShardId: 1 };
  await assert.rejects(opened(part), {
    code: "bad_config",
    message: /from 2 to 4 shards: this unit is to run 1 of 2 only; unset FIRST_SHARD_ID/,
  });
  const { opening } = await opened({ ...part, totalShards: 8 });
  assert.deepEqual(opening.shardIds, [1], "unless another total is set");
});

Deno.test("openTotals() refuses a range that does not fit the number of shards", async () => {
  const store = memoryStore();
  const config = { ...CONFIG_DEFAULTS, firstShardId: 3, lastShardId: 4 };
  const estates = { sessions: new Map() };
  await assert.rejects(openTotals({ store, log: silentLog, config, estates }, 4), {
    code: "bad_config",
    message: /Cannot start shards 3 to 4: there are 4, from 0/,
  });
});
