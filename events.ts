/**
 * The end of events: what a bot is written with, and how one on another host gets them. Loads nothing that a
 * unit is made of, so that a bot's own image is small.
 *
 * - `defineBot` and `discordenoBot` make a bot, `defineService` a service.
 * - `serveEvents` runs a bot that the unit dials (`EVENT_HANDLER_URL`), `connectEvents` one that dials the unit.
 *
 * @example A bot on another host, which the unit dials
 * ```ts ignore
 * import { defineBot, serveEvents } from "jsr:@gatehouse/gatehouse/events";
 *
 * const bot = defineBot({
 *   events: {
 *     async MESSAGE_CREATE(message, { rest }) {
 *       if (message.content !== "!ping") return;
 *       await rest.post(`/channels/${message.channel_id}/messages`, { content: "pong" });
 *     },
 *   },
 * });
 *
 * await serveEvents({ secretKey: Deno.env.get("EVENT_HANDLER_SECRET_KEY")! }, bot);
 * ```
 *
 * @module
 */

export {
  type Answers,
  type Bot,
  type BotContext,
  CommandAnswer,
  type CommandContext,
  type EventContext,
  type EventPayload,
} from "./bot/bot.ts";
export {
  type BotDefinition,
  defineBot,
  defineService,
  type EventHandlers,
  type EventName,
  type Hooks,
} from "./bot/define_bot.ts";
export { type DiscordenoBot, discordenoBot, NO_TOKEN } from "./bot/discordeno_bot.ts";
export type { Dispatches, NotedGuild, NotedInteraction, NotedReady } from "./bot/dispatches.ts";
export type {
  BotStatus,
  GatewayHelpers,
  MemberRequest,
  RequestedMembers,
} from "./bot/gateway_helpers.ts";
export type { ClusterTarget, FetchOptions, Ipc, PeerControl } from "./bot/ipc.ts";
export { type Rest, RestError, type RestOptions } from "./bot/rest.ts";
export {
  connectEvents,
  type ConnectEventsOptions,
  type EventClient,
} from "./clusters/inside/connect_events.ts";
export type { RemoteOptions } from "./clusters/inside/remote.ts";
export {
  type EventServer,
  serveEvents,
  type ServeEventsOptions,
} from "./clusters/inside/serve_events.ts";
export type { CommandOptions, CommandResults } from "./protocol/command.ts";
export type { Acknowledged, Gap, Moved } from "./protocol/event_frame.ts";
export type { Wanted } from "./protocol/link_call.ts";
export type * from "./protocol/status.ts";
export type { ShardPayload } from "./protocol/worker_message.ts";

// Words that these use.
export type * from "./discord.ts";
export type { Log, LogFields, LogLevel } from "./ports/log.ts";
export type { GuildArrival, GuildNote, SessionNote } from "./protocol/discord/guild_note.ts";
export { type IntentName, INTENTS } from "./protocol/discord/intents.ts";
export type { InteractionMark, InteractionNote } from "./protocol/discord/interaction.ts";
export { calculateShardId, type ShardKey } from "./protocol/ids.ts";
export type { ClusterKey, ConsumerKey, PeerKey, ServiceKey } from "./protocol/peer.ts";
export { type Blame, type ErrorCode, GatehouseError } from "./protocol/errors.ts";
