/** docs/command-line.md names every subcommand, option and exit code, and nothing else. */

import assert from "node:assert/strict";
import { EXIT, EXIT_MEANINGS } from "../../app/cli/exit.ts";
import { CHECKS } from "../../app/doctor/examine.ts";
import { program } from "../../app/cli/main.ts";
import { createWorld } from "../../app/cli/world.ts";
import { loadCommander } from "../../deps.ts";
import { testWorld } from "../support/cli.ts";

const DOC = await Deno.readTextFile("docs/command-line.md");
const { Command } = await loadCommander();
const CLI = program(new Command("gatehouse"), createWorld(testWorld()));
const COMMANDS = CLI.createHelp().visibleCommands(CLI).filter((each) => each.name() !== "help");

/** The text between a heading of the second level and the next. */
function chapter(title: string): string {
  const start = DOC.indexOf(`\n## ${title}\n`);
  assert.ok(start >= 0, `docs/command-line.md has no chapter "${title}"`);
  const end = DOC.indexOf("\n## ", start + 1);
  return DOC.slice(start, end < 0 ? undefined : end);
}

const rowsOf = (text: string) =>
  [...text.matchAll(/^\| *([^|]+?) *\| *(.+?) *\|$/gm)].map((
    [, first, second],
  ) => [first!, second!]);

Deno.test("docs/command-line.md has a row and a chapter for every subcommand, and no other row", () => {
  const told = rowsOf(DOC.slice(0, DOC.indexOf("\n## "))).slice(2).map(([name]) => name);
  assert.deepEqual(told.toSorted(), COMMANDS.map((each) => `\`${each.name()}\``).toSorted());
  for (const command of COMMANDS) chapter(command.name());
});

for (const command of COMMANDS) {
  Deno.test(`docs/command-line.md has a row for every option of ${command.name()}, and no other`, () => {
    const known = [command, ...command.commands].flatMap((each) => each.options)
      .filter(({ hidden }) => !hidden).map(({ flags }) => `\`${flags}\``);
    const told = rowsOf(chapter(command.name())).map(([first]) => first!)
      .filter((first) => first.startsWith("`-"));
    assert.deepEqual(told.toSorted(), [...new Set(known)].toSorted());
  });
}

Deno.test("docs/command-line.md tells the defaults of the simulator's options", () => {
  const command = COMMANDS.find((each) => each.name() === "sim")!;
  const known = command.options.filter(({ defaultValue }) => defaultValue !== undefined)
    .map(({ flags, defaultValue }) => `${flags} ${defaultValue}`);
  const rows = chapter("sim").matchAll(/^\| *`(--[^`]+)` *\| *`([^`]+)` *\|/gm);
  assert.deepEqual([...rows].map(([, flags, byDefault]) => `${flags} ${byDefault}`), known);
});

Deno.test("docs/command-line.md has a row for every check of doctor, and no other", () => {
  const checks = Object.values(CHECKS).flatMap((each) => Object.keys(each));
  const told = rowsOf(chapter("doctor")).map(([first]) => first!)
    .filter((first) => !/^(`-|-|option$|check$)/.test(first));
  assert.deepEqual(told, checks);
});

Deno.test("docs/command-line.md has the table of exit codes", () => {
  const told = rowsOf(chapter("Exit codes")).filter(([code]) => /^\d+$/.test(code!));
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  assert.deepEqual(told, names.map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]]));
});
