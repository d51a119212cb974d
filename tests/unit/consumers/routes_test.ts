import assert from "node:assert/strict";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { routesOf } from "../../../unit/consumers/routes.ts";

/** A guild of shard `id` of 4, whose id no number holds. */
const guild = (id: number) => (BigInt(id + 4 * 1_000_000_000_000) << 22n) + 1n;
const SHARDS = [{ total: 4, id: 1 }, { total: 4, id: 3 }];

function routes(op: number, d: unknown) {
  return routesOf({ op, d, reader: "logger" }, SHARDS).map(([{ id }, payload]) => {
    assert.equal(payload.reader, "logger", "who asks is known on every way");
    return [id, payload.d];
  });
}

Deno.test("a guild's command goes to its shard, whichever way its id is written", () => {
  for (const id of [guild(3), String(guild(3)), [String(guild(3))], [guild(3)]]) {
    assert.ok(!Number.isSafeInteger(Number(guild(3))));
    for (
      const op of [OP.VOICE_STATE_UPDATE, OP.REQUEST_GUILD_MEMBERS, OP.REQUEST_CHANNEL_INFO, 77]
    ) {
      assert.deepEqual(routes(op, { guild_id: id }), [[3, { guild_id: id }]]);
    }
  }
});

Deno.test("what names no guild, or none of the session's, goes to its first shard", () => {
  for (const d of [null, {}, { guild_id: "x" }, { guild_id: String(guild(2)) }]) {
    assert.deepEqual(routes(77, d), [[1, d]]);
  }
});

Deno.test("a presence goes to every shard", () => {
  const d = { status: "idle" };
  assert.deepEqual(routes(OP.PRESENCE_UPDATE, d), [[1, d], [3, d]]);
});

Deno.test("sounds of several guilds are asked for on the shard of each", () => {
  const ids = [guild(1), String(guild(3)), guild(1) + 1n, "other"];
  assert.deepEqual(routes(OP.REQUEST_SOUNDBOARD_SOUNDS, { guild_ids: ids, future: 1 }), [
    [1, { guild_ids: [ids[0], ids[2], "other"], future: 1 }],
    [3, { guild_ids: [ids[1]], future: 1 }],
  ]);
});

Deno.test("where a session is one shard everything goes there as it came", () => {
  const payload = { op: OP.REQUEST_SOUNDBOARD_SOUNDS, d: { guild_ids: [String(guild(3))] } };
  assert.equal(routesOf(payload, [{ total: 4, id: 2 }])[0]![1], payload);
});
