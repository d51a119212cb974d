import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { workerFolders } from "../../config/worker_folders.ts";
import { SOURCE_FOLDERS } from "../../tools/tree.ts";

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
