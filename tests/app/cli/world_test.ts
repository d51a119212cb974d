import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { createWorld, systemWorld } from "../../../app/cli/world.ts";
import { systemClock } from "../../../ports/clock.ts";
import { testWorld } from "../../support/cli.ts";

Deno.test("a world ends with what the last action gave", async () => {
  const world = createWorld(testWorld());
  assert.equal(world.code, EXIT.OK);
  await world.ends((code: 0 | 5) => code)(EXIT.NOT_READY);
  assert.equal(world.code, EXIT.NOT_READY);
});

Deno.test("systemWorld() is this process: what is no terminal counts as 80 by 24", () => {
  const { out, clock } = systemWorld();
  assert.equal(clock, systemClock);
  if (!out.isTerminal) assert.deepEqual(out.size(), { columns: 80, rows: 24 });
});
