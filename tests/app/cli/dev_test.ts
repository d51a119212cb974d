import assert from "node:assert/strict";
import { addDev } from "../../../app/cli/dev.ts";
import { createWorld } from "../../../app/cli/world.ts";
import { loadCommander } from "../../../deps.ts";
import { testWorld } from "../../support/cli.ts";

Deno.test("dev takes what start takes", async () => {
  const { Command } = await loadCommander();
  const cli = new Command();
  addDev(cli, createWorld(testWorld()));
  const [command] = cli.commands;
  assert.equal(command?.name(), "dev");
  assert.deepEqual(command?.options.map(({ long }) => long), ["--force", "--simulator"]);
  assert.equal(command?.registeredArguments[0]?.name(), "bot");
});
