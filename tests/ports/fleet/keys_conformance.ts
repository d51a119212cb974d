/**
 * What every implementation of `Keys` has to do.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Entry, Keys } from "../../../ports/fleet/keys.ts";

/** Two ways to the same keys, none of which is there, and how time passes. */
export interface KeysCase {
  readonly here: Keys;
  readonly there: Keys;
  /** Until all that was written has been told. */
  settle(): Promise<unknown>;
  /** What `promise` gives; time passes meanwhile. */
  run<Value>(promise: Promise<Value>): Promise<Value>;
  end?(): Promise<void>;
}

/** Checks one implementation; `begin` is called for each test. */
export function testKeys(name: string, begin: () => KeysCase | Promise<KeysCase>): void {
  const test = (what: string, check: (it: KeysCase) => Promise<void>) =>
    Deno.test(`${name} ${what}`, async () => {
      const it = await begin();
      try {
        await check(it);
      } finally {
        it.here.close();
        it.there.close();
        await it.settle();
        await it.end?.();
      }
    });

  test("gives what was written, by whichever way", async ({ here, there, run }) => {
    assert.equal(await run(there.get("unit.a")), null);
    const revision = await run(here.put("unit.a", { cores: 2, names: ["x", null, true] }));
    const found = await run(there.get("unit.a"));
    assert.deepEqual(found, { value: { cores: 2, names: ["x", null, true] }, revision });
  });

  test("creates only what is not there", async ({ here, there, run }) => {
    const revision = await run(here.create("leader", 1));
    assert.equal(typeof revision, "number");
    assert.equal(await run(there.create("leader", 2)), null);
    assert.equal((await run(there.get("leader")))?.value, 1);
    await run(there.delete("leader"));
    assert.notEqual(await run(there.create("leader", 3)), null);
  });

  test("lets one of two replace a revision", async ({ here, there, run }) => {
    const revision = await run(here.put("assignment", 1));
    const [one, other] = await run(Promise.all([
      here.update("assignment", "one", revision),
      there.update("assignment", "other", revision),
    ]));
    assert.equal([one, other].filter((each) => each !== null).length, 1);
    assert.ok((one ?? other)! > revision);
    const { value } = (await run(here.get("assignment")))!;
    assert.equal(value, one === null ? "other" : "one");
    assert.equal(await run(here.update("none", 1, 7)), null);
  });

  test("forgets, also what is not there", async ({ here, there, run }) => {
    await run(here.delete("none"));
    await run(here.put("a", 1));
    await run(there.delete("a"));
    assert.equal(await run(here.get("a")), null);
  });

  test("tells who watches what there is, and then each change", async (it) => {
    const { here, there, run, settle } = it;
    await run(here.put("unit.a", 1));
    await run(here.put("other.a", 1));
    const told: [string | null, unknown][] = [];
    const cancel = there.watch(
      "unit.",
      (key, entry: Entry | null) => told.push([key, entry?.value ?? null]),
    );
    assert.deepEqual(told, [], "nothing within the call");
    await settle();
    assert.deepEqual(told, [["unit.a", 1], [null, null]]);
    for (
      const change of [
        () => here.put("unit.a", 2),
        () => here.put("unit.b", 3),
        () => here.delete("unit.a"),
        () => here.put("other.a", 2),
      ]
    ) {
      await run<unknown>(change());
      // What is replaced before it was told may go untold.
      await settle();
    }
    assert.deepEqual(told.slice(2), [["unit.a", 2], ["unit.b", 3], ["unit.a", null]]);
    cancel();
    await run(here.put("unit.b", 4));
    await settle();
    assert.equal(told.length, 5);
  });

  test("is away once it is closed, for itself alone", async ({ here, there, run }) => {
    await run(here.put("a", 1));
    here.close();
    await assert.rejects(run(here.get("a")), { code: "away" });
    assert.equal((await run(there.get("a")))?.value, 1);
  });
}
