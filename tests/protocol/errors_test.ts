import assert from "node:assert/strict";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";

Deno.test("GatehouseError carries code, blame, facts and cause", () => {
  const cause = new Error("below");
  const error = new GatehouseError("no_shard", "caller", "Cannot send", { shardId: 9 }, { cause });
  assert(error instanceof Error);
  assert.equal(error.name, "GatehouseError");
  assert.equal(error.code, "no_shard");
  assert.equal(error.blame, "caller");
  assert.deepEqual(error.data, { shardId: 9 });
  assert.equal(error.cause, cause);
});

Deno.test("GatehouseError has no facts unless it is given some", () => {
  assert.deepEqual(new GatehouseError("deadline", "host", "Cannot wait").data, {});
});

Deno.test("messageOf() reads an error and anything else that was thrown", () => {
  assert.equal(messageOf(new TypeError("bad")), "bad");
  assert.equal(messageOf("text"), "text");
  assert.equal(messageOf(undefined), "undefined");
});
