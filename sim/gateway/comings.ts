/**
 * Guilds that add the bot and remove it, at a rate that may change at any time.
 *
 * @module
 */

import { type Cancel, every } from "../../ports/clock.ts";
import { botJoins, botLeaves, type FlowParts } from "./guild_flow.ts";

/** Guilds that come and go. Off until a rate is set. */
export interface Comings {
  /** One guild joins or leaves so often per minute from now on; 0 stops it. */
  setRate(perMinute: number): void;
}

/** By chance a guild that the bot is not in adds it, or one that it is in removes it. */
export function createComings({ clock, random, world }: FlowParts): Comings {
  let cancel: Cancel = () => {};

  function move(): void {
    const state = random() < 0.5 ? "left" : "up";
    const guilds = [...world.guilds.values()].filter((guild) => guild.state === state);
    const guild = guilds[Math.floor(random() * guilds.length)];
    if (!guild) return;
    if (state === "left") botJoins(world, guild);
    else botLeaves(world, guild);
  }

  return {
    setRate(perMinute) {
      cancel();
      cancel = perMinute > 0 ? every(clock, 60_000 / perMinute, move) : () => {};
    },
  };
}
