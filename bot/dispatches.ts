/**
 * Names of dispatches and the types of their payloads.
 * See [Discord Docs/Receive Events](https://discord.com/developers/docs/events/gateway-events#receive-events).
 *
 * @module
 */

import type * as Discord from "../discord.ts";
import type { Gap, Moved } from "../protocol/event_frame.ts";
import type { GuildNote, SessionNote } from "../protocol/discord/guild_note.ts";
import type { InteractionNote } from "../protocol/discord/interaction.ts";

/** Event name → type of its `d`, as Discord sends it. */
export interface Dispatches {
  /** Ours: events of this shard that the bot will never get, and why. */
  GATEHOUSE_GAP: Gap;
  /** Ours: a guild's events come by this shard from here on, since the bot moves to another total of shards. */
  GATEHOUSE_GUILD_MOVED: Moved;
  APPLICATION_COMMAND_PERMISSIONS_UPDATE: Discord.DiscordGuildApplicationCommandPermissions;
  AUTO_MODERATION_ACTION_EXECUTION: Discord.DiscordAutoModerationActionExecution;
  AUTO_MODERATION_RULE_CREATE: Discord.DiscordAutoModerationRule;
  AUTO_MODERATION_RULE_DELETE: Discord.DiscordAutoModerationRule;
  AUTO_MODERATION_RULE_UPDATE: Discord.DiscordAutoModerationRule;
  CHANNEL_CREATE: Discord.DiscordChannel;
  CHANNEL_DELETE: Discord.DiscordChannel;
  CHANNEL_PINS_UPDATE: Discord.DiscordChannelPinsUpdate;
  CHANNEL_UPDATE: Discord.DiscordChannel;
  ENTITLEMENT_CREATE: Discord.DiscordEntitlement;
  ENTITLEMENT_DELETE: Discord.DiscordEntitlement;
  ENTITLEMENT_UPDATE: Discord.DiscordEntitlement;
  GUILD_AUDIT_LOG_ENTRY_CREATE: Discord.DiscordAuditLogEntry;
  GUILD_BAN_ADD: Discord.DiscordGuildBanAddRemove;
  GUILD_BAN_REMOVE: Discord.DiscordGuildBanAddRemove;
  GUILD_CREATE: NotedGuild;
  GUILD_DELETE: Discord.DiscordUnavailableGuild;
  GUILD_EMOJIS_UPDATE: Discord.DiscordGuildEmojisUpdate;
  GUILD_INTEGRATIONS_UPDATE: Discord.DiscordGuildIntegrationsUpdate;
  /** Discordeno's name for a guild that loads; only with the setting `GUILD_LOADED_DD`. */
  GUILD_LOADED_DD: Discord.DiscordGuild;
  GUILD_MEMBERS_CHUNK: Discord.DiscordGuildMembersChunk;
  GUILD_MEMBER_ADD: Discord.DiscordGuildMemberAdd;
  GUILD_MEMBER_REMOVE: Discord.DiscordGuildMemberRemove;
  GUILD_MEMBER_UPDATE: Discord.DiscordGuildMemberUpdate;
  GUILD_ROLE_CREATE: Discord.DiscordGuildRoleCreate;
  GUILD_ROLE_DELETE: Discord.DiscordGuildRoleDelete;
  GUILD_ROLE_UPDATE: Discord.DiscordGuildRoleUpdate;
  GUILD_SCHEDULED_EVENT_CREATE: Discord.DiscordScheduledEvent;
  GUILD_SCHEDULED_EVENT_DELETE: Discord.DiscordScheduledEvent;
  GUILD_SCHEDULED_EVENT_UPDATE: Discord.DiscordScheduledEvent;
  GUILD_SCHEDULED_EVENT_USER_ADD: Discord.DiscordScheduledEventUserAdd;
  GUILD_SCHEDULED_EVENT_USER_REMOVE: Discord.DiscordScheduledEventUserRemove;
  GUILD_SOUNDBOARD_SOUNDS_UPDATE: Discord.DiscordSoundboardSoundsUpdate;
  GUILD_SOUNDBOARD_SOUND_CREATE: Discord.DiscordSoundboardSound;
  GUILD_SOUNDBOARD_SOUND_DELETE: Discord.DiscordSoundboardSoundDelete;
  GUILD_SOUNDBOARD_SOUND_UPDATE: Discord.DiscordSoundboardSound;
  GUILD_STICKERS_UPDATE: Discord.DiscordGuildStickersUpdate;
  GUILD_UPDATE: Discord.DiscordGuild;
  INTEGRATION_CREATE: Discord.DiscordIntegrationCreateUpdate;
  INTEGRATION_DELETE: Discord.DiscordIntegrationDelete;
  INTEGRATION_UPDATE: Discord.DiscordIntegrationCreateUpdate;
  INTERACTION_CREATE: NotedInteraction;
  INVITE_CREATE: Discord.DiscordInviteCreate;
  INVITE_DELETE: Discord.DiscordInviteDelete;
  MESSAGE_CREATE: Discord.DiscordMessage;
  MESSAGE_DELETE: Discord.DiscordMessageDelete;
  MESSAGE_DELETE_BULK: Discord.DiscordMessageDeleteBulk;
  MESSAGE_POLL_VOTE_ADD: Discord.DiscordPollVoteAdd;
  MESSAGE_POLL_VOTE_REMOVE: Discord.DiscordPollVoteRemove;
  MESSAGE_REACTION_ADD: Discord.DiscordMessageReactionAdd;
  MESSAGE_REACTION_REMOVE: Discord.DiscordMessageReactionRemove;
  MESSAGE_REACTION_REMOVE_ALL: Discord.DiscordMessageReactionRemoveAll;
  MESSAGE_REACTION_REMOVE_EMOJI: Discord.DiscordMessageReactionRemoveEmoji;
  MESSAGE_UPDATE: Discord.DiscordMessage;
  PRESENCE_UPDATE: Discord.DiscordPresenceUpdate;
  READY: NotedReady;
  SOUNDBOARD_SOUNDS: Discord.DiscordSoundboardSounds;
  STAGE_INSTANCE_CREATE: Discord.DiscordStageInstance;
  STAGE_INSTANCE_DELETE: Discord.DiscordStageInstance;
  STAGE_INSTANCE_UPDATE: Discord.DiscordStageInstance;
  SUBSCRIPTION_CREATE: Discord.DiscordSubscription;
  SUBSCRIPTION_DELETE: Discord.DiscordSubscription;
  SUBSCRIPTION_UPDATE: Discord.DiscordSubscription;
  THREAD_CREATE: Discord.DiscordChannel;
  THREAD_DELETE: Discord.DiscordChannel;
  THREAD_LIST_SYNC: Discord.DiscordThreadListSync;
  THREAD_MEMBERS_UPDATE: Discord.DiscordThreadMembersUpdate;
  THREAD_MEMBER_UPDATE: Discord.DiscordThreadMemberUpdate;
  THREAD_UPDATE: Discord.DiscordChannel;
  TYPING_START: Discord.DiscordTypingStart;
  USER_UPDATE: Discord.DiscordUser;
  VOICE_CHANNEL_EFFECT_SEND: Discord.DiscordVoiceChannelEffectSend;
  VOICE_SERVER_UPDATE: Discord.DiscordVoiceServerUpdate;
  VOICE_STATE_UPDATE: Discord.DiscordVoiceState;
  WEBHOOKS_UPDATE: Discord.DiscordWebhookUpdate;
}

/**
 * The beginning of a session. Where another one came before it, `gatehouse` says which guilds the bot has
 * left meanwhile, and which it has joined.
 */
export type NotedReady = Discord.DiscordReady & { readonly gatehouse?: SessionNote };

/** A guild, with the reason why it came where that is known: it loaded, came back, or is new. */
export type NotedGuild = Discord.DiscordGuild & { readonly gatehouse?: GuildNote };

/**
 * An interaction. Where `gatehouse.answered` is there, the bot was away and the first response was given for it,
 * so that another one is refused with code 40060:
 *
 * - `answered: "deferred"`: give the answer by editing it,
 *   `PATCH /webhooks/{application_id}/{token}/messages/@original`.
 * - `answered: "answered"`: an autocomplete or a modal got a text that asks to try again. What was sent
 *   with a modal can still be used, and a follow-up be posted to `/webhooks/{application_id}/{token}`.
 *
 * Both work for 15 minutes from when the interaction was made.
 */
export type NotedInteraction = Discord.DiscordInteraction & {
  readonly gatehouse?: InteractionNote;
};
