import assert from "node:assert/strict";
import { GuildMemory } from "../../intake/guild_memory.ts";

const ada = { user: { id: "7", username: "Ada" }, roles: ["r1", "r2"] };
const bob = { user: { id: "8", username: "Bob" }, roles: ["r2"] };

Deno.test("a role that is gone is taken from every member of its guild, and from nobody else", () => {
  const memory = new GuildMemory(true);
  memory.keepMembers("1", 0, [ada, bob]);
  memory.keepMembers("2", 0, [ada]);
  memory.takeRole("1", "r2");
  memory.takeRole("3", "r2");
  const rolesIn = (guildId: string) =>
    [...memory.rooms.get(guildId)!.members].map(([id, { roles }]) => [id, roles]);
  assert.deepEqual(rolesIn("1"), [["7", ["r1"]], ["8", []]]);
  assert.deepEqual(rolesIn("2"), [["7", ["r1", "r2"]]]);
  assert.deepEqual(ada.roles, ["r1", "r2"], "what was told is not changed");
});

Deno.test("a user is one for all guilds, and forgotten with the last", () => {
  const memory = new GuildMemory(true);
  memory.keepMembers("1", 0, [ada]);
  memory.keepMembers("2", 1, [{ ...ada, user: { id: "7", username: "Adah" } }]);
  assert.deepEqual(memory.users.get("7"), { user: { id: "7", username: "Adah" }, guilds: 2 });
  memory.keepMembers("2", 1, [ada]);
  assert.equal(memory.users.get("7")!.guilds, 2, "told twice, it is still in two");
  memory.forgetShard(1);
  assert.equal(memory.users.get("7")!.guilds, 1);
  memory.forgetMember("1", ada.user);
  assert.deepEqual([memory.users.size, memory.rooms.size], [0, 0]);
});

Deno.test("without members nobody is kept", () => {
  const memory = new GuildMemory(false);
  memory.keepMembers("1", 0, [ada]);
  memory.keepChannels("1", 0, [{ id: "5" }]);
  assert.deepEqual([memory.users.size, memory.channels.size], [0, 1]);
});
