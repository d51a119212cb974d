/**
 * How a unit of a fleet comes to its shards: it joins, and has what the assignment says. What it does with a shard says
 * `step.ts`, when `keeper.ts`, what others see of it `standing.ts`.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { EventStream } from "../../ports/fleet/event_stream.ts";
import type { FleetLine } from "../../ports/fleet/fleet.ts";
import type { IdentifyGate } from "../../ports/identify_gate.ts";
import { endInTurn } from "../../ports/lives/ending.ts";
import { randomHex } from "../../ports/random.ts";
import type { World } from "../../ports/world.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import type { Assignment } from "../../protocol/fleet.ts";
import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import { type ShardKey, shardRange } from "../../protocol/ids.ts";
import { Estates } from "../../store/estates.ts";
import type { Config } from "../../config/config.ts";
import type { IdentifyOptions } from "../identify.ts";
import { settledRecord } from "../reshard/record.ts";
import type { Allotment, Allotted, AllottedTo } from "../shares/allotment.ts";
import { dealtInTurn } from "../shares/share.ts";
import { CutOff } from "./cut_off.ts";
import type { Holdings } from "./holdings.ts";
import { Keeper } from "./keeper.ts";
import { FleetReshards } from "./resharding.ts";
import type { FleetSeat, Membership } from "./seat.ts";
import { fleetSnapshot } from "./standing.ts";

/** So long a unit that leaves takes to give its shards away; what it still has then, others take as if it had died. */
export const LEAVE_DEADLINE_MS = 25_000;
/** How the fleet stands is told so often at most. */
const TELL_MS = 1_000;
/** Shards that come or go within this time are one change for who counts them. */
const SHARE_MS = 50;

/** What is done with shards that come and go, from when it is known whose each is until all are closed. */
export interface KeptHoldings extends Holdings {
  /** The unit that has written a shard's estate last; `null`: none has. Rejects where nobody can be asked. */
  readonly writerOf: (shard: ShardKey) => Promise<string | null>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** With what a fleet begins. */
export interface First {
  readonly total: number;
  readonly stream: string;
}

/** With what a unit is in a fleet. */
export interface FleetAllotmentOptions extends Pick<World, "store" | "clock" | "log"> {
  readonly config: Pick<Config, "totalShards" | "natsEvents">;
  readonly line: FleetLine;
  readonly seat: FleetSeat;
  /**
   * What takes the seat.
   *
   * @param first What the fleet begins with where nobody has said so before.
   */
  readonly createFleet: (first: First) => Membership;
  /** What is done with a shard that comes or goes. */
  readonly createHoldings: (unit: AllottedTo, estates: Estates) => KeptHoldings;
  /** The gate that all units identify through. */
  readonly openGate: (options: IdentifyOptions) => Promise<IdentifyGate>;
  /** Whatever waits on this disk is of another numbering than the fleet's: it is of no use. */
  readonly dropQueues: () => Promise<void>;
  /** The fleet is another than before. */
  readonly changed: (fleet: FleetSnapshot) => void;
}

/** The allotment of a unit of a fleet. */
export class FleetAllotment implements Allotment {
  readonly deal = dealtInTurn;
  readonly isFixed = false;
  readonly #options: FleetAllotmentOptions;
  readonly #cutOff: CutOff;
  readonly #cancelWatch: Cancel;
  #estates: Estates | null = null;
  #unit: AllottedTo | null = null;
  #reshards: FleetReshards | null = null;
  #holdings: KeptHoldings | null = null;
  #keeper: Keeper | null = null;
  #cancelTell: Cancel | null = null;
  #cancelShare: Cancel | null = null;
  #told = "";
  /** What was begun last in the state folder. */
  #opening: Promise<unknown> = Promise.resolve();
  #isJoined = false;
  #isClosed = false;

  constructor(options: FleetAllotmentOptions) {
    this.#options = options;
    this.#cutOff = new CutOff({
      ...options,
      doubted: (isDoubted) => this.#unit?.doubt(isDoubted),
      changed: () => this.#tellSoon(),
    });
    this.#cancelWatch = options.seat.watch(() => this.#tellSoon());
  }

  /** See {@linkcode Allotment}. */
  get events(): EventStream | null {
    const { config, line } = this.#options;
    return config.natsEvents === "stream" ? line.events ?? null : null;
  }

  /** See {@linkcode Allotment}. */
  has(shard: ShardKey): boolean {
    return this.#keeper?.has(shard) ?? false;
  }

  /** See {@linkcode Allotment}. */
  whereIs(shard: ShardKey): string | null {
    const { seat } = this.#options;
    const owner = seat.ownerOf(shard);
    return owner === seat.self ? null : owner;
  }

  /** See {@linkcode Allotment}. */
  async open(recommended: number): Promise<Allotted> {
    const { config, seat, log, createFleet, dropQueues } = this.#options;
    const own = await this.#inFolder(
      Estates.open({ ...this.#options, newStream: randomHex(8) }),
    );
    const asked = config.totalShards;
    if (this.#isClosed) throw closed();
    const fleet = createFleet({ total: asked ?? recommended, stream: own.stream });
    seat.take(fleet);
    const { epoch, stream, totals } = await fleet.start();
    const [{ total }] = totals as [Assignment["totals"][number]];
    log.info("the fleet is joined", { unit: seat.self, totalShards: total, epoch });
    if (asked !== null && asked !== total) {
      log.warn("the fleet has another number of shards than is set", {
        totalShards: total,
        set: asked,
      });
    }
    const isOurs = stream === own.stream;
    if (!isOurs && own.sessions.size > 0) {
      log.warn("sessions of an earlier run are not of this fleet, they are not used");
    }
    if (!isOurs) await this.#inFolder(dropQueues());
    own.follow(stream);
    this.#estates = own;
    const reshards = this.#reshards = new FleetReshards({
      ...this.#options,
      isOfFleet: isOurs,
      has: (shard) => this.has(shard),
    });
    const record = await reshards.load() ?? settledRecord(total, asked);
    const opening = {
      record,
      saved: null,
      isAnew: false,
      isOtherThanSet: false,
      shardIds: shardRange(0, record.total - 1),
      // What others have now, they have from elsewhere.
      keptIds: shardRange(0, record.total - 1).filter((id) =>
        seat.ownerOf({ total: record.total, id }) === seat.self
      ),
    };
    return { estates: this.#estates, opening, reshard: reshards };
  }

  /** See {@linkcode Allotment}. */
  openGate(options: IdentifyOptions): Promise<IdentifyGate> {
    return this.#options.openGate(options);
  }

  /** See {@linkcode Allotment}. */
  async begin(unit: AllottedTo): Promise<void> {
    const { seat, createHoldings } = this.#options;
    const fleet = seat.fleet!;
    this.#unit = unit;
    unit.doubt(this.#cutOff.isDoubted);
    const holdings = this.#holdings = createHoldings(unit, this.#estates!);
    await holdings.start();
    if (this.#isClosed) throw closed();
    const reshards = this.#reshards!;
    reshards.join(unit.reshards);
    this.#keeper = new Keeper({
      ...this.#options,
      fleet,
      holdings: reshards.guarded(holdings),
      writerOf: holdings.writerOf,
      came: (shard) => unit.bringUp(shard),
      changed: () => this.#shareSoon(),
    });
    this.#keeper.start();
    await this.#keeper.settled();
    this.#isJoined = true;
    this.#tellSoon();
  }

  /** See {@linkcode Allotment}. */
  async leave(): Promise<void> {
    const { seat, log } = this.#options;
    if (this.#keeper === null || seat.fleet === null) return;
    const keeper = this.#keeper;
    // Its workers stop next: nothing is to come up in them again.
    const how = await seat.fleet.leave(LEAVE_DEADLINE_MS).finally(() => keeper.stop());
    const { length: shards } = keeper.held;
    if (how === "deadline") {
      log.warn("the unit stops before all is given away, others take the rest", { shards });
    }
  }

  /** See {@linkcode Allotment}. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#keeper?.stop();
    this.#reshards?.stop();
    this.#cutOff.stop();
    this.#cancelWatch();
    await endInTurn(
      () => this.#holdings?.close(),
      () => this.#cancelTell?.(),
      () => this.#cancelShare?.(),
      () => this.#options.seat.fleet?.stop(),
      // Why it failed, whoever opened has heard.
      () => this.#opening.catch(() => {}),
    );
  }

  #inFolder<Result>(work: Promise<Result>): Promise<Result> {
    this.#opening = work;
    return work;
  }

  /** See {@linkcode Allotment}. */
  recorded(): void {
    this.#reshards?.look();
  }

  /** See {@linkcode Allotment}. */
  get snapshot(): FleetSnapshot {
    const { seat: { self, leader, members, assignment }, line, config } = this.#options;
    return fleetSnapshot({
      self,
      isJoined: this.#isJoined,
      leader,
      members,
      assignment,
      taking: this.#keeper?.taking ?? 0,
      giving: this.#keeper?.giving ?? 0,
      cutOffSinceMs: this.#cutOff.sinceMs,
      lineWarnings: line.warnings,
      totalSet: config.totalShards,
    });
  }

  #tellSoon(): void {
    this.#cancelTell ??= this.#options.clock.after(TELL_MS, () => {
      this.#cancelTell = null;
      const { snapshot } = this;
      const text = JSON.stringify(snapshot);
      if (text !== this.#told) this.#options.changed(snapshot);
      this.#told = text;
    });
  }

  #shareSoon(): void {
    this.#tellSoon();
    this.#reshards?.look();
    this.#cancelShare ??= this.#options.clock.after(SHARE_MS, () => {
      this.#cancelShare = null;
      this.#unit?.shareChanged();
    });
  }
}

function closed(): GatehouseError {
  return new GatehouseError("away", "host", "Cannot join the fleet: the unit stops");
}
