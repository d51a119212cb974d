import assert from "node:assert/strict";
import { HeldAuthority } from "../../../../rest/limits/fleet/held_authority.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { hearing, permitWant, says, scriptedAuthority } from "./wants.ts";

Deno.test("what is asked of a key that is new waits, in the order of arrival; what is told counts at once", async () => {
  const clock = createVirtualClock();
  const log: string[] = [];
  const read = () => log.splice(0);
  const { authority } = scriptedAuthority("it", log);
  const held = new HeldAuthority(
    clock,
    authority,
    (key) =>
      Math.max(0, (key.endsWith("old") ? 0 : key.endsWith("newer") ? 900 : 500) - clock.now()),
  );
  const ask = (arrival: number, major: string) =>
    held.ask(permitWant({ arrival, major }), hearing(log, major));
  ask(1, "old");
  const later = ask(3, "new");
  ask(2, "new");
  ask(4, "newer");
  ask(5, "new").leave();
  held.adopt(permitWant({ arrival: 6 }));
  held.recall(permitWant(), says("h", 0, 700));
  held.pause("c", 10);
  assert.deepEqual(read(), [
    "it: asked for permit 1",
    "it: told of permit 6",
    "it: told of channels/1, spent for 700",
    "it: c pauses for 10",
  ]);
  await clock.advance(500);
  assert.deepEqual(read(), ["it: asked for permit 2", "it: asked for permit 3"]);
  later.over("lost");
  assert.deepEqual(read(), ["it: permit 3 lost"]);
  await clock.advance(400);
  assert.deepEqual(read(), ["it: asked for permit 4"]);
  assert.equal(held.epoch, 0);
});
