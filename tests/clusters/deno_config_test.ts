import assert from "node:assert/strict";
import { configFlags, folderOf, isThere, passedOn } from "../../clusters/deno_config.ts";

const BOT = "file:///srv/bot/src/bot.ts";
const among = (...files: string[]) => (path: string) => files.includes(path);

Deno.test("configFlags() takes the deno.json nearest above a module", () => {
  assert.deepEqual(
    configFlags(BOT, among("/srv/deno.json", "/srv/bot/deno.jsonc")),
    ["--config=/srv/bot/deno.jsonc"],
  );
  assert.deepEqual(configFlags(BOT, among("/srv/deno.json")), ["--config=/srv/deno.json"]);
});

Deno.test("configFlags() maps gatehouse where there is no deno.json, and lets no lock of ours grow", () => {
  for (const module of [BOT, "https://host/bot.ts"]) {
    const [config, lock, map = ""] = configFlags(module, among());
    assert.deepEqual([config, lock], ["--no-config", "--no-lock"]);
    const text = decodeURIComponent(map.replace("--import-map=data:application/json,", ""));
    const { gatehouse } = JSON.parse(text).imports;
    assert.equal(gatehouse, new URL("../../mod.ts", import.meta.url).href);
  }
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
