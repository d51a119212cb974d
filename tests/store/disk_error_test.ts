import assert from "node:assert/strict";
import { diskError } from "../../store/disk_error.ts";
import { diskFailure } from "../support/fake_disk.ts";

Deno.test("diskError() tells a full disk and a used-up quota from everything else", () => {
  const codeOf = (cause: unknown) => diskError("do it", cause).code;
  assert.equal(codeOf(diskFailure("ENOSPC", "no space")), "disk_full");
  assert.equal(codeOf(diskFailure("EDQUOT", "quota")), "disk_full");
  for (const cause of [diskFailure("EIO", "broken"), new Error("x"), "text", null, undefined]) {
    assert.equal(codeOf(cause), "bad_state");
  }
});

Deno.test("diskError() says what was tried, and keeps the cause and the facts", () => {
  const cause = diskFailure("EIO", "broken");
  const error = diskError("write the events of shard 3", cause, { shardId: 3 });
  assert.equal(error.message, "Cannot write the events of shard 3: broken");
  assert.equal(error.blame, "host");
  assert.deepEqual(error.data, { shardId: 3 });
  assert.equal(error.cause, cause);
});
