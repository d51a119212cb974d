import assert from "node:assert/strict";
import type { Json } from "../../../ports/fleet/bus.ts";
import { seededRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { testBus } from "../../ports/fleet/bus_conformance.ts";
import { testKeys } from "../../ports/fleet/keys_conformance.ts";
import { createSimBus, type SimLine } from "./sim_line.ts";

const SETTLED_MS = 20;

testBus("The simulated line's bus", () => {
  const clock = createVirtualClock();
  const sim = createSimBus({ clock, random: seededRandom(1) });
  return {
    here: sim.line("a").bus,
    there: sim.line("b").bus,
    settle: () => clock.advance(SETTLED_MS),
    pass: (ms) => clock.advance(ms),
  };
});

testKeys("The simulated line's keys", () => {
  const clock = createVirtualClock();
  const sim = createSimBus({ clock, random: seededRandom(1) });
  return {
    here: sim.line("a").keys,
    there: sim.line("b").keys,
    settle: () => clock.advance(SETTLED_MS),
    async run(promise) {
      promise.catch(() => {});
      await clock.advance(SETTLED_MS);
      return await promise;
    },
  };
});

function setUp() {
  const clock = createVirtualClock();
  const sim = createSimBus({ clock, random: seededRandom(7) });
  const [a, b] = [sim.line("a"), sim.line("b")];
  const run = async <Value>(promise: Promise<Value>, ms = SETTLED_MS) => {
    let result: Value | string = "open";
    promise.then((value) => result = value, (error) => result = error.code);
    await clock.advance(ms);
    return result as Value | string;
  };
  return { clock, sim, a, b, run };
}

function hear({ bus }: SimLine, subject = "s"): Json[] {
  const heard: Json[] = [];
  bus.subscribe(subject, (value) => void heard.push(value));
  return heard;
}

Deno.test("A frozen unit hears afterwards what was sent meanwhile, and its timers are late", async () => {
  const { clock, a, b, run } = setUp();
  const heard = hear(b);
  const rang: number[] = [];
  b.clock.after(10_000, () => rang.push(clock.now()));
  b.bus.answer("q", () => "at last");
  await clock.advance(SETTLED_MS);
  b.freeze();
  a.bus.publish("s", 1);
  assert.equal(await run(a.bus.ask("q", null, 10_000), 10_000), "deadline");
  await clock.advance(20_000);
  assert.deepEqual([heard, rang], [[], []]);
  const thawedMs = clock.now();
  b.thaw();
  await clock.advance(1_000);
  assert.deepEqual(heard, [1]);
  assert.deepEqual(rang, [thawedMs + 250], "after what has come was read");
});

Deno.test("A killed unit never does anything again, and nobody answers for it", async () => {
  const { clock, a, b, run } = setUp();
  b.bus.answer("q", () => 1);
  let rang = false;
  b.clock.after(1_000, () => rang = true);
  await clock.advance(SETTLED_MS);
  b.kill();
  await clock.advance(2_000);
  assert.equal(rang, false);
  assert.equal(await run(a.bus.ask("q", null, 10_000)), "away");
});

Deno.test("A stopped server takes every line down at once, and all is told again after it is back", async () => {
  const { clock, sim, a, b, run } = setUp();
  const told: string[] = [];
  const ups: boolean[] = [];
  const heard = hear(b);
  b.watch((isUp) => void ups.push(isUp));
  b.keys.watch("k.", (key, entry) => void told.push(`${key} ${entry?.value ?? null}`));
  await run(a.keys.put("k.x", 1));
  sim.stop();
  await clock.advance(SETTLED_MS);
  assert.deepEqual([a.isUp, b.isUp], [false, false]);
  assert.equal(await run(a.keys.get("k.x")), "away");
  assert.equal(await run(a.bus.ask("q", 1, 1_000)), "away");
  sim.start();
  await clock.advance(2_100);
  assert.deepEqual([a.isUp, b.isUp, ups], [true, true, [false, true]]);
  assert.deepEqual(told, ["null null", "k.x 1", "k.x 1", "null null"]);
  a.bus.publish("s", "again");
  await clock.advance(SETTLED_MS);
  assert.deepEqual(heard, ["again"]);
});

Deno.test("A server without its last writes gives keys and revisions as they were before", async () => {
  const { clock, sim, a, run } = setUp();
  const first = await run(a.keys.put("k", 1));
  await clock.advance(60_000);
  const second = await run(a.keys.put("k", 2));
  await run(a.keys.put("other", 2));
  sim.stop();
  await clock.advance(10_000);
  sim.start(30_000);
  await clock.advance(3_000);
  assert.deepEqual(await run(a.keys.get("k")), { value: 1, revision: first });
  assert.equal(await run(a.keys.get("other")), null);
  assert.equal(await run(a.keys.put("k", 3)), second, "a revision comes again");
});

Deno.test("Who is cut off notices after six seconds; before that nothing is lost", async () => {
  const { clock, sim, a, b } = setUp();
  const heard = hear(b);
  await clock.advance(SETTLED_MS);
  sim.part([["a"]]);
  a.bus.publish("s", "late");
  await clock.advance(5_000);
  assert.deepEqual([heard, b.isUp], [[], true]);
  sim.part(null);
  await clock.advance(SETTLED_MS);
  assert.deepEqual(heard, ["late"]);
  sim.part([["a"]]);
  a.bus.publish("s", "lost");
  await clock.advance(7_000);
  assert.deepEqual([a.isUp, b.isUp], [true, false]);
  sim.part(null);
  await clock.advance(3_000);
  assert.deepEqual([heard, b.isUp], [["late"], true]);
});

Deno.test("Parted units do not hear each other, and only the first group has the keys", async () => {
  const { clock, sim, a, b, run } = setUp();
  const c = sim.line("c");
  const [heardB, heardC] = [hear(b), hear(c)];
  const told: unknown[] = [];
  c.keys.watch("k", (_, entry) => void (entry && told.push(entry.value)));
  await clock.advance(SETTLED_MS);
  sim.part([["a"], ["b", "c"]]);
  a.bus.publish("s", "from a");
  b.bus.publish("s", "from b");
  await run(a.keys.put("k", 1));
  assert.deepEqual([heardB, heardC, told], [["from b"], ["from b"], []]);
  assert.equal(await run(b.keys.get("k"), 5_100), "away");
  assert.equal(b.isUp, true);
  sim.part(null);
  await clock.advance(SETTLED_MS);
  assert.deepEqual(told, [1]);
});

Deno.test("A full disk refuses what is written, and gives what there is", async () => {
  const { sim, a, run } = setUp();
  const revision = await run(a.keys.put("k", 1)) as number;
  sim.fill(true);
  assert.equal(await run(a.keys.put("k", 2)), "disk_full");
  assert.equal(await run(a.keys.update("k", 2, revision)), "disk_full");
  assert.equal(await run<unknown>(a.keys.delete("k")), "disk_full");
  assert.deepEqual(await run(a.keys.get("k")), { value: 1, revision });
  sim.fill(false);
  assert.notEqual(await run(a.keys.update("k", 2, revision)), null);
});

Deno.test("A part of what is said is lost, and whether a key was written is not known", async () => {
  const { clock, a, b, run } = setUp();
  const heard = hear(b);
  await clock.advance(SETTLED_MS);
  a.drop(0.5);
  for (let n = 0; n < 100; n++) a.bus.publish("s", n);
  await clock.advance(SETTLED_MS);
  assert.ok(heard.length > 20 && heard.length < 80, `${heard.length}`);
  const results = await run(
    Promise.allSettled(Array.from({ length: 100 }, (_, n) => a.keys.put(`k.${n}`, n))),
    6_000,
  ) as PromiseSettledResult<number>[];
  const said = results.filter(({ status }) => status === "fulfilled").length;
  const written = (await run(
    Promise.all(Array.from({ length: 100 }, (_, n) => b.keys.get(`k.${n}`))),
  ) as unknown[]).filter(Boolean).length;
  assert.ok(said < written && written < 100, `${said} said, ${written} written`);
});

Deno.test("Clocks of two computers agree on nothing but how fast time passes", async () => {
  const clock = createVirtualClock();
  const sim = createSimBus({ clock, random: seededRandom(7) });
  const [a, b] = [sim.line("a"), sim.line("b", { aheadMs: 30_000 })];
  assert.equal(b.clock.epochMs() - a.clock.epochMs(), 30_000);
  assert.notEqual(a.clock.now(), b.clock.now());
  const beforeMs = b.clock.now();
  await clock.advance(1_000);
  assert.equal(b.clock.now() - beforeMs, 1_000);
});
