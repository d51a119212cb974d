/**
 * What of a unit can be replaced by assignment, as Discordeno's guide has it:
 * `unit.gateway.requestIdentify = …`. The unit calls each at its moment; what it was before can be kept
 * and called. What has to run in a worker comes from a module instead: {@linkcode WorkerHooks}.
 *
 * @module
 */

import type { GatewayHelpers } from "../bot/gateway_helpers.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { UnitGateway } from "./gateway.ts";
import type { Unit } from "./unit.ts";
import { unitGateway } from "./unit_ipc.ts";
import { gatewayOf } from "./unit_methods.ts";

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

/** The way of events from the workers to the clusters, and of their acknowledgements back. */
export interface EventsController {
  /**
   * Hands a batch of records, as `docs/protocols.md` tells, to a peer's link. A batch that is kept
   * back has to be delivered later, to the same link and before the next one.
   */
  deliver(peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>): void;
  /** A peer is done with its events up to these cursors, by shard: they are forgotten. */
  acknowledged(peer: PeerKey, link: number, cursors: Readonly<Record<string, number>>): void;
}

/** Everything that can be replaced. */
export interface Controllers {
  readonly gateway: GatewayController;
  readonly rest: RestController;
  readonly events: EventsController;
  /** Whether the program wants to see events or acknowledgements pass: then they go through the unit. */
  areEventsReplaced(): boolean;
}

/** Each as it is by itself. `unit` throws before it is started. */
export function createControllers(unit: () => Unit): Controllers {
  const gateway = (): UnitGateway => gatewayOf(unit());
  const deliver: EventsController["deliver"] = (peer, link, batch) =>
    void gateway().links.deliver(peer, link, batch);
  const acknowledged: EventsController["acknowledged"] = (peer, link, cursors) =>
    gateway().pool.acknowledge(peer, link, cursors);
  const events = { deliver, acknowledged };
  return {
    gateway: {
      ...unitGateway(unit),
      spawnShards: () => gateway().pool.spawnShards(),
      tellWorkerToIdentify: (workerId, shardId) =>
        gateway().pool.tellWorkerToIdentify(workerId, shardId),
      calculateWorkerId: (shardId, proposed) =>
        proposed
          ? proposed.findIndex((shardIds) => shardIds.includes(shardId))
          : gateway().pool.calculateWorkerId(shardId),
      requestIdentify() {},
    },
    rest: { handle: (request) => unit().rest.handle(request) },
    events,
    areEventsReplaced: () => events.deliver !== deliver || events.acknowledged !== acknowledged,
  };
}
