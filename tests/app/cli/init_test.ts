import assert from "node:assert/strict";
import { addInit } from "../../../app/cli/init.ts";
import { createWorld } from "../../../app/cli/world.ts";
import { loadCommander } from "../../../deps.ts";
import { testWorld } from "../../support/cli.ts";

Deno.test("init fills the current folder, unless another is named", async () => {
  const { Command } = await loadCommander();
  const cli = new Command();
  addInit(cli, createWorld(testWorld()));
  const [command] = cli.commands;
  assert.equal(command?.registeredArguments[0]?.defaultValue, ".");
  assert.deepEqual(command?.options.map(({ long }) => long), ["--force"]);
});
