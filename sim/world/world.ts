/**
 * What the gateway half and the REST half share: the bot and its token, the guilds, the budget of
 * identifies, and the stream of events. It speaks neither protocol.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { APPLICATION_FLAGS, INTENTS } from "../../protocol/discord/intents.ts";
import { type Body, jsonBody, numberedBody } from "./body.ts";
import type { SimChannel, SimGuild, SimUser } from "./guilds.ts";
import { makeGuilds, makeUser, placeOfId, seededId } from "./make_guilds.ts";
import { withoutContent } from "./message_content.ts";
import { type SimOptions, type SimSettings, simSettings } from "./options.ts";
import { createSessionStarts, type SessionStarts } from "../gateway/session_starts.ts";

/**
 * An event on its way to the sessions that want it. `guildId` is `null` for shard 0's own events; `event` is
 * its number, from 1.
 */
export type Listener = (t: string, guildId: string | null, body: Body, event: number) => void;

/** The shared world. */
export interface World {
  readonly clock: Clock;
  /** The knobs; change them while it runs. */
  readonly settings: SimSettings;
  /** The bot's user. */
  readonly user: SimUser;
  /** Its flags say which privileged intents it may use, by the settings of the moment. */
  readonly application: {
    readonly id: string;
    readonly flags: number;
    /** The same as text, since a number has no room for more. */
    readonly flags_new: string;
  };
  /** By guild id. */
  readonly guilds: ReadonlyMap<string, SimGuild>;
  /** A channel or thread of a guild, or a direct message channel. */
  channel(id: string): SimChannel | undefined;
  /** The direct message channel that has always been there. */
  readonly directChannel: SimChannel;
  /** The direct message channel with somebody, which is opened where there is none. */
  openDirect(user: SimUser): SimChannel;
  readonly sessionStarts: SessionStarts;
  /** Base and resume address of the gateway, without query; the server sets its own. */
  readonly addresses: { gatewayUrl: string; resumeUrl: string };
  /** Whether this is the bot's token, with or without `Bot ` in front. */
  acceptsToken(token: unknown): boolean;
  /** Replaces the token: what Discord does when the identify budget is overdrawn. */
  rotateToken(): void;
  /** A new snowflake, greater than any before. */
  nextId(): string;
  /**
   * Sends a dispatch to every session whose shard and intents match. `guildId` decides the shard and
   * is not added to `d`; `null` means no guild, so shard 0.
   */
  emit(t: string, guildId: string | null, d: unknown): void;
  /** {@linkcode World.emit} for a body that is serialised already: the fast path of live traffic. */
  publish(t: string, guildId: string | null, body: Body): void;
  /** Hears every event until cancelled: how the gateway half gets them. */
  listen(listener: Listener): Cancel;
}

/** What a world is made from. */
export interface WorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly options?: SimOptions;
}

/** A world with its guilds. The same seed and options give the same ids and names. */
export function createWorld({ clock, random, options }: WorldOptions): World {
  const settings = simSettings(options);
  const user = makeUser(seededId(0, 2, 0x1ffff), "gatehouse-sim", true);
  const guilds = makeGuilds({ ...settings, bot: user, random });
  const directChannel = directWith(
    makeUser(seededId(0, 2, 0x1fffe), "penpal"),
    seededId(0, 1, 0x1ffff),
  );
  const direct = new Map([[directChannel.id, directChannel]]);
  const nextId = snowflakes(clock);
  const listeners = new Set<Listener>();
  const token = createToken(settings.token);
  let events = 0;
  const world: World = {
    clock,
    settings,
    user,
    application: {
      id: user.id,
      get flags() {
        return flagsOf(settings);
      },
      get flags_new() {
        return String(flagsOf(settings));
      },
    },
    guilds: new Map(guilds.map((guild) => [guild.id, guild])),
    channel(id) {
      const guild = guilds[placeOfId(id) ?? -1];
      return direct.get(id) ??
        [...guild?.channels ?? [], ...guild?.threads ?? []].find((channel) => channel.id === id);
    },
    directChannel,
    openDirect(user) {
      const known = [...direct.values()].find(({ recipients }) => recipients![0]!.id === user.id);
      const channel = known ?? directWith(user, nextId());
      direct.set(channel.id, channel);
      return channel;
    },
    sessionStarts: createSessionStarts(clock, settings.startLimit),
    addresses: { gatewayUrl: "ws://gateway.sim/", resumeUrl: "ws://resume.gateway.sim" },
    ...token,
    nextId,
    emit: (t, guildId, d) => world.publish(t, guildId, jsonBody(d, withoutContent(user.id, t, d))),
    publish(t, guildId, body) {
      const event = ++events;
      const told = settings.numberEvents ? numberedBody(body, event) : body;
      for (const listener of listeners) listener(t, guildId, told, event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return world;
}

/** What the developer portal grants, as the application's flags say it. */
function flagsOf({ privilegedIntents, limitedIntents }: SimSettings): number {
  return Object.entries(APPLICATION_FLAGS).reduce((flags, [name, { full, limited }]) => {
    const bit = INTENTS[name as keyof typeof APPLICATION_FLAGS];
    if ((privilegedIntents & bit) === 0) return flags;
    return flags | ((limitedIntents & bit) === 0 ? full : limited);
  }, 0);
}

function createToken(first: string): Pick<World, "acceptsToken" | "rotateToken"> {
  let current = first;
  let rotations = 0;
  return {
    acceptsToken: (token) => token === current || token === `Bot ${current}`,
    rotateToken() {
      rotations += 1;
      current = `${first}.rotated-${rotations}`;
    },
  };
}

function directWith(user: SimUser, id: string): SimChannel {
  return { id, type: 1, name: null, flags: 0, last_message_id: null, recipients: [user] };
}

const DISCORD_EPOCH_MS = 1_420_070_400_000;

function snowflakes(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(Math.max(0, Math.floor(clock.epochMs()) - DISCORD_EPOCH_MS)) << 22n;
    last = now > last ? now : last + 1n;
    return String(last);
  };
}
