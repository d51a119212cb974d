import assert from "node:assert/strict";
import { isModule, moduleUrl } from "../../config/module_url.ts";

Deno.test("moduleUrl() leaves an address as it is", () => {
  for (const url of ["file:///srv/bot.ts", "https://host/bot.ts", "npm:bot@1.0.0", "data:,x"]) {
    assert.equal(moduleUrl(url), url);
  }
});

Deno.test("moduleUrl() makes an address of a path, which starts in the working directory", () => {
  assert.equal(moduleUrl("/srv/my bot/bot.ts"), "file:///srv/my%20bot/bot.ts");
  assert.equal(moduleUrl("./bot.ts"), `file://${Deno.cwd()}/bot.ts`);
  assert.equal(moduleUrl("bot.ts"), `file://${Deno.cwd()}/bot.ts`);
});

Deno.test("isModule() knows the words of EDITED_MESSAGES from modules", () => {
  assert.deepEqual(["all", "filter", "./edits.ts", "filter.ts"].map(isModule), [
    ...[false, false],
    ...[true, true],
  ]);
});
