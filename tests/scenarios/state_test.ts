/** Whatever the files of the state folder hold, valid JSON of any kind: the unit starts, and events come. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig } from "../support/rig.ts";

type Path = readonly string[];

const value = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, "", "7", "x".repeat(10_000), [], {}, [null], { __proto__: null, id: {} }],
    ...[-1, 0, 0.5, 7, 2 ** 31, 2 ** 40, 2 ** 47, 2 ** 48, 2 ** 53, 1e300, -1e300],
  ),
  fc.jsonValue(),
);

/** Every place in a value, the whole of it first. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, of]) => placesOf(of, [...path, key]))];
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((of, key) => (of as Record<string, unknown>)[key], value);
}

function changed(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  const copy = Object.assign(Array.isArray(value) ? [] : {}, value) as Record<string, unknown>;
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

/** What a unit with a consumer, a presence and a deferred interaction has written down. */
async function livedStore() {
  const rig = await createRig();
  const cut = rig.start();
  await rig.ready();
  const sent = rig.gateway.pool.sendPayload(0, {
    op: 3,
    d: { status: "idle", since: null, afk: false, activities: [] },
  });
  await rig.clock.advance(1_000);
  await sent;
  cut();
  rig.sim.traffic.burst(2, "INTERACTION_CREATE");
  await rig.clock.advance(5_000);
  await rig.stop();
  const { store, clock } = rig;
  await store.save("consumers", {
    stream: (await store.load("estates") as { stream: string }).stream,
    sessions: [{
      sessionId: "a",
      shard: { total: 1, id: 0 },
      base: 0,
      repeatsTo: 0,
      acknowledged: 3,
      received: 3,
      sentAtMost: 1_003,
      detachedAtMs: clock.wallMs() - 590_000,
    }],
    given: [{ shard: { total: 1, id: 0 }, received: 3, sent: 3 }],
  });
  await store.save("habits", {
    of: "53542911 1 0 0",
    known: {
      known: { minutes: 9_000, others: 80_000 },
      types: {
        MESSAGE_CREATE: { own: 5, others: 6, silence: { minutes: 1, others: 8 }, deafFor: null },
      },
      deaf: [{ type: "MESSAGE_CREATE", sinceMs: 1, expected: 7, others: 8 }],
    },
  });
  return rig;
}

const FILES = ["estates", "estate-0-of-1", "presences", "consumers", "identifies", "habits"];

Deno.test("whatever a file of the state folder holds, the unit starts, and new events come", async () => {
  const { store } = await livedStore();
  const kept = await Promise.all(FILES.map((name) => store.load(name)));
  const places = FILES.flatMap((name, i) => placesOf(kept[i]).map((path) => [name, path] as const));
  const changes = fc.array(fc.tuple(fc.constantFrom(...places), value), {
    minLength: 1,
    maxLength: 3,
  });
  const numbers = places.filter(([name, path]) =>
    typeof at(kept[FILES.indexOf(name)], path) === "number"
  )
    .flatMap((place): [[typeof place, unknown][]][] =>
      [1_000, 2 ** 40].map((to) => [[[place, to]]])
    );
  await fc.assert(
    fc.asyncProperty(changes, async (changes) => {
      const earlier = await livedStore();
      const { store } = earlier;
      for (const [[name, path], to] of changes) {
        await store.save(name, changed(await store.load(name), path, to) ?? null);
      }
      const rig = await createRig({ store, openSpool: memorySpool(), earlier });
      rig.start();
      await rig.ready(60_000);
      // One on /gateway that does not come back has had its time.
      await rig.clock.advance(610_000);
      const before = rig.got.length;
      rig.sim.traffic.burst(5, "MESSAGE_CREATE");
      await rig.clock.advance(2_000);
      assert.equal(rig.got.length, before + 5);
      rig.assertNoViolations();
      assert.deepEqual(rig.exhausted, []);
      await rig.stop();
    }),
    { numRuns: numbers.length + 60, examples: numbers },
  );
});
