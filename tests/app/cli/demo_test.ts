import assert from "node:assert/strict";
import { addDemo } from "../../../app/cli/demo.ts";
import { createWorld } from "../../../app/cli/world.ts";
import { loadCommander } from "../../../deps.ts";
import { systemClock } from "../../../ports/clock.ts";
import { keptStream } from "../../support/cli.ts";

Deno.test("demo takes no option: what it plays against is no question", async () => {
  const { Command } = await loadCommander();
  const cli = new Command();
  const parts = { out: keptStream(), err: keptStream(), env: () => undefined, clock: systemClock };
  addDemo(cli, createWorld(parts));
  assert.deepEqual(cli.commands.map((each) => [each.name(), each.options]), [["demo", []]]);
});
