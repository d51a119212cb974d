import assert from "node:assert/strict";
import { addDemo } from "../../../app/cli/demo.ts";
import { createWorld } from "../../../app/cli/world.ts";
import { loadCommander } from "../../../deps.ts";
import { testWorld } from "../../support/cli.ts";

Deno.test("demo takes no option: what it plays against is no question", async () => {
  const { Command } = await loadCommander();
  const cli = new Command();
  addDemo(cli, createWorld(testWorld()));
  assert.deepEqual(cli.commands.map((each) => [each.name(), each.options]), [["demo", []]]);
});
