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
export type * from "./protocol/reshard.ts";
export type { Cached } from "./protocol/guild_pieces.ts";
export type { Compression } from "./protocol/worker_message.ts";
export type { EventsController, GatewayController, RestController } from "./unit/controllers.ts";

// Your code in the shard workers.
export {
  defineWorker,
  type DueBeat,
  type WorkerEvent,
  type WorkerHooks,
} from "./workers/worker_hooks.ts";

// The bot's code, on this host or another.
export * from "./events.ts";

if (import.meta.main) {
  const { run } = await import("./app/cli/entry.ts");
  Deno.exit(await run(Deno.args));
}
