import assert from "node:assert/strict";
import { denoCommand, hasColor, helpEnd, painter, writeJson } from "../../../app/cli/output.ts";
import { loadCommander } from "../../../deps.ts";
import { keptStream } from "../../support/cli.ts";

const world = (env: Record<string, string>) => ({ env: (name: string) => env[name] });

const COLORS: readonly [env: Record<string, string>, isTerminal: boolean, expected: boolean][] = [
  [{}, true, true],
  [{}, false, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "false" }, true, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, false],
];

for (const [env, isTerminal, expected] of COLORS) {
  const where = isTerminal ? "a terminal" : "no terminal";
  Deno.test(`${where} with ${JSON.stringify(env)} has ${expected ? "" : "no "}colours`, () => {
    assert.equal(hasColor(world(env), { isTerminal }), expected);
    const painted = painter(world(env), { isTerminal })("red", "x");
    assert.equal(painted, expected ? "\x1b[31mx\x1b[39m" : "x");
  });
}

Deno.test("helpEnd() adds what is opened, and examples", async () => {
  const { Command } = await loadCommander();
  let help = "";
  const command = new Command("x").configureOutput({ writeOut: (text) => void (help += text) });
  helpEnd(command, { opens: "http://x", examples: [["a", "does one"], ["a --long", "another"]] });
  command.outputHelp();
  const end = "\nOpens http://x\n\nExamples:\n  a\n      does one\n  a --long\n      another\n";
  assert.ok(help.endsWith(end), help);
});

Deno.test("writeJson() is one line for a script, and several on a terminal", () => {
  const [script, person] = [keptStream(), keptStream(true)];
  for (const out of [script, person]) writeJson({ out }, { a: 1 });
  assert.equal(script.text(), '{"a":1}\n');
  assert.equal(person.text(), '{\n  "a": 1\n}\n');
});

Deno.test("denoCommand() is what npx types for who came by it", () => {
  assert.equal(denoCommand(world({})), "deno");
  const byNpx = denoCommand(world({ npm_command: "exec" }));
  assert.equal(byNpx, `npx --yes deno@${Deno.version.deno}`);
});
