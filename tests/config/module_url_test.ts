import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  botModules,
  isModule,
  moduleFolder,
  moduleUrl,
  workerFolders,
  workerModules,
} from "../../config/module_url.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { SOURCE_FOLDERS } from "../../tools/tree.ts";

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

Deno.test("botModules() names the bot and the services", () => {
  assert.deepEqual(botModules({ botModule: null, services: [] }), []);
  const services = [{ name: "a", module: "./a.ts" }];
  assert.deepEqual(botModules({ botModule: "./bot.ts", services }), ["./bot.ts", "./a.ts"]);
});

Deno.test("workerModules() names what is a module, and no word", () => {
  assert.deepEqual(["all", "filter", "./all", "all.ts"].map(isModule), [false, false, true, true]);
  assert.deepEqual(workerModules({ editedMessages: "all", workerModule: null }), []);
  assert.deepEqual(workerModules({ editedMessages: "./f.ts", workerModule: "./w.ts" }), [
    "./f.ts",
    "./w.ts",
  ]);
});

const folders = (config: Partial<Config>) => workerFolders({ ...CONFIG_DEFAULTS, ...config });

Deno.test("workerFolders() names nothing where no module is loaded, or one from elsewhere", () => {
  assert.deepEqual(folders({}), []);
  assert.deepEqual(folders({ editedMessages: "filter" }), []);
  assert.deepEqual(folders({ editedMessages: "https://example.com/f.ts" }), []);
});

Deno.test("workerFolders() names the folder of each module", () => {
  assert.deepEqual(folders({ editedMessages: "/y/f.ts" }), ["/y"]);
  const [filter, worker] = folders({
    editedMessages: "./f.ts",
    workerModule: "file:///a%20b/w.ts",
  });
  assert.deepEqual([filter, worker], [resolve("."), "/a b"]);
});

Deno.test("workerFolders() names our code for defineWorker, and not the folder that it is in", () => {
  const named = folders({ workerModule: "https://example.com/w.ts" });
  const ours = SOURCE_FOLDERS.filter((folder) => existsSync(folder));
  for (const code of ["mod.ts", "deps.ts", ...ours]) {
    assert.ok(named.includes(resolve(code)), code);
  }
  for (const secret of [".", ".env", ".gatehouse"]) assert.ok(!named.includes(resolve(secret)));
});
