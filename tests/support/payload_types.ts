/**
 * What two libraries take Discord's payloads for: their types of every dispatch and of every answer
 * that the simulator gives, by the names of `payload_samples.ts`.
 *
 * @module
 */

import type * as types from "@discordeno/types";
import type * as api from "discord-api-types/v10";

/**
 * A library's type as it comes over the wire: a member of its string enums is a plain string, flags
 * are a sum of them, and what is read is not written to.
 */
export type Wire<Type> = Type extends string ? `${Type}` : Type extends object ? {
    readonly [Key in keyof Type]: Key extends `${string}flags` ? number : Wire<Type[Key]>;
  }
: Type;

/** The dispatches of discord-api-types by name, but for those that are not as they say. */
type ApiDispatches = Omit<
  { [Payload in api.GatewayDispatchPayload as `${Payload["t"]}`]: Payload["d"] },
  "RESUMED" | "GUILD_CREATE"
>;

/** discord-api-types' types, those of discord.js and `@discordjs/ws`. */
export interface ApiTypes extends ApiDispatches {
  readonly "HELLO": api.GatewayHelloData;
  /** Its presences do not repeat the guild's id. */
  readonly "GUILD_CREATE": Omit<api.GatewayGuildCreateDispatchData, "presences"> & {
    readonly presences: readonly Omit<api.GatewayPresenceUpdate, "guild_id">[];
  };
  /** It has a body, of which they say nothing. */
  readonly "RESUMED": { readonly _trace?: readonly string[] };
  readonly "GET /gateway": api.RESTGetAPIGatewayResult;
  readonly "GET /gateway/bot": api.RESTGetAPIGatewayBotResult;
  readonly "GET /users/@me": api.RESTGetAPICurrentUserResult;
  readonly "GET /users/@me/guilds": api.RESTGetAPICurrentUserGuildsResult;
  readonly "POST /users/@me/channels": api.RESTPostAPICurrentUserCreateDMChannelResult;
  readonly "GET /users/:user_id": api.RESTGetAPIUserResult;
  readonly "GET /applications/@me": api.RESTGetCurrentApplicationResult;
  readonly "GET /oauth2/applications/@me": api.RESTGetAPIOAuth2CurrentApplicationResult;
  readonly "GET /applications/:application_id/commands": api.RESTGetAPIApplicationCommandsResult;
  readonly "PUT /applications/:application_id/commands": api.RESTPutAPIApplicationCommandsResult;
  readonly "GET /applications/:application_id/guilds/:guild_id/commands":
    api.RESTGetAPIApplicationGuildCommandsResult;
  readonly "PUT /applications/:application_id/guilds/:guild_id/commands":
    api.RESTPutAPIApplicationGuildCommandsResult;
  readonly "GET /channels/:channel_id": api.RESTGetAPIChannelResult;
  readonly "PATCH /channels/:channel_id": api.RESTPatchAPIChannelResult;
  readonly "GET /channels/:channel_id/messages/pins": api.RESTGetAPIChannelMessagesPinsResult;
  readonly "GET /channels/:channel_id/pins": api.RESTGetAPIChannelPinsResult;
  readonly "POST /channels/:channel_id/messages": api.RESTPostAPIChannelMessageResult;
  readonly "GET /channels/:channel_id/messages": api.RESTGetAPIChannelMessagesResult;
  readonly "GET /channels/:channel_id/messages/:message_id": api.RESTGetAPIChannelMessageResult;
  readonly "PATCH /channels/:channel_id/messages/:message_id": api.RESTPatchAPIChannelMessageResult;
  readonly "GET /channels/:channel_id/messages/:message_id/reactions/:emoji":
    api.RESTGetAPIChannelMessageReactionUsersResult;
  readonly "GET /guilds/:guild_id": api.RESTGetAPIGuildResult;
  readonly "GET /guilds/:guild_id/channels": api.RESTGetAPIGuildChannelsResult;
  readonly "GET /guilds/:guild_id/roles": api.RESTGetAPIGuildRolesResult;
  readonly "GET /guilds/:guild_id/emojis": api.RESTGetAPIGuildEmojisResult;
  readonly "GET /guilds/:guild_id/threads/active": api.RESTGetAPIGuildThreadsResult;
  readonly "GET /guilds/:guild_id/members": api.RESTGetAPIGuildMembersResult;
  readonly "GET /guilds/:guild_id/members/:user_id": api.RESTGetAPIGuildMemberResult;
  readonly "GET /guilds/:guild_id/messages/search": api.RESTGetAPIGuildMessagesSearchResult;
  readonly "GET /guilds/:guild_id/voice-states/@me":
    api.RESTGetAPIGuildVoiceStateCurrentMemberResult;
  readonly "POST /channels/:channel_id/webhooks": api.RESTPostAPIChannelWebhookResult;
  readonly "GET /channels/:channel_id/webhooks": api.RESTGetAPIChannelWebhooksResult;
  readonly "GET /webhooks/:webhook_id": api.RESTGetAPIWebhookResult;
  readonly "GET /webhooks/:webhook_id/:webhook_token": api.RESTGetAPIWebhookWithTokenResult;
  readonly "POST /webhooks/:webhook_id/:webhook_token": api.RESTPostAPIWebhookWithTokenWaitResult;
  readonly "GET /webhooks/:webhook_id/:webhook_token/messages/:message_id":
    api.RESTGetAPIWebhookWithTokenMessageResult;
  readonly "PATCH /webhooks/:webhook_id/:webhook_token/messages/:message_id":
    api.RESTPatchAPIWebhookWithTokenMessageResult;
  readonly "POST /interactions/:interaction_id/:interaction_token/callback":
    api.RESTPostAPIInteractionCallbackWithResponseResult;
}

/** It wants of a message that comes what only one that is sent has: `fail_if_not_exists`. */
type Message = Omit<types.DiscordMessage, "message_reference" | "referenced_message">;

/** It wants the whole user, of whom only the id is sure to come. */
type Presence = Omit<types.DiscordPresenceUpdate, "user"> & { readonly user: { id: string } };

/** `@discordeno/types`' types of the same. What it has none for is not checked against it. */
export interface DiscordenoTypes {
  readonly "HELLO": types.DiscordHello;
  readonly "READY": types.DiscordReady;
  readonly "GUILD_CREATE": Omit<types.DiscordGuild, "presences"> & {
    readonly presences?: readonly Omit<Presence, "guild_id">[];
  };
  readonly "GUILD_DELETE": types.DiscordUnavailableGuild;
  readonly "GUILD_AUDIT_LOG_ENTRY_CREATE": types.DiscordAuditLogEntry;
  /** Who has no avatar or banner has `null`. */
  readonly "GUILD_MEMBER_UPDATE": Omit<types.DiscordGuildMemberUpdate, "avatar" | "banner">;
  readonly "GUILD_MEMBERS_CHUNK": Omit<types.DiscordGuildMembersChunk, "presences"> & {
    readonly presences?: readonly Omit<Presence, "guild_id">[];
  };
  readonly "CHANNEL_UPDATE": types.DiscordChannel;
  readonly "CHANNEL_PINS_UPDATE": types.DiscordChannelPinsUpdate;
  readonly "MESSAGE_CREATE": Message;
  readonly "MESSAGE_UPDATE": Message;
  readonly "MESSAGE_DELETE": types.DiscordMessageDelete;
  readonly "MESSAGE_DELETE_BULK": types.DiscordMessageDeleteBulk;
  readonly "MESSAGE_REACTION_ADD": types.DiscordMessageReactionAdd;
  readonly "MESSAGE_REACTION_REMOVE": types.DiscordMessageReactionRemove;
  readonly "MESSAGE_REACTION_REMOVE_ALL": types.DiscordMessageReactionRemoveAll;
  readonly "INTERACTION_CREATE": types.DiscordInteraction;
  readonly "PRESENCE_UPDATE": Presence;
  readonly "TYPING_START": types.DiscordTypingStart;
  readonly "VOICE_STATE_UPDATE": types.DiscordVoiceState;
  readonly "VOICE_SERVER_UPDATE": types.DiscordVoiceServerUpdate;
  readonly "WEBHOOKS_UPDATE": types.DiscordWebhookUpdate;
  readonly "SOUNDBOARD_SOUNDS": types.DiscordSoundboardSounds;
  readonly "GET /gateway/bot": types.DiscordGetGatewayBot;
  readonly "GET /users/@me": types.DiscordUser;
  readonly "GET /users/@me/guilds": Partial<types.DiscordGuild>[];
  readonly "POST /users/@me/channels": types.DiscordChannel;
  readonly "GET /users/:user_id": types.DiscordUser;
  readonly "GET /applications/@me": types.DiscordApplication;
  readonly "GET /oauth2/applications/@me": types.DiscordApplication;
  readonly "GET /applications/:application_id/commands": types.DiscordApplicationCommand[];
  readonly "PUT /applications/:application_id/commands": types.DiscordApplicationCommand[];
  readonly "GET /applications/:application_id/guilds/:guild_id/commands":
    types.DiscordApplicationCommand[];
  readonly "PUT /applications/:application_id/guilds/:guild_id/commands":
    types.DiscordApplicationCommand[];
  readonly "GET /channels/:channel_id": types.DiscordChannel;
  readonly "PATCH /channels/:channel_id": types.DiscordChannel;
  readonly "GET /channels/:channel_id/pins": Message[];
  readonly "POST /channels/:channel_id/messages": Message;
  readonly "GET /channels/:channel_id/messages": Message[];
  readonly "GET /channels/:channel_id/messages/:message_id": Message;
  readonly "PATCH /channels/:channel_id/messages/:message_id": Message;
  readonly "GET /channels/:channel_id/messages/:message_id/reactions/:emoji": types.DiscordUser[];
  readonly "GET /guilds/:guild_id": types.DiscordGuild;
  readonly "GET /guilds/:guild_id/channels": types.DiscordChannel[];
  readonly "GET /guilds/:guild_id/roles": types.DiscordRole[];
  readonly "GET /guilds/:guild_id/emojis": types.DiscordEmoji[];
  readonly "GET /guilds/:guild_id/threads/active": types.DiscordListActiveThreads;
  readonly "GET /guilds/:guild_id/members": types.DiscordMemberWithUser[];
  readonly "GET /guilds/:guild_id/members/:user_id": types.DiscordMemberWithUser;
  readonly "GET /guilds/:guild_id/voice-states/@me": types.DiscordVoiceState;
  readonly "POST /channels/:channel_id/webhooks": types.DiscordIncomingWebhook;
  readonly "GET /channels/:channel_id/webhooks": types.DiscordIncomingWebhook[];
  readonly "GET /webhooks/:webhook_id": types.DiscordIncomingWebhook;
  readonly "GET /webhooks/:webhook_id/:webhook_token": types.DiscordIncomingWebhook;
  readonly "POST /webhooks/:webhook_id/:webhook_token": Message;
  readonly "GET /webhooks/:webhook_id/:webhook_token/messages/:message_id": Message;
  readonly "PATCH /webhooks/:webhook_id/:webhook_token/messages/:message_id": Message;
  readonly "POST /interactions/:interaction_id/:interaction_token/callback":
    types.DiscordInteractionCallbackResponse;
}

/**
 * Discordeno's type of a payload; anything where it has none. It says "absent" where Discord says
 * `null`.
 */
export type Discordeno<Name> = Name extends keyof DiscordenoTypes
  ? OrNull<Wire<DiscordenoTypes[Name]>>
  : unknown;

type OrNull<Type> = Type extends object ? {
    readonly [Key in keyof Type]: undefined extends Type[Key] ? OrNull<Type[Key]> | null
      : OrNull<Type[Key]>;
  }
  : Type;
