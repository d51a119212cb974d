import assert from "node:assert/strict";
import {
  CLOSE_CODES,
  closeCode,
  END_SESSION,
  KEEP_SESSION,
} from "../../../protocol/discord/close_codes.ts";

/** Discord Docs/Gateway Close Event Codes, with what each means for the session. */
const documented = {
  resume: [4000, 4001, 4002, 4005, 4008, 4009],
  identify: [4003, 4006, 4007],
  fatal: [4004, 4010, 4011, 4012, 4013, 4014],
};

for (const [verdict, codes] of Object.entries(documented)) {
  for (const code of codes) {
    Deno.test(`close code ${code}: ${verdict}`, () => {
      assert.equal(closeCode(code).verdict, verdict);
      assert(code in CLOSE_CODES, "it is in the table");
    });
  }
}

Deno.test("closeCode() keeps the session when the connection ended without a word of Discord's", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011]) {
    assert.equal(closeCode(code).verdict, "resume");
  }
});

Deno.test("closeCode() keeps the session on a code that nobody has documented, and names it", () => {
  assert.deepEqual(closeCode(4999), { meaning: "unknown close code 4999", verdict: "resume" });
  assert.equal(closeCode(NaN).verdict, "resume");
});

Deno.test("every fatal code that a setting causes names the setting", () => {
  const named = { 4004: "DISCORD_TOKEN", 4010: "TOTAL_SHARDS", 4011: "TOTAL_SHARDS" };
  for (const [code, setting] of Object.entries(named)) {
    assert(closeCode(Number(code)).meaning.includes(setting));
  }
  for (const code of [4013, 4014]) assert(closeCode(code).meaning.includes("INTENTS"));
});

Deno.test("we keep a session with a code of 4000 to 4999, and end it with 1000", () => {
  assert(KEEP_SESSION >= 4000 && KEEP_SESSION <= 4999);
  assert.equal(KEEP_SESSION in CLOSE_CODES, false, "it is none of Discord's own");
  assert.equal(END_SESSION, 1000);
});
