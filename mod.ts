/**
 * Gatehouse: the Deno-native home of a large Discord bot. Keeps its gateway shards alive, paces every
 * identify, proxies REST, and forwards every event to the bot's code.
 *
 * - `deno task start` runs it.
 * - `createGatehouse` runs it inside your program.
 * - `defineBot`, `defineService`, `discordenoBot`, `serveEvents` and `connectEvents` are for the bot's code;
 *   `events.ts` has them without the rest.
 *
 * @module
 */

// Inside your own program.
export { createGatehouse, type Gatehouse, type GatehouseOptions } from "./app/gatehouse.ts";
export type { ClusterControl } from "./clusters/place.ts";
export type { ServiceModule, Settings } from "./config/config.ts";
export type * from "./protocol/status.ts";
export type * from "./protocol/reshard.ts";
export type { Cached } from "./protocol/guild_pieces.ts";
export type { Compression, ShardPayload } from "./protocol/worker_message.ts";
export type { Acknowledged } from "./protocol/event_frame.ts";
export type { EventsController, GatewayController, RestController } from "./unit/controllers.ts";

// The bot's code.
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
export type { Gap, Moved } from "./protocol/event_frame.ts";
export type { Wanted } from "./protocol/link_call.ts";

// Your code in the shard workers.
export {
  defineWorker,
  type DueBeat,
  type WorkerEvent,
  type WorkerHooks,
} from "./workers/worker_hooks.ts";

// Words that all of these use.
export type * from "./discord.ts";
export type { Log, LogFields, LogLevel } from "./ports/log.ts";
export type { GuildArrival, GuildNote, SessionNote } from "./protocol/discord/guild_note.ts";
export { type IntentName, INTENTS } from "./protocol/discord/intents.ts";
export type { InteractionMark, InteractionNote } from "./protocol/discord/interaction.ts";
export { calculateShardId, type ShardKey } from "./protocol/ids.ts";
export type { ClusterKey, ConsumerKey, PeerKey, ServiceKey } from "./protocol/peer.ts";
export { type Blame, type ErrorCode, GatehouseError } from "./protocol/errors.ts";

if (import.meta.main) {
  const { run } = await import("./app/cli/entry.ts");
  Deno.exit(await run(Deno.args));
}
