/**
 * Who gets an event: the intents table. See
 * [Discord Docs/List of Intents](https://discord.com/developers/docs/events/gateway#list-of-intents).
 *
 * @module
 */

import { INTENTS } from "./intents.ts";

/**
 * Whether a session with these intents gets the event. An event that no intent is for, known or not,
 * goes to everybody. The bot's own GUILD_MEMBER_UPDATE is treated like any other.
 *
 * @param isDirect Whether it is of a direct message, and not of a guild.
 *
 * @example
 * ```ts
 * import { wants } from "./audience.ts";
 * import { INTENTS } from "./intents.ts";
 * console.assert(wants(INTENTS.GUILD_MESSAGES, "MESSAGE_CREATE", false));
 * console.assert(!wants(INTENTS.GUILD_MESSAGES, "MESSAGE_CREATE", true));
 * ```
 */
export function wants(intents: number, t: string, isDirect: boolean): boolean {
  const bits = (isDirect ? DIRECT[t] : undefined) ?? NEEDED[t];
  return bits === undefined || (intents & bits) !== 0;
}

const GUILD_EVENTS: Record<string, readonly string[]> = {
  GUILDS: [
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "CHANNEL_PINS_UPDATE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "THREAD_MEMBER_UPDATE",
    "THREAD_MEMBERS_UPDATE",
    "STAGE_INSTANCE_CREATE",
    "STAGE_INSTANCE_UPDATE",
    "STAGE_INSTANCE_DELETE",
    "VOICE_CHANNEL_STATUS_UPDATE",
    "VOICE_CHANNEL_START_TIME_UPDATE",
  ],
  GUILD_MEMBERS: [
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "THREAD_MEMBERS_UPDATE",
  ],
  GUILD_MODERATION: ["GUILD_AUDIT_LOG_ENTRY_CREATE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE"],
  GUILD_EXPRESSIONS: [
    "GUILD_EMOJIS_UPDATE",
    "GUILD_STICKERS_UPDATE",
    "GUILD_SOUNDBOARD_SOUND_CREATE",
    "GUILD_SOUNDBOARD_SOUND_UPDATE",
    "GUILD_SOUNDBOARD_SOUND_DELETE",
    "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
  ],
  GUILD_INTEGRATIONS: [
    "GUILD_INTEGRATIONS_UPDATE",
    "INTEGRATION_CREATE",
    "INTEGRATION_UPDATE",
    "INTEGRATION_DELETE",
  ],
  GUILD_WEBHOOKS: ["WEBHOOKS_UPDATE"],
  GUILD_INVITES: ["INVITE_CREATE", "INVITE_DELETE"],
  GUILD_VOICE_STATES: ["VOICE_STATE_UPDATE", "VOICE_CHANNEL_EFFECT_SEND"],
  GUILD_PRESENCES: ["PRESENCE_UPDATE"],
  GUILD_SCHEDULED_EVENTS: [
    "GUILD_SCHEDULED_EVENT_CREATE",
    "GUILD_SCHEDULED_EVENT_UPDATE",
    "GUILD_SCHEDULED_EVENT_DELETE",
    "GUILD_SCHEDULED_EVENT_USER_ADD",
    "GUILD_SCHEDULED_EVENT_USER_REMOVE",
  ],
  AUTO_MODERATION_CONFIGURATION: [
    "AUTO_MODERATION_RULE_CREATE",
    "AUTO_MODERATION_RULE_UPDATE",
    "AUTO_MODERATION_RULE_DELETE",
  ],
  AUTO_MODERATION_EXECUTION: ["AUTO_MODERATION_ACTION_EXECUTION"],
};

/** Events that a guild has and a direct message too, each under an intent of its own. */
const BOTH: readonly (readonly [string, string, readonly string[]])[] = [
  ["GUILD_MESSAGES", "DIRECT_MESSAGES", [
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
  ]],
  ["GUILD_MESSAGE_REACTIONS", "DIRECT_MESSAGE_REACTIONS", [
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
  ]],
  ["GUILD_MESSAGE_TYPING", "DIRECT_MESSAGE_TYPING", ["TYPING_START"]],
  ["GUILD_MESSAGE_POLLS", "DIRECT_MESSAGE_POLLS", [
    "MESSAGE_POLL_VOTE_ADD",
    "MESSAGE_POLL_VOTE_REMOVE",
  ]],
];

const NEEDED: Record<string, number> = Object.create(null);
const DIRECT: Record<string, number> = Object.create(null);
for (const [intent, events] of Object.entries(GUILD_EVENTS)) need(NEEDED, intent, events);
for (const [guild, direct, events] of BOTH) {
  need(NEEDED, guild, events);
  need(DIRECT, direct, events);
}
need(DIRECT, "DIRECT_MESSAGES", ["CHANNEL_PINS_UPDATE"]);

function need(table: Record<string, number>, intent: string, events: readonly string[]): void {
  const bit = INTENTS[intent as keyof typeof INTENTS];
  for (const event of events) table[event] = (table[event] ?? 0) | bit;
}
