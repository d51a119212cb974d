import assert from "node:assert/strict";
import { DISCORD_EPOCH_MS, snowflakeMs } from "../../../protocol/discord/snowflake.ts";

Deno.test("snowflakeMs() tells when the example of Discord's documentation was made", () => {
  assert.equal(
    new Date(snowflakeMs("175928847299117063")).toISOString(),
    "2016-04-30T11:18:25.796Z",
  );
});

Deno.test("snowflakeMs() keeps every bit of an id that a number could not hold", () => {
  const id = (123_456_789_012n << 22n) | 0x3f_ffffn;
  assert.equal(snowflakeMs(String(id)), DISCORD_EPOCH_MS + 123_456_789_012);
  assert.equal(snowflakeMs("0"), DISCORD_EPOCH_MS);
});

Deno.test("snowflakeMs() refuses what is no id", () => {
  assert.throws(() => snowflakeMs("abc"), SyntaxError);
});
