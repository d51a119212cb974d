import assert from "node:assert/strict";
import { ownExecutable } from "../../clusters/executable.ts";

Deno.test("ownExecutable() is where it was at first, also once an update has taken its place", () => {
  const { execPath } = Deno;
  const first = ownExecutable();
  assert.equal(first, execPath());
  const deleted = () => `${first} (deleted)`;
  Object.defineProperty(Deno, "execPath", { value: deleted, configurable: true, writable: true });
  assert.equal(ownExecutable(), first);
  Object.defineProperty(Deno, "execPath", { value: execPath, configurable: true, writable: true });
});
