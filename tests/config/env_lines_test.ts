import assert from "node:assert/strict";
import { describeProblem } from "../../config/config.ts";
import { unreadLines } from "../../config/env_lines.ts";

const TOKEN = "s3cret.token";

/** What is told of a line, which is the second. */
const LINES: Readonly<Record<string, string | null>> = {
  [`DISCORD_TOKEN: ${TOKEN}`]: "which has no =",
  [`DISCORD_TOKEN ${TOKEN}`]: "which has no =",
  "DISCORD_TOKEN": "which has no =",
  [`export DISCORD_TOKEN ${TOKEN}`]: "which has no =",
  [`set DISCORD_TOKEN=${TOKEN}`]: "which has something before the name",
  [`- DISCORD_TOKEN=${TOKEN}`]: "which has something before the name",
  [`"DISCORD_TOKEN": "${TOKEN}"`]: "which has no =",
  [`DISCORD_TOKEN="${TOKEN}`]: "whose quote is not closed",
  [`DISCORD_TOKEN='${TOKEN}"`]: "whose quote is not closed",
  [`DISCORD_TOKEN=${TOKEN}`]: null,
  [`  export DISCORD_TOKEN = "${TOKEN}" # mine`]: null,
  "DISCORD_TOKEN=": null,
  [`# DISCORD_TOKEN: ${TOKEN}`]: null,
  "DATABASE_URL: somebody else's": null,
};

for (const [line, why] of Object.entries(LINES)) {
  const what = line.replace(TOKEN, "…");
  Deno.test(`unreadLines() ${why ? "tells of" : "says nothing about"} ${what}`, () => {
    const told = unreadLines(`# settings\r\n${line}\r\nINTENTS=GUILDS\r\n`);
    const wanted =
      `DISCORD_TOKEN: expected a line of .env as DISCORD_TOKEN=value, received line 2, ${why}`;
    assert.deepEqual(told.map(describeProblem), why ? [wanted] : []);
  });
}

Deno.test("unreadLines() reads a file that begins with a BOM, and one that is empty", () => {
  assert.deepEqual(unreadLines("\uFEFFDISCORD_TOKEN=x"), []);
  assert.equal(unreadLines("\uFEFFDISCORD_TOKEN: x").length, 1);
  assert.deepEqual(unreadLines(""), []);
});
