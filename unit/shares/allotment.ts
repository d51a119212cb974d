/**
 * How a unit comes to its shards. By itself it has those from `FIRST_SHARD_ID` to `LAST_SHARD_ID` of the total that it
 * starts with, for as long as it lives; in a fleet it has what it is given (`../fleet/allotment.ts`).
 *
 * @module
 */

import type { IdentifyGate } from "../../ports/identify_gate.ts";
import { randomHex } from "../../ports/random.ts";
import type { World } from "../../ports/world.ts";
import { Estates } from "../../store/estates.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import type { Config } from "../../config/config.ts";
import type { Switchboard } from "../../link/switchboard.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import { createIdentifyQueue, type IdentifyOptions } from "../identify.ts";
import { type OpenedTotals, openTotals } from "../reshard/opening.ts";
import type { Reshards, ReshardsOptions } from "../reshard/reshards.ts";
import { ALONE, type Share } from "./share.ts";

/** With what a unit begins. */
export interface Allotted {
  readonly estates: Estates;
  readonly opening: OpenedTotals;
  /** Where reshards are written down, and which part is this unit's. Default: here, and all of it. */
  readonly reshard?: Required<Pick<ReshardsOptions, "records" | "share">>;
}

/** The shards of a unit that has begun, as whoever allots them moves them. */
export interface AllottedTo {
  /** The workers of a shard's total. */
  poolOf(shard: ShardKey): WorkerPool;
  /** What is under way from one total to another. */
  readonly reshards: Pick<Reshards, "claim" | "left" | "record" | "shared">;
  /** The unit has a shard that it had not: it comes up. */
  bringUp(shard: ShardKey): void;
  /** The unit has other shards than before: who counts them is to look again. */
  shareChanged(): void;
  /** Asks a cluster or service that has a link, as the switchboard does. */
  readonly ask: Switchboard["ask"];
  /** Others may have resumed sessions of this unit: a connection that ends is not resumed at once. */
  doubt(isDoubted: boolean): void;
}

/** Who allots shards to a unit. */
export interface Allotment extends Share {
  /**
   * Says with what the unit begins, once Discord has said how many shards it recommends.
   *
   * @throws {GatehouseError} `bad_config` where the settings do not fit.
   */
  open(recommended: number): Promise<Allotted>;
  /** Who may identify when. */
  openGate(options: IdentifyOptions): Promise<IdentifyGate>;
  /** The unit is there: shards come and go from now on. Resolves when those of the beginning are on their way. */
  begin(unit: AllottedTo): Promise<void>;
  /** The unit is about to stop: what others are to have is theirs when that resolves. */
  leave(): Promise<void>;
  /** It has stopped. Resolves when nothing of the state folder is being opened any more. */
  close(): Promise<void>;
  /** What is written down of reshards is another. */
  recorded(): void;
  /** The units and what they have; `null`: there is no fleet. */
  readonly snapshot: FleetSnapshot | null;
}

/** What a unit by itself opens with. */
export interface OwnAllotmentOptions extends Pick<World, "store" | "clock" | "log"> {
  readonly config: Pick<Config, "totalShards" | "firstShardId" | "lastShardId">;
}

/** The allotment of a unit by itself. */
export function ownAllotment(options: OwnAllotmentOptions): Allotment {
  const nothing = () => Promise.resolve();
  let opened: Promise<Allotted> | undefined;
  const open = async (recommended: number) => {
    const estates = await Estates.open({ ...options, newStream: randomHex(8) });
    return { estates, opening: await openTotals({ ...options, estates }, recommended) };
  };
  return {
    ...ALONE,
    open: (recommended) => opened = open(recommended),
    openGate: createIdentifyQueue,
    begin: nothing,
    leave: nothing,
    // Of who stops meanwhile, whoever opened has heard why; the folder is still in use.
    close: async () => void await opened?.catch(() => {}),
    recorded() {},
    snapshot: null,
  };
}
