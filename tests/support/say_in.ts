/** Somebody says something in the simulator. */

import type { Simulator } from "../../sim/mod.ts";

/** Somebody says this, in the first channel of the first guild. */
export function sayIn(sim: Simulator, content: string): void {
  const guild = [...sim.world.guilds.values()][0]!;
  const { user: author } = [...guild.members.values()].find(({ user }) => !user.bot)!;
  sim.world.emit("MESSAGE_CREATE", guild.id, {
    id: sim.world.nextId(),
    guild_id: guild.id,
    channel_id: guild.channels[0]!.id,
    author,
    content,
    timestamp: "2026-01-01T00:00:00.000Z",
    type: 0,
  });
}
