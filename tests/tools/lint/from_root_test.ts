import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { fromRoot } from "../../../tools/lint/from_root.ts";

Deno.test("fromRoot() cuts off where the repository lies, and nothing else", () => {
  const here = fileURLToPath(import.meta.url);
  assert.equal(fromRoot(here), "tests/tools/lint/from_root_test.ts");
  assert.equal(fromRoot("/elsewhere/ports/a.ts"), "/elsewhere/ports/a.ts");
  assert.equal(fromRoot("gateway\\deep\\a.ts"), "gateway/deep/a.ts");
});
