/** Fields of what Discord says, and of what an earlier life wrote down, that cannot be used. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { memoryStore } from "../../ports/store.ts";
import type { Garbled } from "../../sim/world/options.ts";
import { createRig } from "../support/rig.ts";
import { createVirtualUnit } from "../support/virtual_unit.ts";

type Fields = Record<string, unknown>;

/** Missing, null, of another type, absurd. */
const UNUSABLE: readonly unknown[] = [
  ...[undefined, null, true, "", "text", "::", "-1", "41250"],
  ...[-1, 0, 0.5, 1e-9, 1e15, 1e300],
  ...[[], [null], [7, "x", { id: null }, [[]]], {}, { id: 7 }, "x".repeat(100_000)],
  ...["http://127.0.0.1", "wss://", "wss://u:p@host", "wss://[::", "//host", "wss:///"],
];
const unusable = fc.constantFrom(...UNUSABLE);

/** A body with some of its fields garbled, or something that is no body. */
function garblings(names: readonly string[]): fc.Arbitrary<(body: Fields) => unknown> {
  const fields = fc.dictionary(fc.constantFrom(...names), unusable, { minKeys: 1 });
  return fc.oneof(
    { weight: 4, arbitrary: fields.map((changed) => (body: Fields) => ({ ...body, ...changed })) },
    { weight: 1, arbitrary: fc.constantFrom(null, 7, "text", [], {}).map((d) => () => d) },
  );
}

/** One field garbled in each way, so that none is left to chance. */
function each(names: readonly string[]): [(body: Fields) => unknown][] {
  return names.flatMap((name) =>
    UNUSABLE.map((value): [(body: Fields) => unknown] => [(body) => ({ ...body, [name]: value })])
  );
}

const FIELDS = {
  HELLO: ["heartbeat_interval"],
  READY: ["session_id", "resume_gateway_url", "user", "application", "guilds"],
  RESUMED: ["_trace"],
} as const satisfies Partial<Record<Garbled, readonly string[]>>;

for (const what of ["HELLO", "READY", "RESUMED"] as const) {
  Deno.test(`whatever ${what} says, the shard lives, comes back, and so does the next life`, async () => {
    await fc.assert(
      fc.asyncProperty(garblings(FIELDS[what]), async (garbled) => {
        const store = memoryStore();
        const garble = (of: Garbled, body: Fields) => of === what ? garbled(body) : body;
        const first = await createRig({ store, sim: { garble } });
        first.start();
        await first.ready(20_000);
        first.sim.traffic.setRate(2);
        await first.clock.advance(what === "HELLO" ? 100_000 : 3_000);
        assert.deepEqual(first.states(), ["ready"], "it did not stay");
        first.sim.faults.cut();
        await first.clock.advance(100);
        await first.ready(20_000);
        first.sim.traffic.setRate(0);
        await first.clock.advance(2_000);
        if (first.identifies() === 1) first.assertNothingLost();
        else assert.equal(first.got.filter(({ t }) => t === "READY").length, 2);
        first.assertNoViolations();
        await first.stop();

        const second = await createRig({ store, earlier: first });
        second.start();
        await second.ready(20_000);
        second.assertNoViolations();
      }),
      { numRuns: each(FIELDS[what]).length + 15, examples: each(FIELDS[what]) },
    );
  });
}

Deno.test("a READY without a usable host is resumed where sessions begin, and told in the log", async () => {
  const garble = (what: Garbled, body: Fields) =>
    what === "READY" ? { ...body, resume_gateway_url: "::" } : body;
  const rig = await createRig({ sim: { garble } });
  rig.start();
  await rig.ready();
  rig.sim.faults.cut();
  await rig.clock.advance(3_000);
  assert.deepEqual(rig.sim.ledger.resumes.map(({ host, ok }) => [host, ok]), [["base", true]]);
  const told = rig.logged.filter(({ event }) => event === "Discord said what cannot be used");
  assert.deepEqual(told.map(({ fields }) => [fields.of, fields.problem, fields.instead]), [
    ["READY", 'resume_gateway_url is "::", expected a ws:// or wss:// address', "nothing"],
  ]);
});

Deno.test("a READY without a session's name serves until it ends; then the bot is told of the gap", async () => {
  const garble = (what: Garbled, body: Fields) =>
    what === "READY" ? { ...body, session_id: null } : body;
  const rig = await createRig({ sim: { garble } });
  rig.start();
  await rig.ready();
  rig.sim.traffic.burst(10, "MESSAGE_CREATE");
  await rig.clock.advance(1_000);
  assert.equal(rig.got.filter(({ t }) => t === "MESSAGE_CREATE").length, 10);
  rig.sim.faults.cut();
  await rig.clock.advance(100);
  await rig.ready();
  await rig.clock.advance(1_000);
  assert.equal(rig.identifies(), 2);
  assert.equal(rig.got.filter(({ t }) => t === "GATEHOUSE_GAP").length, 1);
});

Deno.test("whatever else GET /gateway/bot says, the unit starts", async () => {
  const limit = ["total", "remaining", "reset_after", "max_concurrency"];
  const garbled = fc.oneof(
    garblings(["session_start_limit"]).filter((it) => it({ url: 1 }) !== null),
    garblings(limit).map((it) => (body: Fields) => {
      const garbled = it(body.session_start_limit as Fields);
      // None left is no nonsense: it would be waited for.
      const isUsedUp = (garbled as Fields | null)?.remaining === 0;
      return { ...body, session_start_limit: isUsedUp ? null : garbled };
    }),
  );
  await fc.assert(
    fc.asyncProperty(garbled, async (garbled) => {
      const { sim, start, ready, unit, run } = createVirtualUnit();
      sim.settings.garble = (_, body) => ({ url: body.url, shards: 1, ...garbled(body) as Fields });
      await start();
      await ready();
      assert.deepEqual(sim.ledger.violations, []);
      await run(unit.stop("the test ends"));
    }),
    { numRuns: 60 },
  );
});

Deno.test("a number of shards that cannot be used is asked for again", async () => {
  for (const shards of UNUSABLE) {
    const { sim, start, ready, unit, run, logged } = createVirtualUnit();
    let asked = 0;
    sim.settings.garble = (what, body) =>
      what === "GET /gateway/bot" && ++asked === 1 ? { ...body, shards } : body;
    await start();
    await ready();
    assert.equal(asked, 2, `shards was ${String(shards).slice(0, 20)}`);
    const told = logged.filter(({ event }) => event === "Discord did not say where to connect");
    assert.match(String(told[0]?.fields.error), /shards is .*, expected/);
    await run(unit.stop("the test ends"));
  }
});

Deno.test("a point on disk that cannot be used costs an identify at most", async () => {
  const store = memoryStore();
  const first = await createRig({ store });
  first.start();
  await first.ready();
  await first.stop();
  const [index, file] = [
    await store.load("estates"),
    await store.load("estate-0-of-1"),
  ] as Fields[];
  const { shards: { "0/1": point } } = index as { shards: Record<string, Fields> };
  const { session } = file as { session: Fields };
  const one = (names: readonly string[]) => fc.tuple(fc.constantFrom(...names), unusable);
  await fc.assert(
    fc.asyncProperty(
      fc.option(one(Object.keys(point!))),
      fc.option(one(Object.keys(file!))),
      fc.option(one(Object.keys(session))),
      async (inPoint, inFile, inSession) => {
        const changed = (fields: Fields, by: [string, unknown] | null) =>
          by ? { ...fields, [by[0]]: by[1] } : fields;
        const garbled = memoryStore();
        const shards = { "0/1": changed(point!, inPoint) };
        await garbled.save("estates", { ...index, shards });
        await garbled.save(
          "estate-0-of-1",
          changed({ ...file, session: changed(session, inSession) }, inFile),
        );
        const next = await createRig({ store: garbled });
        next.start();
        await next.ready(60_000);
        next.sim.traffic.burst(5, "MESSAGE_CREATE");
        await next.clock.advance(1_000);
        assert.equal(next.got.filter(({ t }) => t === "MESSAGE_CREATE").length, 5);
        next.assertNoViolations();
      },
    ),
    { numRuns: 200 },
  );
});
