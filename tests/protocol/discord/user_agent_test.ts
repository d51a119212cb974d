import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { USER_AGENT, VERSION } from "../../../protocol/discord/user_agent.ts";

Deno.test("USER_AGENT has the form that Discord asks for, and our version", () => {
  assert.match(USER_AGENT, /^DiscordBot \(https:\/\/\S+, \d+\.\d+\.\d+\)$/);
  assert.equal(VERSION, config.version);
  assert.ok(USER_AGENT.endsWith(`${config.version})`));
});
