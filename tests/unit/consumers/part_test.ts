import assert from "node:assert/strict";
import { RECORD } from "../../../protocol/event_frame.ts";
import { partOf } from "../../../unit/consumers/part.ts";

const encoder = new TextEncoder();
const SHARD = 1;
const guild = (n: bigint) => String(n << 22n);

/** What comes, and which of four parts of our shard 1 of 2 it is for; `null`: all. */
const ROWS: readonly (readonly [t: string, d: unknown, part: number | null])[] = [
  ["MESSAGE_CREATE", { id: guild(2n), guild_id: guild(3n) }, 3],
  ["MESSAGE_CREATE", { id: guild(2n), channel_id: "7" }, SHARD],
  ["GUILD_CREATE", { id: guild(5n), channels: [{ id: guild(3n) }] }, 1],
  ["GUILD_LOADED_DD", { id: guild(3n) }, 3],
  ["GUILD_UPDATE", { id: guild(7n) }, 3],
  ["GUILD_DELETE", { id: guild(3n), unavailable: true }, 3],
  ["GUILD_ROLE_CREATE", { guild_id: guild(3n), role: { id: guild(1n) } }, 3],
  ["USER_UPDATE", { id: guild(3n) }, SHARD],
  ["ENTITLEMENT_CREATE", { id: guild(3n), guild_id: guild(1n) }, 1],
  ["MESSAGE_CREATE", { guild_id: "no number" }, SHARD],
  ["READY", { guilds: [] }, null],
];

for (const [t, d, part] of ROWS) {
  Deno.test(`partOf() gives ${t} ${JSON.stringify(d)} to ${part ?? "all"}`, () => {
    const body = encoder.encode(JSON.stringify({ t, s: 1, op: 0, d }));
    assert.equal(partOf({ shardId: SHARD, kind: RECORD.DISPATCH, cursor: 1, body }, 4), part);
  });
}

Deno.test("partOf() gives a GAP, and what cannot be read, to all", () => {
  const body = encoder.encode("{}");
  assert.equal(partOf({ shardId: SHARD, kind: RECORD.GAP, cursor: 1, body }, 4), null);
  const torn = encoder.encode('{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"guild_id":"1');
  assert.equal(partOf({ shardId: SHARD, kind: RECORD.DISPATCH, cursor: 1, body: torn }, 4), null);
});
