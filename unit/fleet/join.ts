/**
 * Joins the parts of a unit that make it one of a fleet.
 *
 * @module
 */

import { Fleet } from "../../fleet/fleet.ts";
import type { FleetLine } from "../../ports/fleet/fleet.ts";
import { randomHex } from "../../ports/random.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import { lateFolders, NOTHING_ASIDE } from "../../store/late_folders.ts";
import { dropQueues, queuedShards } from "../../store/queue_folders.ts";
import type { Config } from "../../config/config.ts";
import { FleetPeers } from "../peers/fleet/fleet_peers.ts";
import { Crowds } from "../reshard/fleet/crowds.ts";
import { type Allotment, ownAllotment } from "../shares/allotment.ts";
import { FleetAllotment } from "./allotment.ts";
import { lateTo } from "./estates/late.ts";
import { ShardHoldings } from "./estates/shard_holdings.ts";
import { gateOpener } from "./identify.ts";
import { FleetSeat } from "./seat.ts";

/** What joining takes. */
export interface JoinOptions extends Pick<World, "store" | "clock" | "random" | "log"> {
  readonly config: Config;
  /** The line to the other units. Default: none, the unit is by itself. */
  readonly line?: FleetLine | null;
  /** The name of this unit in its fleet: no other one has it. */
  readonly unitName?: string;
  /** How much it wants to have, against the others. */
  readonly cores: number;
  /** `null`: memory only. */
  readonly queueDir: string | null;
  /** The fleet is another than before. */
  readonly changed: (fleet: FleetSnapshot) => void;
  /** Another process has this unit's name: this one is to end. */
  readonly replaced: (reason: string) => void;
}

/** How a unit comes to its shards, and its seat in the fleet. */
export interface Joined {
  /** `null`: it is by itself. */
  readonly seat: FleetSeat | null;
  readonly allotment: Allotment;
  /** Its clusters and services among those of the others; `null`: it is by itself. */
  readonly peers: FleetPeers | null;
  /** How full the shards of the others are; `null`: it is by itself. */
  readonly crowds: Crowds | null;
}

/** Where there is a line, a seat in the fleet; nothing is said there before the unit opens. */
export function joinFleet(options: JoinOptions): Joined {
  const { line = null, unitName } = options;
  if (line === null || unitName === undefined) {
    return { seat: null, allotment: ownAllotment(options), peers: null, crowds: null };
  }
  const seat = new FleetSeat(unitName);
  const peers = new FleetPeers({ ...options, line, seat });
  const crowds = new Crowds({ ...options, bus: line.bus, fleet: seat });
  return { seat, allotment: fleetAllotment(options, line, seat), peers, crowds };
}

function fleetAllotment(options: JoinOptions, line: FleetLine, seat: FleetSeat): FleetAllotment {
  const { config, cores, queueDir, clock, log } = options;
  const { services, totalClusters, eventHandlerUrls } = config;
  const { self } = seat;
  return new FleetAllotment({
    ...options,
    line,
    seat,
    createFleet: (first) =>
      new Fleet({
        ...options,
        line,
        unit: self,
        card: {
          cores,
          // Those of `EVENT_HANDLER_URL` are everybody's.
          clusters: eventHandlerUrls.length > 0 ? 0 : totalClusters,
          services: services.map(({ name }) => name),
          isLeaving: false,
        },
        nonce: randomHex(4),
        first,
        replaced: () => options.replaced(`another process has the name ${self}`),
      }),
    createHoldings: (unit, estates) =>
      new ShardHoldings({
        clock,
        log,
        self,
        line,
        estates,
        poolOf: (total) => unit.poolOf({ total, id: 0 }),
        epoch: () => seat.assignment?.epoch ?? 0,
        ownerOf: (shard) => seat.ownerOf(shard),
        aside: queueDir === null ? NOTHING_ASIDE : lateFolders(queueDir, { log }),
        deliver: lateTo({
          consumerOf: (shard) => unit.poolOf(shard).consumerOf(shard.id),
          ask: (...call) => unit.ask(...call),
        }),
      }),
    openGate: gateOpener({ line, view: seat }),
    async dropQueues() {
      if (queueDir === null) return;
      try {
        const { length: shards } = await queuedShards(queueDir);
        await dropQueues(queueDir, () => true);
        if (shards > 0) {
          log.error("events on disk were not of this fleet, they are lost", { shards });
        }
      } catch (error) {
        log.warn("events of another fleet were not deleted", { error: messageOf(error) });
      }
    },
  });
}
