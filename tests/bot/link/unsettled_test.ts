import assert from "node:assert/strict";
import { Unsettled } from "../../../bot/link/unsettled.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const delivery = (cursor: number) => ({ cursor });

Deno.test("a delivery that is not removed in time is late, each at its own moment", async () => {
  const clock = createVirtualClock();
  const late: string[] = [];
  const unsettled = new Unsettled<{ cursor: number }>(clock, 100, ({ cursor }) => {
    late.push(`${cursor} at ${clock.now()}`);
  });
  const second = delivery(2);
  unsettled.add(delivery(1));
  await clock.advance(40);
  unsettled.add(second);
  unsettled.add(delivery(3));
  unsettled.remove(second);
  await clock.advance(300);
  unsettled.add(delivery(4));
  await clock.advance(300);
  assert.deepEqual(late, ["1 at 100", "3 at 140", "4 at 440"]);
  assert.equal(unsettled.size, 0);
});

Deno.test("a process that stood still gives each delivery its time anew", async () => {
  const clock = createVirtualClock();
  const late: string[] = [];
  const unsettled = new Unsettled<{ cursor: number }>(clock, 60_000, ({ cursor }) => {
    late.push(`${cursor} at ${clock.now()}`);
  });
  for (const cursor of [1, 2]) {
    unsettled.add(delivery(cursor));
    await clock.advance(10_000);
  }
  clock.freeze(300_000);
  await clock.advance(59_999);
  assert.deepEqual(late, []);
  await clock.advance(1);
  assert.deepEqual(late, ["1 at 380000", "2 at 380000"]);
});

Deno.test("empty() resolves when the last delivery is removed", async () => {
  const clock = createVirtualClock();
  const unsettled = new Unsettled(clock, 100, () => {});
  await unsettled.empty();
  const [first, second] = [delivery(1), delivery(2)];
  unsettled.add(first);
  unsettled.add(second);
  let empty = false;
  unsettled.empty().then(() => empty = true);
  unsettled.remove(first);
  await clock.advance(0);
  assert.equal(empty, false);
  unsettled.remove(second);
  await clock.advance(0);
  assert.equal(empty, true);
});
