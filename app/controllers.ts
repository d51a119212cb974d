/**
 * What of a unit can be replaced by assignment, as Discordeno's guide has it:
 * `unit.gateway.requestIdentify = …`. Each is called by the unit at its moment; what it was before can
 * be kept and called.
 *
 * @module
 */

import type { GatewayHelpers } from "../clusters/gateway_helpers.ts";

/** The gateway's methods. The helpers among them are there to be called; all can be replaced. */
export interface GatewayController extends GatewayHelpers {
  /** Starts every worker, and every shard in it. Called once, by `start()`. */
  spawnShards(): void;
  /** Tells a worker to bring a shard up: by RESUME where there is a session, else by IDENTIFY. */
  tellWorkerToIdentify(workerId: number, shardId: number): void;
  /** Which worker holds a shard. Asked for each shard when the workers are planned. */
  calculateWorkerId(shardId: number): number;
  /**
   * A shard without a session wants to identify. When this resolves it joins the queue, which keeps
   * Discord's pace and the reserve whatever is done here.
   */
  requestIdentify(shardId: number): void | Promise<void>;
}

/** The REST proxy's one method. */
export interface RestController {
  /** Answers a request under `/api`. */
  handle(request: Request): Promise<Response>;
}

/** The way of events from the workers to the clusters, and of their acknowledgements back. */
export interface EventsController {
  /** Hands a batch of records to a cluster's link. What is not handed over is not acknowledged, and comes again. */
  deliver(clusterId: number, link: number, batch: Uint8Array<ArrayBuffer>): void;
  /** A cluster is done with its events up to these cursors, by shard. */
  acknowledged(clusterId: number, link: number, cursors: Readonly<Record<string, number>>): void;
}

/** Everything that can be replaced. */
export interface Controllers {
  readonly gateway: GatewayController;
  readonly rest: RestController;
  readonly events: EventsController;
}

/** Methods that are filled in as the unit is made, unless they were replaced before. */
export type Replaceable<Methods extends object> = { [Name in keyof Methods]?: Methods[Name] };
