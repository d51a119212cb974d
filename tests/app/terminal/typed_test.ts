import assert from "node:assert/strict";
import { typedBefore } from "../../../app/terminal/typed.ts";

const OURS = { "deno.json": JSON.stringify({ tasks: { start: "", status: "", doctor: "" } }) };

const typed = (env: Record<string, string>, files: Record<string, string> = {}) =>
  typedBefore({
    env: (name) => env[name],
    read(name) {
      if (files[name] === undefined) throw new Deno.errors.NotFound(name);
      return files[name];
    },
  });

Deno.test("who started it by a task types a task, where there is one", () => {
  assert.equal(typed({ INIT_CWD: "/bot" }, OURS), "deno task");
  assert.equal(typed({ INIT_CWD: "/bot" }, { "deno.jsonc": OURS["deno.json"] }), "deno task");
  const npx = typed({ INIT_CWD: "/bot", npm_command: "exec" }, OURS);
  assert.match(npx, /^npx --yes deno@\S+ task$/);
});

Deno.test("who did not, or has no such task, types gatehouse", () => {
  assert.equal(typed({}, OURS), "gatehouse", "by cli.ts");
  assert.equal(typed({ INIT_CWD: "/bot" }), "gatehouse", "no deno.json");
  const tasks = ["{}", '{"tasks":{"start":""}}', '{"tasks":{"status":""}}', "null", "// …"];
  for (const text of tasks) {
    assert.equal(typed({ INIT_CWD: "/bot" }, { "deno.json": text }), "gatehouse");
  }
});
