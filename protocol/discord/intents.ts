/**
 * Intents by name. See [Discord Docs/Gateway Intents](https://discord.com/developers/docs/events/gateway#gateway-intents).
 *
 * @module
 */

/** Bit of every intent that a bot may ask for. */
export const INTENTS = {
  GUILDS: 1 << 0,
  GUILD_MEMBERS: 1 << 1,
  GUILD_MODERATION: 1 << 2,
  GUILD_EXPRESSIONS: 1 << 3,
  GUILD_INTEGRATIONS: 1 << 4,
  GUILD_WEBHOOKS: 1 << 5,
  GUILD_INVITES: 1 << 6,
  GUILD_VOICE_STATES: 1 << 7,
  GUILD_PRESENCES: 1 << 8,
  GUILD_MESSAGES: 1 << 9,
  GUILD_MESSAGE_REACTIONS: 1 << 10,
  GUILD_MESSAGE_TYPING: 1 << 11,
  DIRECT_MESSAGES: 1 << 12,
  DIRECT_MESSAGE_REACTIONS: 1 << 13,
  DIRECT_MESSAGE_TYPING: 1 << 14,
  MESSAGE_CONTENT: 1 << 15,
  GUILD_SCHEDULED_EVENTS: 1 << 16,
  AUTO_MODERATION_CONFIGURATION: 1 << 20,
  AUTO_MODERATION_EXECUTION: 1 << 21,
  GUILD_MESSAGE_POLLS: 1 << 24,
  DIRECT_MESSAGE_POLLS: 1 << 25,
} as const;

/** Name of an intent, as Discord writes it. */
export type IntentName = keyof typeof INTENTS;

/** Every bit that Discord knows; another one is answered with close 4013. */
export const ALL_INTENTS: number = Object.values(INTENTS).reduce((all, bit) => all | bit, 0);

/** Intents that must be enabled in the developer portal; otherwise Discord closes with 4014. */
export const PRIVILEGED_INTENTS: number = INTENTS.GUILD_MEMBERS | INTENTS.GUILD_PRESENCES |
  INTENTS.MESSAGE_CONTENT;

/**
 * Flags of an application by which it may use a privileged intent: in full, or as long as it is small.
 * See [Discord Docs/Application Flags](https://discord.com/developers/docs/resources/application#application-object-application-flags).
 */
export const APPLICATION_FLAGS = {
  GUILD_PRESENCES: { full: 1 << 12, limited: 1 << 13 },
  GUILD_MEMBERS: { full: 1 << 14, limited: 1 << 15 },
  MESSAGE_CONTENT: { full: 1 << 18, limited: 1 << 19 },
} as const satisfies Partial<Record<IntentName, { full: number; limited: number }>>;

/** Privileged intents that an application with these flags may use; with `full`, whatever its size. */
export function grantedIntents(flags: number, { full = false } = {}): number {
  const granted = Object.entries(APPLICATION_FLAGS).filter(([, each]) =>
    (flags & (full ? each.full : each.full | each.limited)) !== 0
  );
  return intentBits(granted.map(([name]) => name as IntentName));
}

/** Types of events that come by a privileged intent alone, and which. */
export const PRIVILEGED_EVENTS: Readonly<Record<string, number>> = {
  GUILD_MEMBER_ADD: INTENTS.GUILD_MEMBERS,
  GUILD_MEMBER_REMOVE: INTENTS.GUILD_MEMBERS,
  GUILD_MEMBER_UPDATE: INTENTS.GUILD_MEMBERS,
  THREAD_MEMBERS_UPDATE: INTENTS.GUILD_MEMBERS,
  PRESENCE_UPDATE: INTENTS.GUILD_PRESENCES,
};

/** The names of a bit mask, in the order of the bits; bits that nobody knows are left out. */
export function intentNames(bits: number): IntentName[] {
  return (Object.keys(INTENTS) as IntentName[]).filter((name) => (bits & INTENTS[name]) !== 0);
}

/** Whether `name` is an intent that Discord documents. */
export function isIntentName(name: string): name is IntentName {
  return Object.hasOwn(INTENTS, name);
}

/** The bit mask of a list of intents. */
export function intentBits(names: readonly IntentName[]): number {
  return names.reduce((bits, name) => bits | INTENTS[name], 0);
}
