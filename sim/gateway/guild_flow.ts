/**
 * Guilds as they come and go: the GUILD_CREATEs after READY, outages, joining and leaving. See
 * [Discord Docs/Guild Availability](https://discord.com/developers/docs/events/gateway#guild-availability).
 *
 * @module
 */

import { INTENTS } from "../../protocol/discord/intents.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { jsonBody } from "../world/body.ts";
import type { SimGuild } from "../world/guilds.ts";
import { guildCreateBody } from "./ready.ts";
import type { Session } from "./session.ts";
import type { World } from "../world/world.ts";

/** What the flow works with. */
export interface FlowParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly world: World;
}

/**
 * Sends each guild to a new session: shuffled, a few at a time, with live events in between. A guild
 * that is down gives GUILD_DELETE with `unavailable`. It goes on while the session is detached.
 */
export function loadGuilds(
  parts: FlowParts,
  session: Session,
  guilds: readonly SimGuild[],
): void {
  if ((session.terms.intents & INTENTS.GUILDS) === 0) return;
  const { clock, world, random } = parts;
  const waiting = shuffled(guilds, random);
  const step = () => {
    if (session.entry.ended) return;
    for (const guild of waiting.splice(0, world.settings.guildCreatesPerStep)) {
      if (guild.state === "up") {
        session.tell("GUILD_CREATE", jsonBody(guildCreateBody(guild, session.terms)), null);
      } else if (guild.state === "down") {
        session.tell("GUILD_DELETE", jsonBody(outageOf(guild)), null);
      }
    }
    if (waiting.length > 0) clock.after(world.settings.guildCreateStepMs, step);
  };
  if (waiting.length > 0) clock.after(world.settings.guildCreateStepMs, step);
}

/** Takes a guild down: GUILD_DELETE with `unavailable: true`. */
export function guildGoesDown(world: World, guild: SimGuild): void {
  guild.state = "down";
  world.emit("GUILD_DELETE", guild.id, outageOf(guild));
}

/** Brings a guild back: GUILD_CREATE. */
export function guildComesBack(world: World, guild: SimGuild): void {
  guild.state = "up";
  world.emit("GUILD_CREATE", guild.id, guildCreateBody(guild, FEWEST));
}

/** The bot is added: GUILD_CREATE without the key `unavailable`. */
export function botJoins(world: World, guild: SimGuild): void {
  guild.state = "up";
  guild.joined_at = new Date(world.clock.epochMs()).toISOString().replace("Z", "000+00:00");
  const { unavailable: _, ...body } = guildCreateBody(guild, FEWEST);
  world.emit("GUILD_CREATE", guild.id, body);
}

/** The bot is removed: GUILD_DELETE without the key `unavailable`. */
export function botLeaves(world: World, guild: SimGuild): void {
  guild.state = "left";
  world.emit("GUILD_DELETE", guild.id, { id: guild.id });
}

/** Terms under which a body fits every session: nobody is listed who need not be. */
const FEWEST = { intents: INTENTS.GUILD_VOICE_STATES, largeThreshold: 50 };

function outageOf(guild: SimGuild): { id: string; unavailable: true } {
  return { id: guild.id, unavailable: true };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
