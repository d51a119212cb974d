import assert from "node:assert/strict";
import { botOf } from "../../bot/bot.ts";
import { defineBot } from "../../bot/define_bot.ts";

Deno.test("botOf() gives the default export and says what is wrong with another", () => {
  const bot = defineBot({ events: {} });
  assert.equal(botOf({ default: bot }, "bot.ts"), bot);
  assert.throws(() => botOf({}, "bot.ts"), {
    code: "bad_config",
    message: /^Cannot run bot\.ts: it has no default export, expected: export default defineBot/,
  });
  assert.throws(() => botOf({ default: { events: {} } }, "bot.ts"), /exports something else/);
});
