import assert from "node:assert/strict";
import { readStamp, stamped } from "../../../bench/pipeline/stamp.ts";
import { preparedTail } from "../../../sim/world/body.ts";

const STAMP = { run: 7, sentMs: 1_795_988_481_551.5325 };

Deno.test("stamped() puts the stamp in front of what the body has", () => {
  const body = { key: "9", head: `{"guild_id":"1",`, tail: preparedTail(`"members":[]}`) };
  const { head, tail, key } = stamped(body, STAMP);
  assert.deepEqual(JSON.parse(head + tail.text), { ...STAMP, guild_id: "1", members: [] });
  assert.equal(key, "9");
});

Deno.test("readStamp() finds the stamp of a payload, and none in another", () => {
  const bytes = (d: unknown) =>
    new TextEncoder().encode(JSON.stringify({ t: "GUILD_MEMBER_UPDATE", s: 123_456, op: 0, d }));
  assert.deepEqual(readStamp(bytes({ ...STAMP, guild_id: "1" })), STAMP);
  assert.equal(readStamp(bytes({ guild_id: "1", ...STAMP })), undefined);
});
