import assert from "node:assert/strict";
import { seededRandom } from "../../../ports/random.ts";
import { calculateShardId } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createWorld } from "../../../sim/world/world.ts";

const world = (options = {}) =>
  createWorld({ clock: createVirtualClock(), random: seededRandom(1), options });

Deno.test("guilds are spread evenly over any number of shards, guild i on shard i % n up to 16", () => {
  const guilds = [...world({ guilds: 4800 }).guilds.keys()];
  for (const count of [1, 2, 3, 7, 16]) {
    for (const [i, id] of guilds.entries()) assert.equal(calculateShardId(id, count), i % count);
  }
  const shards = guilds.map((id) => calculateShardId(id, 48));
  for (let shard = 0; shard < 48; shard++) {
    assert.equal(shards.filter((it) => it === shard).length, 100);
  }
});

Deno.test("no two things have the same id", () => {
  const { guilds, directChannel, user } = world({ guilds: 200, membersPerGuild: 30 });
  const ids = [user.id, directChannel.id, directChannel.recipients![0]!.id];
  for (const guild of guilds.values()) {
    ids.push(guild.id, ...guild.channels.map(({ id }) => id));
    ids.push(...guild.roles.slice(1).map(({ id }) => id));
    ids.push(...[...guild.members.keys()].slice(1));
  }
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("a world from the same seed is the same", () => {
  const names = () => [...world({ guilds: 30 }).guilds.values()].map(({ id, name }) => [id, name]);
  assert.deepEqual(names(), names());
});

Deno.test("new ids only grow, within a millisecond too", () => {
  const { nextId } = world();
  const ids = Array.from({ length: 10_000 }, () => BigInt(nextId()));
  assert.ok(ids.every((id, i) => i === 0 || id > ids[i - 1]!));
});

Deno.test("a rotated token is refused", () => {
  const { acceptsToken, rotateToken } = world({ token: "abc" });
  assert.deepEqual(["abc", "Bot abc", "Bearer abc", "", undefined].map(acceptsToken), [
    true,
    true,
    false,
    false,
    false,
  ]);
  rotateToken();
  assert.equal(acceptsToken("abc"), false);
});
