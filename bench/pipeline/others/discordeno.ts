/**
 * `@discordeno/gateway` in the main thread, as a bot uses it. Without compression: with `zlib-stream`
 * it fails on this runtime, on JSON cut in the wrong places.
 *
 * @module
 */

import { createGatewayManager } from "@discordeno/bot";
import { OP } from "../../../protocol/discord/opcodes.ts";
import type { ConnectOptions } from "../party.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

/** Connects all shards; resolves when each is ready. */
export async function connectDiscordeno(
  { world, shards, intents, dispatch }: ConnectOptions,
): Promise<void> {
  let up = 0;
  const ready = Promise.withResolvers<void>();
  const manager = createGatewayManager({
    token: world.token,
    intents,
    totalShards: shards,
    connection: {
      url: world.gatewayUrl,
      shards,
      sessionStartLimit: {
        total: 1_000,
        remaining: 1_000,
        resetAfter: 86_400_000,
        maxConcurrency: shards,
      },
    },
    // Names stay as they came: the cheaper of its two ways.
    preferSnakeCase: true,
    resharding: { enabled: false, shardsFullPercentage: 80, checkInterval: 28_800_000 },
    // Its lines would stand between the answers of this program.
    logger: SILENT,
    events: {
      message(shard, payload) {
        if (payload.op !== OP.DISPATCH) return;
        if (payload.t === "READY" && ++up === shards) ready.resolve();
        dispatch(shard.id, payload);
      },
    },
  });
  await manager.spawnShards();
  await ready.promise;
}
