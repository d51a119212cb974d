/**
 * What people do in the guilds of a simulator, with all that makes two events hard to tell apart: edits of one
 * message again and again, the same presence twice, somebody who types on, guilds that are hardly used, and
 * what is of no guild.
 *
 * @module
 */

import { every } from "../../../ports/clock.ts";
import type { Cancel } from "../../../ports/clock.ts";
import { seededRandom } from "../../../ports/random.ts";
import type { Simulator } from "../../../sim/mod.ts";

interface Message {
  readonly id: string;
  readonly guildId: string | null;
}

/** Most messages that may still be edited. */
const RECENT = 40;

/** Starts it: so many events per second, until cancelled. */
export function startBustle(sim: Simulator, perSecond: number, seed: number): Cancel {
  const { world, clock } = sim;
  const random = seededRandom(seed);
  const recent: Message[] = [];
  const below = (n: number) => Math.floor(random() * n);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  const now = () => new Date(clock.epochMs()).toISOString();

  /** A guild by chance, the first ones far more often; now and then none. */
  function anywhere(): string | null {
    const guilds = [...world.guilds.values()].filter(({ state }) => state === "up");
    const guild = guilds[Math.floor(guilds.length * random() ** 3)];
    return guild === undefined || random() < 0.05 ? null : guild.id;
  }

  const placed = (guildId: string | null) => ({
    channel_id: guildId ?? world.directChannel.id,
    ...(guildId === null ? {} : { guild_id: guildId }),
  });
  const user = () => ({ id: String(100 + below(3)), username: "somebody" });
  const say = (t: string, guildId: string | null, d: object) => world.emit(t, guildId, d);
  const old = (): Message | undefined => {
    const message = recent[below(recent.length)];
    const isThere = message?.guildId == null || world.guilds.get(message.guildId)!.state === "up";
    return isThere ? message : undefined;
  };

  const acts: Record<string, () => void> = {
    MESSAGE_CREATE() {
      const guildId = anywhere();
      const id = world.nextId();
      if (recent.push({ id, guildId }) > RECENT) recent.shift();
      say("MESSAGE_CREATE", guildId, {
        id,
        ...placed(guildId),
        author: user(),
        content: "hello",
        timestamp: now(),
        edited_timestamp: null,
      });
    },
    MESSAGE_UPDATE() {
      const message = old();
      if (!message) return;
      say("MESSAGE_UPDATE", message.guildId, {
        id: message.id,
        ...placed(message.guildId),
        author: user(),
        content: "hello!",
        edited_timestamp: random() < 0.2 ? null : now(),
      });
    },
    MESSAGE_DELETE() {
      const message = old();
      if (!message) return;
      // What is deleted is gone: nobody deletes it again, nor edits it.
      recent.splice(recent.indexOf(message), 1);
      say("MESSAGE_DELETE", message.guildId, { id: message.id, ...placed(message.guildId) });
    },
    MESSAGE_REACTION() {
      const message = old();
      if (!message) return;
      const t = random() < 0.5 ? "MESSAGE_REACTION_ADD" : "MESSAGE_REACTION_REMOVE";
      const emoji = { id: null, name: pick(["👍", "👀"]) };
      const about = { message_id: message.id, user_id: user().id, emoji };
      say(t, message.guildId, { ...about, ...placed(message.guildId) });
    },
    TYPING_START() {
      const guildId = anywhere();
      const timestamp = Math.floor(clock.epochMs() / 1000);
      say("TYPING_START", guildId, { user_id: user().id, timestamp, ...placed(guildId) });
    },
    PRESENCE_UPDATE() {
      const guildId = anywhere();
      if (guildId === null) return;
      const status = pick(["online", "idle"]);
      const presence = { user: { id: user().id }, status, activities: [], client_status: {} };
      say("PRESENCE_UPDATE", guildId, { ...presence, guild_id: guildId });
    },
    INTERACTION_CREATE() {
      const guildId = anywhere();
      const id = world.nextId();
      const token = btoa(`interaction:${id}:sim`);
      const data = { id: "4", name: "ping", type: 1 };
      say("INTERACTION_CREATE", guildId, {
        id,
        application_id: world.application.id,
        type: 2,
        token,
        data,
        ...placed(guildId),
      });
    },
    GUILD_MEMBER() {
      const guildId = anywhere();
      if (guildId === null) return;
      const t = pick(["GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"]);
      say(t, guildId, { guild_id: guildId, user: user(), roles: [], nick: null });
    },
    VOICE_STATE_UPDATE() {
      const guildId = anywhere();
      if (guildId === null) return;
      const about = { user_id: user().id, session_id: "0".repeat(32), self_mute: random() < 0.5 };
      say("VOICE_STATE_UPDATE", guildId, { ...about, ...placed(guildId) });
    },
    ENTITLEMENT() {
      const guildId = anywhere();
      const about = { id: world.nextId(), sku_id: "1", application_id: world.application.id };
      const whose = guildId === null ? {} : { guild_id: guildId };
      say("ENTITLEMENT_CREATE", guildId, { ...about, type: 8, user_id: user().id, ...whose });
    },
    SOMETHING_NEW() {
      const guildId = anywhere();
      say(
        "SOMETHING_NEW",
        guildId,
        guildId === null ? { kind: 1 } : { guild_id: guildId, kind: 1 },
      );
    },
  };
  const names = Object.entries(WEIGHTS).flatMap(([name, weight]) =>
    Array<string>(weight).fill(name)
  );
  return every(clock, 1000 / perSecond, () => acts[pick(names)]!());
}

const WEIGHTS = {
  MESSAGE_CREATE: 25,
  MESSAGE_UPDATE: 15,
  MESSAGE_DELETE: 3,
  MESSAGE_REACTION: 10,
  TYPING_START: 15,
  PRESENCE_UPDATE: 20,
  INTERACTION_CREATE: 4,
  GUILD_MEMBER: 5,
  VOICE_STATE_UPDATE: 3,
  ENTITLEMENT: 2,
  SOMETHING_NEW: 1,
};
