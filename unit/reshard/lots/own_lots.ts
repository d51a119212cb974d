/**
 * The lots of a reshard that are this unit's: who is given one goes on with it wherever another has left it, and lets
 * go of it when its shards are another's.
 *
 * @module
 */

import type { ShardKey } from "../../../protocol/ids.ts";
import type { Lot } from "../../../protocol/reshard.ts";
import type { Handover } from "./handover.ts";
import { needOf } from "./pace.ts";
import { type Hold, holdOfLot, type LotsUnderWay, type Share } from "./share.ts";
import { isUnderWay } from "./standing.ts";
import { isRisen, isUndecided, lotNeed } from "./turns.ts";

/** What they are made of. */
export interface OwnLotsOptions {
  readonly all: readonly Lot[];
  readonly fromTotal: number;
  readonly toTotal: number;
  readonly share: Share;
  /** Goes on with a lot from where it is written down to be; `null`: there is nothing to go on with. */
  readonly take: (lot: Lot) => Handover | null;
}

/** The lots of a unit. */
export class OwnLots {
  readonly #options: OwnLotsOptions;
  readonly #lots = new Map<number, Handover>();
  /** There may be thousands, and they are looked at many times a second. */
  #all: readonly Handover[] = [];
  #staying: readonly Handover[] = [];
  /** Who waits until it is known who serves a lot, and until nothing is under way with one. */
  readonly #undecided = new Waiting();
  readonly #leaving = new Waiting();
  #isStopped = false;

  constructor(options: OwnLotsOptions) {
    this.#options = options;
  }

  /** All of them. */
  get all(): readonly Handover[] {
    return this.#all;
  }

  /** Those of them that stay here, in the order of their rests. */
  get staying(): readonly Handover[] {
    return this.#staying;
  }

  /** What of them the others are told. */
  underWay(turn: number): LotsUnderWay {
    const underWay = this.all.filter(isUnderWay);
    return {
      unit: this.#options.share.unit,
      turn,
      lots: underWay.map(({ snapshot: { rest, phase, reason, sinceMs } }) => (
        { rest, phase, reason, sinceMs }
      )),
      need: needOf(underWay.filter(isRisen).map(lotNeed)),
    };
  }

  /** The one of this rest; `undefined`: it is another's, or there is none. */
  of(rest: number): Handover | undefined {
    return this.#lots.get(rest);
  }

  /** The one that a shard is of. */
  ofShard(shard: ShardKey): Handover | undefined {
    return this.#lots.get(this.#restOf(shard) ?? -1);
  }

  /** Shards are this unit's, or are to leave it, or are another's. */
  look(): void {
    if (this.#isStopped) return;
    for (const lot of this.#options.all) {
      const hold = this.#holdOf(lot);
      const known = this.#lots.get(lot.rest);
      if (hold === "stays" && !known) this.#take(lot);
      else if (known && hold === "leaves") known.leave();
      // What is to become of its shards here is not ours to say.
      else if (known && hold === null) this.#lose(lot.rest);
      this.#loseIfLeft(lot);
    }
    this.#list();
  }

  /** A lot is in another phase. */
  changed(lot: Lot): void {
    const known = this.#lots.get(lot.rest);
    if (!known || !isUndecided(known.phase)) this.#undecided.release(lot.rest);
    if (this.#loseIfLeft(lot)) this.#list();
  }

  /** Resolves when nothing is under way any more with the lots of these shards, which are to leave this unit. */
  async left(shards: readonly ShardKey[]): Promise<void> {
    this.look();
    const rests = new Set(shards.flatMap((shard) => this.#restOf(shard) ?? []));
    const open = [...rests].filter((rest) => this.#lots.has(rest));
    await Promise.all(open.map((rest) => this.#leaving.wait(rest)));
  }

  /** Resolves when it is known who serves a lot: at once, but while that is about to change here. */
  decided(rest: number): Promise<void> {
    const lot = this.#lots.get(rest);
    if (this.#isStopped || !lot || !isUndecided(lot.phase)) return Promise.resolve();
    return this.#undecided.wait(rest);
  }

  /** Does nothing any more, and lets nobody wait. */
  stop(): void {
    this.#isStopped = true;
    for (const lot of this.#all) lot.stop();
    this.#undecided.releaseAll();
    this.#leaving.releaseAll();
  }

  #restOf({ id, total }: ShardKey): number | undefined {
    const { all, fromTotal, toTotal } = this.#options;
    return total === fromTotal || total === toTotal ? id % all.length : undefined;
  }

  #holdOf(lot: Lot): Hold {
    const { share, fromTotal, toTotal } = this.#options;
    return holdOfLot(share, lot, fromTotal, toTotal);
  }

  #take(lot: Lot): void {
    const taken = this.#options.take(lot);
    if (taken) this.#lots.set(lot.rest, taken);
  }

  #loseIfLeft(lot: Lot): boolean {
    const known = this.#lots.get(lot.rest);
    const isLeft = known && !isUnderWay(known) && this.#holdOf(lot) !== "stays";
    if (isLeft) this.#lose(lot.rest);
    return isLeft === true;
  }

  #list(): void {
    const own = this.#options.all.filter(({ rest }) => this.#lots.has(rest));
    this.#all = own.map(({ rest }) => this.#lots.get(rest)!);
    this.#staying = own.filter((lot) => this.#holdOf(lot) === "stays")
      .map(({ rest }) => this.#lots.get(rest)!);
  }

  #lose(rest: number): void {
    this.#lots.get(rest)!.stop();
    this.#lots.delete(rest);
    this.#undecided.release(rest);
    this.#leaving.release(rest);
  }
}

/** Those who wait for something of a lot. */
class Waiting {
  readonly #waiting = new Map<number, (() => void)[]>();

  wait(rest: number): Promise<void> {
    return new Promise((resolve) =>
      this.#waiting.set(rest, [...this.#waiting.get(rest) ?? [], resolve])
    );
  }

  release(rest: number): void {
    const all = this.#waiting.get(rest) ?? [];
    this.#waiting.delete(rest);
    for (const resolve of all) resolve();
  }

  releaseAll(): void {
    for (const rest of [...this.#waiting.keys()]) this.release(rest);
  }
}
