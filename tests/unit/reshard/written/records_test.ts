import assert from "node:assert/strict";
import { logTo } from "../../../../ports/log.ts";
import { memoryStore } from "../../../../ports/store.ts";
import { settledRecord } from "../../../../unit/reshard/record.ts";
import { FileRecords, loadRecord, saveRecord } from "../../../../unit/reshard/written/records.ts";
import { HALF as half } from "../../../support/records.ts";
import { testRecords } from "./records_conformance.ts";

testRecords("FileRecords", () => {
  const store = memoryStore();
  const { log } = told();
  return {
    here: new FileRecords({ store, log }),
    again: () => new FileRecords({ store, log }),
    store,
  };
});

function told() {
  const lines: unknown[] = [];
  return { lines, log: logTo((level, event, fields) => lines.push([level, event, fields])) };
}

Deno.test("loadRecord() gives what was saved, and nothing where nothing was", async () => {
  const { lines, log } = told();
  const store = memoryStore();
  const sessions = () => new Map([[2, 2]]);
  assert.equal(await loadRecord({ store, log, sessions }), null);
  await saveRecord(store, half);
  assert.deepEqual(await loadRecord({ store, log, sessions }), half);
  assert.deepEqual(lines, []);
});

Deno.test("loadRecord() has the total that lives most serve all where the record is lost, and says so", async () => {
  for (
    const [sessions, total] of [[[[2, 1], [4, 3]], 4], [[[2, 1], [4, 2]], 2], [[[4, 0]], null]]
  ) {
    const { lines, log } = told();
    const store = memoryStore();
    await store.save("reshard", { ...half, total: 0 });
    const alive = () => new Map(sessions as [number, number][]);
    const record = await loadRecord({ store, log, sessions: alive });
    assert.deepEqual(record, total === null ? null : settledRecord(total as number, null));
    const error = "total is 0";
    const event = "which shards serve which guilds was written down and cannot be read";
    assert.deepEqual(lines, [["error", event, { error, servesAll: total }]]);
    // The next life finds the same owner, whatever lives then.
    if (total !== null) {
      assert.deepEqual(await loadRecord({ store, log, sessions: () => new Map() }), record);
    }
  }
});

Deno.test("loadRecord() notices a file that the store has set aside", async () => {
  const { lines, log } = told();
  const whole = memoryStore();
  let damaged = 0;
  const store = {
    ...whole,
    get damaged() {
      return damaged;
    },
    load(name: string) {
      damaged++;
      return whole.load(name);
    },
  };
  const record = await loadRecord({ store, log, sessions: () => new Map([[4, 4], [2, 1]]) });
  assert.deepEqual(record, settledRecord(4, null));
  assert.equal(lines.length, 1);
});
