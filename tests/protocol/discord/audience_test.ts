import assert from "node:assert/strict";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { wants } from "../../../protocol/discord/audience.ts";

Deno.test("a message needs the intent of the place it was sent in", () => {
  const { GUILD_MESSAGES, DIRECT_MESSAGES, GUILDS } = INTENTS;
  assert.equal(wants(GUILD_MESSAGES, "MESSAGE_CREATE", false), true);
  assert.equal(wants(GUILD_MESSAGES, "MESSAGE_CREATE", true), false);
  assert.equal(wants(DIRECT_MESSAGES, "MESSAGE_CREATE", true), true);
  assert.equal(wants(DIRECT_MESSAGES, "MESSAGE_CREATE", false), false);
  assert.equal(wants(GUILDS, "CHANNEL_PINS_UPDATE", false), true);
  assert.equal(wants(GUILDS, "CHANNEL_PINS_UPDATE", true), false);
});

Deno.test("either of two intents is enough where Discord says so", () => {
  assert.equal(wants(INTENTS.GUILDS, "THREAD_MEMBERS_UPDATE", false), true);
  assert.equal(wants(INTENTS.GUILD_MEMBERS, "THREAD_MEMBERS_UPDATE", false), true);
  assert.equal(wants(ALL_INTENTS & ~3, "THREAD_MEMBERS_UPDATE", false), false);
});

Deno.test("an event that needs no intent, or that nobody knows, goes to everybody", () => {
  for (const t of ["INTERACTION_CREATE", "USER_UPDATE", "RATE_LIMITED", "toString", "NEW"]) {
    assert.equal(wants(0, t, false), true, t);
  }
});
