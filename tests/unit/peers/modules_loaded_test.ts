import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { LOAD_DEADLINE_MS, modulesLoaded } from "../../../unit/peers/modules_loaded.ts";

Deno.test("shards wait until all modules are loaded, for so long at most, and that is told", async () => {
  const clock = createVirtualClock();
  const logged: string[] = [];
  const log = logTo((_, event) => logged.push(event));
  await modulesLoaded({ clock, log }, { loaded: () => Promise.resolve() });
  assert.deepEqual(logged, []);
  let isOver = false;
  const never = { loaded: () => new Promise<void>(() => {}) };
  const waited = modulesLoaded({ clock, log }, never).then(() => isOver = true);
  await clock.advance(LOAD_DEADLINE_MS - 1);
  assert.equal(isOver, false);
  await clock.advance(1);
  await waited;
  assert.deepEqual(logged, ["modules are still loading, shards start without them"]);
});
