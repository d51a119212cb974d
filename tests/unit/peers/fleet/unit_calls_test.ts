import assert from "node:assert/strict";
import { UnitCalls } from "../../../../unit/peers/fleet/unit_calls.ts";
import { GatehouseError } from "../../../../protocol/errors.ts";
import { silentLog } from "../../../../ports/log.ts";
import { seededRandom } from "../../../../ports/random.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../../../support/fleet/sim_line.ts";

async function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(1) });
  let members = ["a", "b"];
  let largest = 0;
  const watching: (() => void)[] = [];
  const of = (self: string) => {
    const line = bus.line(self);
    const { ask } = line.bus;
    line.bus.ask = (subject, value, deadlineMs) => {
      largest = Math.max(largest, new TextEncoder().encode(JSON.stringify(value)).length);
      return ask.call(line.bus, subject, value, deadlineMs);
    };
    const view = {
      self,
      get members() {
        return members;
      },
      watch: (take: () => void) => (watching.push(take), () => {}),
    };
    return {
      line,
      calls: new UnitCalls({ clock: line.clock, log: silentLog, bus: line.bus, view }),
    };
  };
  const [a, b] = [of("a"), of("b")];
  await clock.advance(10);
  const run = async <Value>(promise: Promise<Value>): Promise<Value> => {
    let isSettled = false;
    const settle = () => void (isSettled = true);
    promise.then(settle, settle);
    await clock.runUntil(() => isSettled, 120_000);
    return await promise;
  };
  const live = (...names: string[]) => {
    members = names;
    for (const take of watching) take();
  };
  return { clock, bus, a, b, run, live, largest: () => largest };
}

Deno.test("a unit asks another, which answers whatever structured clone carries", async () => {
  const { a, b, run } = await setUp();
  b.calls.answer("echo", (value) => ({ said: value }));
  const value = new Map<unknown, unknown>([[1n, new Date(0)], ["list", [undefined, NaN]]]);
  assert.deepEqual(await run(a.calls.ask("b", "echo", value, 1000)), { said: value });
  assert.deepEqual(await run(a.calls.ask("b", "echo", undefined, 1000)), { said: undefined });
});

Deno.test("values of any size pass, though the bus takes little at a time", async () => {
  const { a, b, run, largest } = await setUp();
  b.calls.answer("twice", (text) => `${text}${text}`);
  const text = 'é€😀"\n'.repeat(100_000);
  assert.equal(await run(a.calls.ask("b", "twice", text, 1000)), text + text);
  assert.ok(largest() > 100_000 && largest() < 1024 * 1024);
});

Deno.test("an error of a unit arrives as it was thrown, one of somebody's code as that", async () => {
  const { a, b, run } = await setUp();
  const data = { shardId: 3 };
  b.calls.answer("refuse", () => {
    throw new GatehouseError("no_shard", "caller", "Cannot send: no shard 9", data);
  });
  b.calls.answer("fail", () => Promise.reject(Object.assign(new RangeError("far"), { code: 7 })));
  const refused = await run(a.calls.ask("b", "refuse", 0, 1000).catch((error) => error));
  assert.ok(refused instanceof GatehouseError);
  const { code, blame, message } = refused;
  assert.deepEqual([code, blame, message, refused.data], [
    "no_shard",
    "caller",
    "Cannot send: no shard 9",
    data,
  ]);
  const failed = await run(a.calls.ask("b", "fail", 0, 1000).catch((error) => error));
  assert.ok(failed instanceof RangeError && !(failed instanceof GatehouseError));
  assert.deepEqual([failed.message, Reflect.get(failed, "code")], ["far", 7]);
});

Deno.test("who does not live is away at once, and so is one that answers nothing yet", async () => {
  const { a, run } = await setUp();
  const away = (unit: string) => ({ code: "away", message: new RegExp(`unit ${unit}`) });
  await assert.rejects(a.calls.ask("z", "echo", 0, 1000), away("z"));
  await assert.rejects(run(a.calls.ask("b", "echo", 0, 1000)), away("b"));
});

Deno.test("a question ends with its deadline, a second later than who answers would end it", async () => {
  const { a, b, clock } = await setUp();
  b.calls.answer("wait", () => new Promise(() => {}));
  const asked = a.calls.ask("b", "wait", 0, 5000);
  let error: { code?: string; message?: string } = {};
  asked.catch((thrown) => error = thrown);
  await clock.advance(5999);
  assert.deepEqual(error, {});
  await clock.advance(1);
  assert.equal(error.code, "deadline");
  assert.match(error.message!, /from unit b: none within 5000 ms/);
});

Deno.test("what was asked of a unit that dies is away when that is known, not at the deadline", async () => {
  const { a, b, clock, live } = await setUp();
  b.calls.answer("wait", () => new Promise(() => {}));
  const codes: string[] = [];
  a.calls.ask("b", "wait", 0, 60_000).catch(({ code }) => codes.push(code));
  await clock.advance(1000);
  b.line.freeze();
  live("a");
  await clock.advance(0);
  assert.deepEqual(codes, ["away"]);
});

Deno.test("with the line down everything is away, and goes on when it is back", async () => {
  const { a, b, bus, clock, run } = await setUp();
  b.calls.answer("echo", (value) => value);
  bus.stop();
  await clock.advance(100);
  await assert.rejects(run(a.calls.ask("b", "echo", 1, 1000)), { code: "away" });
  bus.start();
  await clock.advance(5000);
  assert.equal(await run(a.calls.ask("b", "echo", 1, 1000)), 1);
});

Deno.test("a unit that stops lets nobody wait", async () => {
  const { a, b, clock } = await setUp();
  b.calls.answer("wait", () => new Promise(() => {}));
  const codes: string[] = [];
  a.calls.ask("b", "wait", 0, 60_000).catch(({ code }) => codes.push(code));
  await clock.advance(10);
  a.calls.stop();
  await clock.advance(0);
  assert.deepEqual(codes, ["away"]);
});

Deno.test("every question settles, whatever is lost on the way", async () => {
  const { a, b, clock } = await setUp();
  b.calls.answer("echo", (value) => value);
  a.line.drop(0.3);
  let settled = 0;
  const texts = Array.from({ length: 50 }, (_, i) => "x".repeat(i % 5 === 0 ? 400_000 : i));
  for (const text of texts) {
    a.calls.ask("b", "echo", text, 1000).then(
      (value) => (assert.equal(value, text), settled++),
      ({ code }) => (assert.equal(code, "deadline"), settled++),
    );
  }
  await clock.advance(5000);
  assert.equal(settled, texts.length);
});
