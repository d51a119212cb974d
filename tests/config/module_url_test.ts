import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { isModule, moduleFolder, moduleUrl, workerModules } from "../../config/module_url.ts";

Deno.test("moduleUrl() makes an address of a path, and leaves an address as it is", () => {
  assert.equal(moduleUrl("./my bot.ts"), pathToFileURL("my bot.ts").href);
  assert.equal(moduleUrl("/srv/bot.ts"), "file:///srv/bot.ts");
  for (const address of ["https://x/bot.ts", "file:///a%20b.ts", "data:text/javascript,"]) {
    assert.equal(moduleUrl(address), address);
  }
});

Deno.test("moduleFolder() names a folder of this machine, as it was written", () => {
  assert.deepEqual(moduleFolder("./bot.ts"), ["."]);
  assert.deepEqual(moduleFolder("/srv/my bot/main.ts"), ["/srv/my bot"]);
  assert.deepEqual(moduleFolder("file:///srv/my%20bot/main.ts"), ["/srv/my bot"]);
  assert.deepEqual(moduleFolder("https://example.com/bot.ts"), []);
});

Deno.test("workerModules() names what is a module, and no word", () => {
  assert.deepEqual(["all", "filter", "./all", "all.ts"].map(isModule), [false, false, true, true]);
  assert.deepEqual(workerModules({ editedMessages: "all", workerModule: null }), []);
  assert.deepEqual(workerModules({ editedMessages: "./f.ts", workerModule: "./w.ts" }), [
    "./f.ts",
    "./w.ts",
  ]);
});
