/**
 * Gatehouse: the Deno-native home of a large Discord bot. Keeps its gateway shards alive, paces every
 * identify, proxies REST, and forwards every event to the bot's code.
 *
 * - `deno task start` runs it.
 * - `createGatehouse` runs it inside your program.
 * - `defineBot`, `defineService`, `discordenoBot` and `serveEvents` are for the bot's code.
 *
 * @module
 */

export type { EventsController, GatewayController, RestController } from "./app/controllers.ts";
export { createGatehouse, type Gatehouse, type GatehouseOptions } from "./app/gatehouse.ts";
export {
  type Answers,
  type Bot,
  type BotContext,
  CommandAnswer,
  type CommandContext,
  type EventContext,
  type EventPayload,
} from "./clusters/bot.ts";
export {
  type BotDefinition,
  defineBot,
  defineService,
  type EventHandlers,
  type EventName,
  type Hooks,
} from "./clusters/define_bot.ts";
export type {
  BotStatus,
  GatewayHelpers,
  MemberRequest,
  RequestedMembers,
} from "./clusters/gateway_helpers.ts";
export type { ClusterTarget, FetchOptions, Ipc, PeerControl } from "./clusters/ipc.ts";
export type { CommandOptions, CommandResults } from "./clusters/switchboard.ts";
export type { ClusterControl } from "./workers/cluster_place.ts";
export { discordenoBot, NO_TOKEN } from "./clusters/discordeno_bot.ts";
export type { Dispatches, NotedGuild, NotedInteraction } from "./clusters/dispatches.ts";
export { type Rest, RestError, type RestOptions } from "./clusters/rest.ts";
export { calculateShardId } from "./protocol/ids.ts";
export { type ErrorCode, GatehouseError } from "./protocol/errors.ts";
export type { Gap } from "./protocol/event_frame.ts";
export type { InteractionMark, InteractionNote } from "./protocol/interaction.ts";
export type { GuildArrival, GuildNote } from "./protocol/guild_note.ts";
export type { IntentName } from "./protocol/intents.ts";
export type * from "./protocol/status.ts";
export type { Wanted } from "./protocol/wanted.ts";
export type { ShardPayload } from "./protocol/worker_message.ts";
export { type EventServer, serveEvents, type ServeEventsOptions } from "./workers/serve_events.ts";
export {
  defineWorker,
  type DueBeat,
  type WorkerEvent,
  type WorkerHooks,
} from "./workers/worker_hooks.ts";

if (import.meta.main) {
  const { main } = await import("./app/main.ts");
  Deno.exit(await main(Deno.args));
}
