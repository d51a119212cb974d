import assert from "node:assert/strict";
import { cloneOf, codeOf, OF_CLONES } from "../../../../app/cli/clone/run.ts";
import { CliFailure, EXIT } from "../../../../app/cli/exit.ts";

const ROOT = new URL("../../../../", import.meta.url);

Deno.test("each task of a clone has its program, and deno.json has the task", async () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  for (const task of Object.keys(OF_CLONES) as (keyof typeof OF_CLONES)[]) {
    assert.equal(`${await cloneOf(ROOT, task)}/`, ROOT.pathname);
    assert.ok(tasks[task].command.includes(OF_CLONES[task]), task);
  }
});

for (
  const [where, root] of [["an address", "https://jsr.io/@gatehouse/gatehouse/0.1.0/"], [
    "a folder without it",
    new URL("docs/", ROOT).href,
  ]]
) {
  Deno.test(`where the code comes from ${where} it is said what is missing, and what to do`, async () => {
    const failure = await cloneOf(new URL(root!), "bench").then(() => null, (error) => error);
    assert.ok(failure instanceof CliFailure);
    assert.equal(failure.code, EXIT.REFUSED);
    assert.match(
      failure.message,
      /^Cannot bench: bench\/main\.ts is not in an installed Gatehouse/,
    );
    assert.match(failure.message, /clone the repository, and run `deno task bench` there/);
  });
}

Deno.test("codeOf() knows what all programs mean by a code", () => {
  assert.deepEqual([0, 1, 2, 7, 130, 137].map(codeOf), [0, 1, 2, 1, 130, 1]);
});
