/** The quick starts name subcommands, options, settings and tasks that are there. */

import assert from "node:assert/strict";
import { program } from "../../app/cli/main.ts";
import { createWorld } from "../../app/cli/world.ts";
import { SETTING_NAMES } from "../../config/config.ts";
import { loadCommander } from "../../deps.ts";
import { testWorld } from "../support/cli.ts";

const FOLDER = "docs/quickstart";
const PAGES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).toSorted();
const text = (page: string) => Deno.readTextFileSync(`${FOLDER}/${page}`);
const blocks = (page: string) =>
  [...text(page).matchAll(/^```sh\n(.*?)^```/gms)].map(([, code]) => code!);

const { Command } = await loadCommander();
const CLI = program(new Command("gatehouse"), createWorld(testWorld()));

Deno.test("every quick start is in their list", () => {
  assert.ok(PAGES.length > 4);
  const list = text("README.md");
  const left = PAGES.filter((page) => page !== "README.md" && !list.includes(`](${page})`));
  assert.deepEqual(left, []);
});

Deno.test("the quick starts type commands that are there", () => {
  const lines = PAGES.flatMap((page) =>
    [...blocks(page).join("\n").matchAll(/\bgatehouse +([a-z-][^#\n\\]*)/g)].map(([, line]) =>
      line!
    )
  );
  assert.ok(lines.length > 15, `${lines.length} commands`);
  for (const line of lines) {
    const [name = "", ...rest] = line.trim().split(/\s+/);
    if (name === "--version") continue;
    const command = CLI.commands.find((each) => each.name() === name);
    assert.ok(command, `gatehouse ${line}`);
    const options = [command, ...command.commands].flatMap((each) => each.options);
    for (const option of rest.filter((word) => word.startsWith("--"))) {
      assert.ok(options.some(({ long }) => long === option), `gatehouse ${line}: ${option}`);
    }
  }
});

Deno.test("the quick starts set settings that are there", () => {
  const names = PAGES.flatMap((page) =>
    [...blocks(page).join("\n").matchAll(/(?:^|\s)([A-Z][A-Z_]+)=/gm)].map(([, name]) => name!)
  );
  assert.ok(names.length > 15, `${names.length} settings`);
  assert.deepEqual(names.filter((name) => !SETTING_NAMES.includes(name)), []);
});
