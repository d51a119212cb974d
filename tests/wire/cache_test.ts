/** What the shard workers remember, as a bot finds it. */

import assert from "node:assert/strict";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

const INTENTS = "GUILDS,GUILD_MEMBERS,GUILD_MESSAGES";

Deno.test("guilds, channels, members and users are found in the workers' cache, as they are now", async () => {
  await using rig = await startSociety(
    { CACHE: "members", CACHE_ALL_MEMBERS: "1", INTENTS, TOTAL_WORKERS: "2" },
    { membersPerGuild: 30 },
  );
  const { command, sim } = rig;
  const told = async () => JSON.stringify(await command({ clusterId: 0 }, { do: "told" }));
  await until(async () => (await told()).includes("true"), 20_000);
  const find = (method: string, ...ids: string[]) =>
    command({ clusterId: 0 }, { do: "find", method, ids });
  for (const guild of sim.world.guilds.values()) {
    const { id, name } = await find("fetchGuild", guild.id);
    assert.deepEqual([id, name], [guild.id, guild.name]);
    const channel = await find("fetchChannel", guild.channels[0]!.id);
    assert.deepEqual([channel.id, channel.guild_id], [guild.channels[0]!.id, guild.id]);
    for (const { user } of guild.members.values()) {
      const member = await find("fetchMember", guild.id, user.id);
      assert.equal(member.user.id, user.id);
      assert.equal((await find("fetchUser", user.id)).username, member.user.username);
    }
  }
  const [guild] = sim.world.guilds.values();
  const channel = { ...guild!.channels[0]!, guild_id: guild!.id, name: "renamed" };
  sim.world.emit("CHANNEL_UPDATE", guild!.id, channel);
  const isRenamed = async () => (await find("fetchChannel", channel.id)).name === "renamed";
  await until(isRenamed, 5_000);
  const gone = [...guild!.members.values()].at(-1)!.user;
  sim.world.emit("GUILD_MEMBER_REMOVE", guild!.id, { guild_id: guild!.id, user: gone });
  await until(async () => await find("fetchMember", guild!.id, gone.id) === null, 5_000);
  assert.equal(await find("fetchGuild", "1"), null);
});
