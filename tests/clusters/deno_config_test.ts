import assert from "node:assert/strict";
import { configOf, folderOf, isThere, passedOn } from "../../clusters/deno_config.ts";

const BOT = "file:///srv/bot/src/bot.ts";
const among = (...files: string[]) => (path: string) => files.includes(path);

Deno.test("configOf() takes the deno.json nearest above a module, else ours", () => {
  assert.equal(
    configOf(BOT, among("/srv/deno.json", "/srv/bot/deno.jsonc")),
    "/srv/bot/deno.jsonc",
  );
  assert.equal(configOf(BOT, among("/srv/deno.json")), "/srv/deno.json");
  const ours = new URL("../../deno.json", import.meta.url).pathname;
  assert.equal(configOf(BOT, among()), ours);
  assert.equal(configOf("https://host/bot.ts", among("/deno.json")), ours);
});

Deno.test("folderOf() is where the deno.json is, else where the module is", () => {
  assert.equal(folderOf(BOT, among("/srv/bot/deno.json")), "/srv/bot");
  assert.equal(folderOf(BOT, among()), "/srv/bot/src");
  assert.equal(folderOf("https://host/bot.ts", among("/deno.json")), null);
});

Deno.test("isThere() says no of what it may not look at", () => {
  assert.equal(isThere(new URL(import.meta.url).pathname), true);
  assert.equal(isThere("/proc/self/environ"), false);
});

Deno.test("passedOn() gives what Deno needs and what is asked for, and no token", () => {
  const env = { HOME: "/h", DENO_DIR: "/d", DISCORD_TOKEN: "t", A: "1", B: "2" };
  assert.deepEqual(passedOn(env, ["A", "C"]), { HOME: "/h", DENO_DIR: "/d", A: "1" });
});
