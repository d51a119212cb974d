/**
 * What `pipeline_bench.ts` and `memory_bench.ts` compare: our gateway side as `app/` joins it, with real workers and
 * sockets, and a sharder of objects on Discordeno's gateway that sends one JSON text per event.
 *
 * @module
 */

import { createGatewayManager } from "@discordeno/bot";
import { CONFIG_DEFAULTS } from "../config/config.ts";
import { createControllers } from "../unit/controllers.ts";
import { UnitGateway } from "../unit/gateway.ts";
import { acceptLink } from "../app/http/link_socket.ts";
import { systemClock } from "../ports/clock.ts";
import { logTo } from "../ports/log.ts";
import { memoryStore } from "../ports/store.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import { shardRange } from "../protocol/ids.ts";
import type { Compression } from "../protocol/worker_message.ts";
import { spawnWorker } from "../workers/thread.ts";
import type { PeerAddress } from "./peer.ts";

/** What can be measured: a compression of ours, or the peer. */
export type UnitKind = Compression | "discordeno";

/** What is compared, the baseline first, with the name that tables have. */
export const UNIT_KINDS: readonly (readonly [UnitKind, string])[] = [
  ["discordeno", "@discordeno/gateway 21, no compression"],
  ["none", "Gatehouse, no compression"],
  ["zlib-stream", "Gatehouse, zlib-stream"],
];

const INTENTS = 0x331_ffff;
const IDENTIFIES = 1_000;

/** A sharder with a port for its consumer. */
export interface RunningUnit {
  /** Where the consumer dials. */
  readonly url: string;
  /** Resolves when every shard is ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a unit is started with. */
export interface UnitOptions {
  readonly peer: PeerAddress;
  readonly shards: number;
  readonly compression: Compression;
}

/** Our gateway side: a shard worker, the main thread that relays, an event link. */
export async function gatehouseUnit(
  { peer, shards, compression }: UnitOptions,
): Promise<RunningUnit> {
  const ready = Promise.withResolvers<void>();
  const up = new Set<number>();
  const rest = { handle: () => Promise.reject(new Error("there is no REST here")) };
  const shardIds = shardRange(0, shards - 1);
  const controllers = createControllers(() => ({ totalShards: shards, shardIds, rest, gateway }));
  const gateway: UnitGateway = await UnitGateway.create({
    controllers,
    config: {
      ...CONFIG_DEFAULTS,
      discordToken: peer.token,
      intents: INTENTS,
      gatewayCompression: compression,
      totalWorkers: 1,
    },
    info: gatewayInfo(peer, shards),
    totalShards: shards,
    shardIds,
    clusterIds: [0],
    clusterOfShard: Object.fromEntries(shardIds.map((id) => [id, 0])),
    cores: 1,
    clock: systemClock,
    log: logTo((level, event, fields) => {
      if (level === "error" || event.includes("queue is full")) console.error(event, fields);
    }),
    store: memoryStore(),
    queueDir: null,
    consumerDoor: { url: () => "ws://gatehouse.test/", isSecret: () => true },
    fetch,
    spawn: spawnWorker("least", null),
    linkChanged() {},
    shardChanged({ shardId, state }) {
      if (state === "ready" && up.add(shardId).size === shards) ready.resolve();
    },
    membersCached() {},
    exhausted: (reason) => ready.reject(new Error(reason)),
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => acceptLink(request, gateway.hub),
  );
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    start: () => {
      gateway.pool.spawnShards();
      return ready.promise;
    },
    async stop() {
      await gateway.stop();
      await server.shutdown();
    },
  };
}

/**
 * Discordeno's gateway in the main thread, each event written as one JSON text. Without compression:
 * with `zlib-stream` it loses events on this runtime.
 */
export function discordenoUnit({ peer, shards }: Omit<UnitOptions, "compression">): RunningUnit {
  let consumer: WebSocket | undefined;
  let up = 0;
  const ready = Promise.withResolvers<void>();
  const manager = createGatewayManager({
    token: peer.token,
    intents: INTENTS,
    totalShards: shards,
    connection: gatewayInfo(peer, shards),
    // Names stay as they came: the cheaper of its two ways.
    preferSnakeCase: true,
    resharding: NO_RESHARDING,
    // Its lines would stand between the answers of this program.
    logger: SILENT,
    events: {
      message(shard, payload) {
        if (payload.op !== OP.DISPATCH) return;
        if (payload.t === "READY" && ++up === shards) ready.resolve();
        consumer?.send(JSON.stringify({ shardId: shard.id, payload }));
      },
    },
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => consumer = socket;
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    start: async () => {
      await manager.spawnShards();
      await ready.promise;
    },
    async stop() {
      await manager.shutdown(1000, "done");
      await server.shutdown();
    },
  };
}

const NO_RESHARDING = { enabled: false, shardsFullPercentage: 80, checkInterval: 28_800_000 };
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

function gatewayInfo({ gatewayUrl }: PeerAddress, shards: number) {
  return {
    url: gatewayUrl,
    shards,
    sessionStartLimit: {
      total: IDENTIFIES,
      remaining: IDENTIFIES,
      resetAfter: 86_400_000,
      resetAfterMs: 86_400_000,
      maxConcurrency: shards,
    },
  };
}
