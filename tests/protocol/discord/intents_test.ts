import assert from "node:assert/strict";
import {
  ALL_INTENTS,
  intentBits,
  INTENTS,
  isIntentName,
  PRIVILEGED_INTENTS,
} from "../../../protocol/discord/intents.ts";

Deno.test("every intent is a bit of its own, and all are known", () => {
  const bits = Object.values(INTENTS);
  assert.equal(new Set(bits).size, bits.length);
  for (const bit of bits) assert.equal(bit & (bit - 1), 0, `${bit} is one bit`);
  assert.equal(bits.reduce((sum, bit) => sum + bit, 0), ALL_INTENTS);
});

Deno.test("the gaps in Discord's list are not intents", () => {
  for (const gap of [17, 18, 19, 22, 23, 26]) assert.equal(ALL_INTENTS & (1 << gap), 0);
});

Deno.test("the privileged intents are members, presences and message content", () => {
  assert.equal(PRIVILEGED_INTENTS, 2 | 256 | 32768);
});

Deno.test("intentBits() joins intents, however often each is named", () => {
  assert.equal(intentBits([]), 0);
  assert.equal(intentBits(["GUILDS", "GUILD_MESSAGES", "GUILDS"]), 513);
});

Deno.test("isIntentName() does not take what every object has for an intent", () => {
  assert.equal(isIntentName("GUILDS"), true);
  for (const name of ["guilds", "GUILD", "toString", ""]) assert.equal(isIntentName(name), false);
});
