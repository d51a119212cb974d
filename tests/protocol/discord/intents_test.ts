import assert from "node:assert/strict";
import {
  ALL_INTENTS,
  APPLICATION_FLAGS,
  grantedIntents,
  intentBits,
  intentNames,
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

Deno.test("grantedIntents() reads the flags of an application, of a small one, too", () => {
  const { GUILD_MEMBERS, MESSAGE_CONTENT } = APPLICATION_FLAGS;
  const flags = GUILD_MEMBERS.full | MESSAGE_CONTENT.limited | 1 << 23;
  assert.deepEqual(intentNames(grantedIntents(flags)), ["GUILD_MEMBERS", "MESSAGE_CONTENT"]);
  assert.deepEqual(intentNames(grantedIntents(flags, { full: true })), ["GUILD_MEMBERS"]);
  const all = Object.values(APPLICATION_FLAGS).reduce((sum, { full }) => sum | full, 0);
  assert.equal(grantedIntents(all), PRIVILEGED_INTENTS);
  assert.equal(all, 1 << 12 | 1 << 14 | 1 << 18);
});

Deno.test("intentNames() is the way back from intentBits()", () => {
  assert.deepEqual(intentNames(ALL_INTENTS), Object.keys(INTENTS));
  assert.deepEqual(intentNames(intentBits(["MESSAGE_CONTENT", "GUILDS"]) | 1 << 30), [
    "GUILDS",
    "MESSAGE_CONTENT",
  ]);
});
