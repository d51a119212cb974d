/**
 * What every implementation of `RecordStore` has to do.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Store } from "../../../../ports/store.ts";
import { type ReshardRecord, settledRecord, withMove } from "../../../../unit/reshard/record.ts";
import type { RecordStore } from "../../../../unit/reshard/written/records.ts";
import { HALF, MOVING } from "../../../support/records.ts";

/** Where nothing is written down yet. */
export interface RecordsCase {
  readonly here: RecordStore;
  /** The same, as the next life of the unit finds it. */
  readonly again: () => RecordStore;
  /** The state folder. */
  readonly store: Store;
  /** What `promise` gives; time passes meanwhile. */
  run?<Value>(promise: Promise<Value>): Promise<Value>;
}

const same = (record: ReshardRecord) => record;

/** Checks one implementation; `begin` is called for each test. */
export function testRecords(name: string, begin: () => RecordsCase): void {
  const test = (what: string, check: (it: Required<RecordsCase>) => Promise<void>) =>
    Deno.test(`${name} ${what}`, () => check({ run: (promise) => promise, ...begin() }));

  test("has nothing before anybody has said anything", async ({ here, run }) => {
    assert.equal(await run(here.load()), null);
    assert.equal(here.away, null);
    assert.deepEqual(await run(here.cutsOf([{ id: 0, total: 2 }])), {});
  });

  test("gives what was saved, cuts and all, in the next life, too", async ({ here, again, run }) => {
    assert.deepEqual(await run(here.save(HALF, same)), HALF);
    assert.deepEqual(await run(again().load()), HALF);
  });

  test("makes one change upon the other", async ({ here, again, run }) => {
    await run(here.save(MOVING, same));
    await run(here.save(MOVING, () => HALF));
    const paused = (record: ReshardRecord) => withMove(record, { isPaused: true, steered: 1 });
    await run(here.save(HALF, paused));
    assert.deepEqual(await run(again().load()), paused(HALF));
  });

  test("writes nothing where the change throws", async ({ here, again, run }) => {
    const two = settledRecord(2, null);
    await run(here.save(two, same));
    const thrown = here.save(two, () => {
      throw new Error("not so");
    });
    await run(assert.rejects(thrown, /not so/));
    assert.deepEqual(await run(again().load()), two);
  });

  test("rejects, and not as refused, where the state folder cannot be written", async ({ here, store, run }) => {
    await run(here.save(MOVING, same));
    store.save = () => Promise.reject(new Error("disk full"));
    await run(assert.rejects(here.save(MOVING, () => HALF), /disk full/));
  });
}
