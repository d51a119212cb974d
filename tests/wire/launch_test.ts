/** From settings to what a program ends with. */

import assert from "node:assert/strict";
import { EXIT } from "../../app/cli/exit.ts";
import { launch } from "../../app/terminal/launch.ts";
import { parseConfig } from "../../config/parse.ts";

const RIGHT = { DISCORD_TOKEN: "a.b.c", LOG_FORMAT: "json" };

Deno.test("launch() serves by the settings, and ends with its code; warnings are logged", async () => {
  const lines: string[] = [];
  const parsed = await parseConfig({ ...RIGHT, DISCORD_TOKN: "x" });
  const code = await launch(parsed, (line) => lines.push(line), (config) => {
    assert.equal(config.discordToken, "a.b.c");
    return Promise.resolve(EXIT.RESTART);
  });
  assert.equal(code, EXIT.RESTART);
  assert.match(lines.join(""), /DISCORD_TOKN: expected DISCORD_TOKEN/);
});

Deno.test("launch() plays where nothing is set, and says what leads to Discord", async () => {
  for (const [nextStep, told] of [[undefined, /BOT_MODULE/], ["set this", /"set this"/]] as const) {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const code = await launch(
      await parseConfig({}),
      write,
      () => Promise.resolve(EXIT.OK),
      nextStep,
    );
    assert.equal(code, EXIT.OK);
    assert.match(lines[0]!, told);
  }
});

Deno.test("launch() ends with 1 where it cannot serve, and logs why", async () => {
  const lines: string[] = [];
  const fails = () => Promise.reject(new Error("the port is taken"));
  const code = await launch(await parseConfig(RIGHT), (line) => lines.push(line), fails);
  assert.equal(code, EXIT.REFUSED);
  assert.match(lines.join(""), /the port is taken/);
});

Deno.test("launch() serves nothing by settings that are wrong, and tells them all", async () => {
  const told: string[] = [];
  const { error } = console;
  console.error = (text) => told.push(text);
  try {
    const parsed = await parseConfig({ TOTAL_SHARDS: "many", LISTEN_PORT: "-1" });
    const code = await launch(parsed, () => {}, () => Promise.reject(new Error("served")));
    assert.equal(code, EXIT.REFUSED);
  } finally {
    console.error = error;
  }
  assert.match(told.join("\n"), /^Cannot start, the settings are wrong:\n {2}/);
  for (const name of ["TOTAL_SHARDS", "LISTEN_PORT", "DISCORD_TOKEN"]) {
    assert.ok(told.some((line) => line.startsWith(`  ${name}: expected`)), name);
  }
  assert.match(told.at(-1)!, /^Without a token it plays .*: gatehouse demo$/);
});
