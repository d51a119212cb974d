import assert from "node:assert/strict";
import { surviveMistakes } from "../../ports/mistakes.ts";
import { logTo } from "../../ports/log.ts";

Deno.test("surviveMistakes() makes a line of what nobody caught, with its place", async () => {
  const lines: [string, string, unknown, boolean][] = [];
  const log = logTo((level, event, { error, stack }) =>
    lines.push([level, event, error, String(stack).includes("mistakes_test.ts")])
  );
  const cancel = surviveMistakes(log);
  try {
    void Promise.reject(new Error("nobody waits for me"));
    setTimeout(() => {
      throw new Error("nobody catches me");
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    cancel();
  }
  assert.deepEqual(lines, [
    ["error", "rejection without a handler", "nobody waits for me", true],
    ["error", "uncaught error", "nobody catches me", true],
  ]);
});
