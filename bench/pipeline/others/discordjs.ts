/**
 * `@discordjs/ws` in the main thread, as a bot uses it. Without compression: with `zlib-stream` no
 * shard of it gets ready on this runtime.
 *
 * @module
 */

import { REST } from "@discordjs/rest";
import { WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import type { ConnectOptions } from "../party.ts";

/** Connects all shards; resolves when each is ready. */
export async function connectDiscordjs(
  { world, shards, intents, dispatch }: ConnectOptions,
): Promise<void> {
  let up = 0;
  const ready = Promise.withResolvers<void>();
  const manager = new WebSocketManager({
    token: world.token,
    intents,
    shardCount: shards,
    rest: new REST({ api: world.apiUrl }).setToken(world.token),
  });
  manager.on(WebSocketShardEvents.Error, (error) => console.error(error));
  manager.on(WebSocketShardEvents.Ready, () => {
    if (++up === shards) ready.resolve();
  });
  manager.on(WebSocketShardEvents.Dispatch, (payload, shardId) => dispatch(shardId, payload));
  await manager.connect();
  await ready.promise;
}
