import assert from "node:assert/strict";
import { createGatehouse, type GatehouseOptions } from "../../app/gatehouse.ts";

function refusal(options: Partial<GatehouseOptions>): string {
  try {
    createGatehouse({ token: "a.b.c", ...options });
  } catch (error) {
    return String(error);
  }
  return "";
}

Deno.test("createGatehouse() names what is wrong as it was written, all at once", () => {
  const told = refusal({ token: "", lastShardId: 4, firstShardId: 5, listenHost: "0.0.0.0" });
  assert.match(told, /token: expected a bot token, received nothing/);
  assert.match(told, /lastShardId: expected firstShardId \(5\) or more, received 4/);
  assert.match(told, /restAuthorization: expected a secret, because listenHost \(0\.0\.0\.0\)/);
  assert.doesNotMatch(told, /[A-Z]{2}/);
});

Deno.test("createGatehouse() calls the bot's module as its option is called", () => {
  const told = refusal({ bot: "./bot.ts", eventHandlerUrls: ["ws://a"] });
  assert.match(told, /bot: expected nothing while eventHandlerUrls is set/);
});

Deno.test("createGatehouse() takes a token with Bot before it, and does nothing yet", () => {
  assert.equal(refusal({ token: "Bot a.b.c" }), "");
});
