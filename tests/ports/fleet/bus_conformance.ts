/**
 * What every bus must do, whether it stays in the process or spans hosts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { Bus, Json } from "../../../ports/fleet/bus.ts";

/** A bus under test: two ends of it, which may be the same, and what time is to it. */
export interface BusStage {
  readonly here: Bus;
  readonly there: Bus;
  /** Lets what is under way arrive. */
  settle(): Promise<void>;
  /** Lets this much time pass. */
  pass(ms: number): Promise<void>;
  /** Ends all that it is made of. */
  end?(): Promise<void>;
}

/** Makes a bus of its own for one test. */
export type OpenBus = () => BusStage | Promise<BusStage>;

const LONG_MS = 60_000;

/** What a promise has come to, without waiting for it. */
function outcomeOf(promise: Promise<unknown>): { readonly now: string } {
  const outcome = { now: "open" };
  promise.then(
    (value) => outcome.now = JSON.stringify(value),
    (error) => outcome.now = error instanceof GatehouseError ? error.code : String(error),
  );
  return outcome;
}

/** Tests one kind of bus. */
export function testBus(name: string, open: OpenBus): void {
  function staged(stage: BusStage) {
    const heard: string[] = [];
    const hear = (bus: Bus, subject: string, as = subject) =>
      bus.subscribe(subject, (value) => void heard.push(`${as} ${JSON.stringify(value)}`));
    return { ...stage, heard, hear };
  }

  const test = (what: string, check: (stage: ReturnType<typeof staged>) => Promise<void>) =>
    Deno.test(`${name} ${what}`, async () => {
      const stage = await open();
      try {
        await check(staged(stage));
      } finally {
        await stage.end?.();
      }
    });

  test("tells all who subscribed to a subject, and nobody else", async ({ here, there, settle, heard, hear }) => {
    hear(here, "a", "first");
    hear(there, "a", "second");
    hear(there, "a.b", "other");
    await settle();
    here.publish("a", { shard: { total: 16, id: 3 } });
    there.publish("unheard", null);
    await settle();
    const told = '{"shard":{"total":16,"id":3}}';
    assert.deepEqual(heard.toSorted(), [`first ${told}`, `second ${told}`]);
  });

  test("keeps the order of a subject", async ({ here, there, settle, heard, hear }) => {
    hear(there, "a");
    await settle();
    for (let n = 0; n < 100; n++) here.publish("a", n);
    await settle();
    assert.deepEqual(heard, Array.from({ length: 100 }, (_, n) => `a ${n}`));
  });

  test("calls nobody within the call that causes it", async ({ here, settle, heard, hear }) => {
    hear(here, "a");
    here.answer("q", () => {
      heard.push("asked");
      return 1;
    });
    await settle();
    here.publish("a", 1);
    const answer = here.ask("q", null, LONG_MS);
    assert.deepEqual(heard, []);
    await settle();
    assert.deepEqual(heard.toSorted(), ["a 1", "asked"]);
    assert.equal(await answer, 1);
  });

  test("tells a subscriber nothing of before it came, nor once it has left", async ({ here, there, settle, heard, hear }) => {
    here.publish("a", "before");
    await settle();
    const cancel = hear(there, "a");
    const other = hear(there, "a", "other");
    await settle();
    here.publish("a", "now");
    await settle();
    here.publish("a", "under way");
    cancel();
    cancel();
    await settle();
    other();
    assert.deepEqual(heard.filter((text) => text.startsWith("a")), ['a "now"']);
    assert.ok(heard.includes('other "under way"'), "it was taken from the other, too");
  });

  test("goes on where a subscriber throws", async ({ here, there, settle, heard, hear }) => {
    there.subscribe("a", (value) => {
      heard.push(`thrower ${value}`);
      throw new Error("no");
    });
    there.subscribe("a", (() => Promise.reject(new Error("no"))) as () => void);
    hear(there, "a");
    await settle();
    for (const n of [1, 2]) here.publish("a", n);
    await settle();
    assert.deepEqual(heard.toSorted(), ["a 1", "a 2", "thrower 1", "thrower 2"]);
  });

  test("hands on copies", async ({ here, there, settle }) => {
    const got: { n: number }[] = [];
    for (const bus of [here, there]) {
      bus.subscribe("a", (value) => void got.push(value as { n: number }));
    }
    const kept = { n: 9 };
    there.answer("q", (value) => {
      got.push(value as { n: number });
      return kept;
    });
    await settle();
    const said = { n: 1 };
    here.publish("a", said);
    const asked = here.ask("q", said, LONG_MS);
    said.n = 2;
    await settle();
    assert.deepEqual(got.map(({ n }) => n), [1, 1, 1]);
    got[0]!.n = 3;
    assert.deepEqual([got[1]!.n, got[2]!.n], [1, 1]);
    (await asked as { n: number }).n = 8;
    assert.equal(kept.n, 9);
  });

  test("gives each question its own answer, in whatever order they come", async ({ here, there, settle }) => {
    const slow = Promise.withResolvers<Json>();
    there.answer("q", (value) => value === "slow" ? slow.promise : `${value}!`);
    await settle();
    const outcomes = ["slow", "a", "b"].map((value) => outcomeOf(here.ask("q", value, LONG_MS)));
    await settle();
    assert.deepEqual(outcomes.map(({ now }) => now), ["open", '"a!"', '"b!"']);
    slow.resolve("at last");
    await settle();
    assert.equal(outcomes[0]!.now, '"at last"');
  });

  test("hands an answerer's error to who asked", async ({ here, there, settle }) => {
    there.answer("refuses", () => {
      throw new GatehouseError("refused", "caller", "Cannot do that: no");
    });
    there.answer("breaks", () => Promise.reject(new Error("broken")));
    await settle();
    const refused = assert.rejects(here.ask("refuses", null, LONG_MS), {
      code: "refused",
      message: "Cannot do that: no",
    });
    const broken = assert.rejects(here.ask("breaks", null, LONG_MS), { message: "broken" });
    await settle();
    await Promise.all([refused, broken]);
  });

  test("says at once that nobody answers, or does any more", async ({ here, there, settle, hear }) => {
    hear(there, "q");
    const cancel = there.answer("p", () => 1);
    await settle();
    cancel();
    await settle();
    const outcomes = ["q", "p"].map((subject) => outcomeOf(here.ask(subject, null, LONG_MS)));
    await settle();
    assert.deepEqual(outcomes.map(({ now }) => now), ["away", "away"]);
  });

  test("asks one of those that answer", async ({ here, there, settle }) => {
    let asked = 0;
    for (const bus of [here, there]) bus.answer("q", () => ++asked);
    await settle();
    const answer = outcomeOf(here.ask("q", null, LONG_MS));
    await settle();
    assert.deepEqual([answer.now, asked], ["1", 1]);
  });

  test("ends a question at its deadline, and drops the answer that comes later", async ({ here, there, settle, pass }) => {
    const late = Promise.withResolvers<Json>();
    there.answer("q", () => late.promise);
    await settle();
    const outcome = outcomeOf(here.ask("q", null, 10_000));
    await pass(9_000);
    assert.equal(outcome.now, "open");
    await pass(2_000);
    assert.equal(outcome.now, "deadline");
    late.resolve("late");
    await settle();
    assert.equal(outcome.now, "deadline");
  });

  test("is silent and deaf once it is closed, and settles what is open", async ({ here, there, settle, heard, hear }) => {
    hear(here, "a");
    there.answer("q", () => new Promise<Json>(() => {}));
    await settle();
    const open = outcomeOf(here.ask("q", null, LONG_MS));
    await settle();
    here.publish("a", "under way");
    here.close();
    here.close();
    hear(here, "a");
    here.answer("mine", () => 1);
    here.publish("a", "after");
    const later = ["q", "mine"].map((subject) => outcomeOf(here.ask(subject, null, LONG_MS)));
    await settle();
    assert.deepEqual([open, ...later].map(({ now }) => now), ["away", "away", "away"]);
    assert.deepEqual(heard, []);
  });
}
