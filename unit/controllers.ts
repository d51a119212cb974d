/**
 * What of a unit can be replaced by assignment, as Discordeno's guide has it:
 * `unit.gateway.requestIdentify = …`. The unit calls each at its moment; what it was before can be kept
 * and called. What has to run in a worker comes from a module instead: {@linkcode WorkerHooks}.
 *
 * @module
 */

import {
  type GatewayHelpers,
  gatewayHelpers,
  type RequestedMembers,
} from "../bot/gateway_helpers.ts";
import type { MembersRequest } from "../protocol/discord/members.ts";
import { parsePayload, type ShardPayload } from "../protocol/worker_message.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { Links } from "../link/links.ts";
import { GatehouseError } from "../protocol/errors.ts";
import type { Acknowledged } from "../protocol/event_frame.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { UnitCommands } from "./reshard/commands.ts";

/**
 * The gateway's methods. The helpers are there to be called, by you and by every cluster; the others
 * are called by the unit. All can be replaced.
 */
export interface GatewayController extends GatewayHelpers {
  /** Starts every worker. Called once, by `start()`. */
  spawnShards(): void;
  /**
   * Tells a worker to bring a shard up: by RESUME where there is a session, else by IDENTIFY. Called for
   * each shard of a worker that begins; a shard whose worker is not told stays idle.
   */
  tellWorkerToIdentify(workerId: number, shardId: number): void;
  /**
   * Which worker has a shard, from 0 and without a gap. Called for each shard when the unit starts, with
   * the workers and their shards as they would be: the place in that list is the worker's id. Later it is
   * there to be called, without them.
   */
  calculateWorkerId(shardId: number, proposed?: readonly (readonly number[])[]): number;
  /**
   * A shard without a session wants to identify. When this is done the shard joins the queue, which
   * keeps Discord's pace and the reserve whatever is done here. What it throws is logged, and the shard
   * joins all the same. By itself it does nothing.
   */
  requestIdentify(shardId: number): void | Promise<void>;
}

/** The REST proxy's one method. */
export interface RestController {
  /** Answers a request under `/api`, whose caller has not been looked at yet. */
  handle(request: Request): Promise<Response>;
}

/** The way of events from the workers to who consumes them, and of the acknowledgements back. */
export interface EventsController {
  /**
   * Hands a batch of records, as `docs/protocols.md` tells, to a peer's link. A batch that is kept
   * back has to be delivered later, to the same link and before the next one.
   */
  deliver(peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>): void;
  /** A peer is done with its events up to these cursors: they are forgotten. */
  acknowledged(peer: PeerKey, link: number, done: Acknowledged): void;
}

/** Everything that can be replaced. */
export interface Controllers {
  readonly gateway: GatewayController;
  readonly rest: RestController;
  readonly events: EventsController;
  /** Whether the program wants to see events or acknowledgements pass: then they go through the unit. */
  areEventsReplaced(): boolean;
}

/** What the methods lead to by themselves. */
export interface UnitCore {
  /** 0 until Discord has said. */
  readonly totalShards: number;
  readonly shardIds: readonly number[];
  /** Its fleet, whose shards are as good as its own; without it, or `null`: none. */
  readonly fleet?: { readonly shardIds: readonly number[] } | null;
  readonly rest: RestController;
  /** `null` until Discord has been asked. */
  readonly gateway: CoreGateway | null;
}

interface CoreGateway {
  readonly links: Pick<Links, "deliver">;
  readonly pool: CorePool;
  readonly commands: Pick<UnitCommands, "send" | "requestMembers">;
  acknowledge: EventsController["acknowledged"];
}

type CorePool = Pick<WorkerPool, "calculateWorkerId" | "spawnShards" | "tellWorkerToIdentify">;

/** Each as it is by itself. `unit` throws before it is started. */
export function createControllers(unit: () => UnitCore): Controllers {
  const gateway = () => gatewayOf(unit());
  const helpers = gatewayHelpers({
    totalShards: () => totalShardsOf(unit()),
    // deno-lint-ignore require-await -- what is thrown becomes a rejection
    shardIds: async () => (unit().fleet ?? unit()).shardIds,
    sendPayload: async (shardId, payload) =>
      await gateway().commands.send(shardId, { ...parsePayload(payload), ...originOf(payload) }),
    requestMembers: async (_, request) =>
      await gateway().commands.requestMembers(request as MembersRequest) as RequestedMembers,
  });
  const own: Omit<GatewayController, keyof GatewayHelpers> = {
    spawnShards: () => gateway().pool.spawnShards(),
    tellWorkerToIdentify: (...asked) => gateway().pool.tellWorkerToIdentify(...asked),
    calculateWorkerId: (shardId, proposed) =>
      proposed
        ? proposed.findIndex((shardIds) => shardIds.includes(shardId))
        : gateway().pool.calculateWorkerId(shardId),
    requestIdentify() {},
  };
  const deliver: EventsController["deliver"] = (...batch) => void gateway().links.deliver(...batch);
  const acknowledged: EventsController["acknowledged"] = (...done) =>
    gateway().acknowledge(...done);
  const events = { deliver, acknowledged };
  return {
    // The same object, not a copy: a helper sees what was put in the place of another.
    gateway: Object.assign(helpers, own),
    rest: { handle: (request) => unit().rest.handle(request) },
    events,
    areEventsReplaced: () => events.deliver !== deliver || events.acknowledged !== acknowledged,
  };
}

/**
 * The gateway side of a unit.
 *
 * @throws {GatehouseError} `not_ready` before there is one.
 */
export function gatewayOf<Gateway>({ gateway }: { readonly gateway: Gateway | null }): Gateway {
  if (gateway) return gateway;
  throw new GatehouseError("not_ready", "host", "Cannot do that: no shard has started yet");
}

/** Who reads beside the bot, and which shard is meant, is known by the payload wherever that goes. */
function originOf(
  { reader, totalShards }: ShardPayload,
): Pick<ShardPayload, "reader" | "totalShards"> {
  return {
    ...(reader !== undefined && { reader }),
    ...(totalShards !== undefined && { totalShards }),
  };
}

function totalShardsOf({ totalShards }: UnitCore): number {
  if (totalShards > 0) return totalShards;
  const text = "Cannot tell a guild's shard: Discord has not said yet how many there are";
  throw new GatehouseError("not_ready", "host", text);
}
