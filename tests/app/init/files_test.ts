import assert from "node:assert/strict";
import { filesOf } from "../../../app/init/files.ts";
import { mergeEnv, parseConfig } from "../../../config/parse.ts";

const files = new Map(
  filesOf({ module: "../g/mod.ts", command: "launch" }).map(({ name, text }) => [name, text]),
);

Deno.test("the folder's deno.json says where Gatehouse is, and has a task for all that one does", () => {
  const { imports, tasks } = JSON.parse(files.get("deno.json")!);
  assert.deepEqual(imports, { gatehouse: "../g/mod.ts" });
  const commands = Object.entries<{ command: string }>(tasks)
    .map(([name, { command }]) => [name, command]);
  assert.deepEqual(Object.fromEntries(commands), {
    dev: "launch dev ./bot.ts",
    start: "launch start ./bot.ts",
    doctor: "launch doctor ./bot.ts",
    status: "launch status",
    gatehouse: "launch",
  });
});

Deno.test("the folder's .env.example lacks the token, and nothing else", async () => {
  const text = files.get(".env.example")!;
  const lacking = await parseConfig(mergeEnv({}, text));
  assert.ok(!lacking.ok);
  assert.deepEqual(lacking.problems.map(({ setting }) => setting), ["DISCORD_TOKEN"]);
  assert.ok((await parseConfig(mergeEnv({ DISCORD_TOKEN: "a.b.c" }, text))).ok);
});

Deno.test("who copies .env.example gets a file that only they can read", () => {
  const place = { module: "../g/mod.ts", command: "launch" };
  const kept = filesOf(place).filter(({ isPrivate }) => isPrivate).map(({ name }) => name);
  assert.deepEqual(kept, [".env.example"]);
});

Deno.test("what is secret, and what is made, stays out of Git", () => {
  assert.match(files.get(".gitignore")!, /^\.env$/m);
  assert.match(files.get(".gitignore")!, /^\.gatehouse\/$/m);
});
