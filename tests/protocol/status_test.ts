import assert from "node:assert/strict";
import { CELLS } from "../../gateway/session/table.ts";
import { SHARD_STATES } from "../../protocol/status.ts";

Deno.test("SHARD_STATES names each state of the session table once, in the order of a shard's life", () => {
  assert.deepEqual(Object.keys(CELLS), [...SHARD_STATES]);
});
