import assert from "node:assert/strict";
import { seededRandom } from "../../../ports/random.ts";
import { calculateShardId } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { voiceStatesOf } from "../../../sim/world/guilds.ts";
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
    ids.push(guild.id, ...[...guild.channels, ...guild.threads].map(({ id }) => id));
    ids.push(...guild.emojis.map(({ id }) => id));
    ids.push(...guild.roles.slice(1).map(({ id }) => id));
    ids.push(...[...guild.members.keys()].slice(1));
  }
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("a guild has something of everything, and what it names is there", () => {
  const made = world({ guilds: 3, membersPerGuild: 4 });
  for (const guild of made.guilds.values()) {
    const roles = guild.roles.map(({ id }) => id);
    const channels = guild.channels.map(({ id }) => id);
    assert.deepEqual([...new Set(guild.channels.map(({ type }) => type))], [0, 4, 2]);
    assert.ok(
      guild.roles.some(({ colors, color }) => color !== 0 && colors.primary_color === color),
    );
    assert.ok(guild.emojis.length > 0 && guild.threads.length > 0);
    const overwrites = guild.channels.flatMap((channel) => channel.permission_overwrites!);
    assert.deepEqual(new Set(overwrites.map(({ type }) => type)), new Set([0, 1]));
    for (const { id, type } of overwrites) {
      assert.ok(type === 0 ? roles.includes(id) : guild.members.has(id), `${type} ${id}`);
    }
    for (const { parent_id } of [...guild.channels, ...guild.threads]) {
      assert.ok(parent_id === null || channels.includes(parent_id!));
    }
    for (const { channel_id, user_id } of voiceStatesOf(guild)) {
      assert.equal(guild.channels.find(({ id }) => id === channel_id)?.type, 2);
      assert.ok(guild.present.includes(guild.members.get(user_id)!));
    }
    for (const member of guild.members.values()) {
      assert.ok(member.roles.every((id) => roles.includes(id)));
    }
    for (const channel of [...guild.channels, ...guild.threads]) {
      assert.equal(made.channel(channel.id), channel);
    }
  }
  assert.equal(made.channel("1"), undefined);
  assert.equal(made.channel("general"), undefined);
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

Deno.test("with numberEvents each event has its number first, whatever its body is", () => {
  const numbered = world({ numberEvents: true, guilds: 1 });
  const told: unknown[] = [];
  numbered.listen((_t, _guildId, { head, tail, bareTail }, event) => {
    told.push([event, JSON.parse(head + tail.text), bareTail && JSON.parse(head + bareTail.text)]);
  });
  numbered.emit("A", null, {});
  numbered.emit("B", null, { id: "7" });
  numbered.emit("MESSAGE_CREATE", null, { content: "hi", author: { id: "7" } });
  const head = `{"id":"8",`;
  numbered.publish("D", null, {
    key: "",
    head,
    tail: { text: `"n":1}` },
    bareTail: { text: `"n":0}` },
  });
  assert.deepEqual(told, [
    [1, { _event: 1 }, undefined],
    [2, { _event: 2, id: "7" }, undefined],
    [3, { _event: 3, content: "hi", author: { id: "7" } }, undefined],
    [4, { _event: 4, id: "8", n: 1 }, { _event: 4, id: "8", n: 0 }],
  ]);
  numbered.settings.numberEvents = false;
  numbered.emit("E", null, { id: "7" });
  assert.deepEqual(told.at(-1), [5, { id: "7" }, undefined]);
});
