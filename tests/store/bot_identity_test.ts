import assert from "node:assert/strict";
import { botIdentity } from "../../store/bot_identity.ts";

Deno.test("botIdentity() is the bot's id, whichever token it has", () => {
  assert.equal(botIdentity("MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.x"), "123456789012345678");
  assert.equal(botIdentity("MTIzNDU2Nzg5MDEyMzQ1Njc4.Hfghij.y"), "123456789012345678");
});

Deno.test("botIdentity() of a token of another shape tells tokens apart and tells none", () => {
  assert.match(botIdentity("sim-token"), /^sha256-[0-9a-f]{12}$/);
  assert.equal(botIdentity("sim-token"), botIdentity("sim-token"));
  assert.notEqual(botIdentity("sim-token"), botIdentity("sim-token2"));
});
