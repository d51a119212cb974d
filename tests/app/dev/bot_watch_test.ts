import assert from "node:assert/strict";
import { BotWatch } from "../../../app/dev/bot_watch.ts";
import { logTo } from "../../../ports/log.ts";

/** Bots `a` and `b`, which share a file, on a disk of ours. */
function stage() {
  const disk = new Map([["a.ts", "1"], ["b.ts", "1"], ["shared.ts", "1"]]);
  const files: Record<string, string[]> = {
    a: ["a.ts", "shared.ts"],
    b: ["b.ts", "shared.ts"],
  };
  const problems: Record<string, string> = {};
  const told: string[] = [];
  let surveys = 0;
  const watch = new BotWatch({
    modules: ["a", "b"],
    survey(module) {
      surveys++;
      return Promise.resolve({ files: files[module]!, problem: problems[module] });
    },
    stampOf: (path) => disk.get(path) ?? "",
    log: logTo((level, event) => told.push(`${level} ${event}`)),
  });
  return { disk, files, problems, told, watch, surveys: () => surveys };
}

Deno.test("the first look gives all bots, and one where nothing has changed asks nobody", async () => {
  const { watch, surveys } = stage();
  assert.deepEqual(await watch.look(), ["a", "b"]);
  assert.deepEqual(watch.files, ["a.ts", "shared.ts", "b.ts"]);
  assert.deepEqual(await watch.look(), []);
  assert.equal(surveys(), 2);
});

Deno.test("those whose files have changed are given, and no others", async () => {
  const { disk, files, told, watch } = stage();
  await watch.look();
  disk.set("a.ts", "2");
  assert.deepEqual(await watch.look(), ["a"]);
  disk.set("shared.ts", "2");
  assert.deepEqual(await watch.look(), ["a", "b"]);
  disk.set("b.ts", "2");
  files.b!.push("new.ts");
  assert.deepEqual(await watch.look(), ["b"]);
  assert.ok(watch.files.includes("new.ts"), "it is watched from now on");
  disk.set("new.ts", "1");
  assert.deepEqual(await watch.look(), ["b"]);
  assert.equal(told.filter((line) => line === "info the bot has changed").length, 5);
});

Deno.test("what cannot be loaded replaces nothing, is told once, and comes when it is right", async () => {
  const { disk, problems, told, watch } = stage();
  await watch.look();
  disk.set("a.ts", "2");
  problems.a = "Expected '{' at a.ts:1:1";
  assert.deepEqual(await watch.look(), []);
  assert.ok(!watch.isSound);
  assert.deepEqual(await watch.look(), []);
  assert.deepEqual(told, ["error the bot cannot be loaded: what runs goes on"]);
  disk.set("a.ts", "3");
  delete problems.a;
  assert.deepEqual(await watch.look(), ["a"]);
  assert.ok(watch.isSound);
});

Deno.test("a mistake that is taken back restarts nothing", async () => {
  const { disk, problems, told, watch } = stage();
  await watch.look();
  disk.set("a.ts", "2");
  problems.a = "a mistake";
  await watch.look();
  disk.set("a.ts", "1");
  delete problems.a;
  assert.deepEqual(await watch.look(), []);
  assert.equal(told.at(-1), "info the bot is as it was");
});

Deno.test("a bot that cannot be read at all is watched by the files of before", async () => {
  const { disk, files, problems, told, watch } = stage();
  problems.a = "no such module";
  files.a = ["a.ts"];
  assert.deepEqual(await watch.look(), ["b"]);
  assert.deepEqual(told, ["error the bot cannot be loaded: it is waited for"]);
  files.a = [];
  disk.set("a.ts", "2");
  await watch.look();
  assert.ok(watch.files.includes("a.ts"));
});
