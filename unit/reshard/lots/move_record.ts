/**
 * What is written down of one move, and how it is to go on.
 *
 * @module
 */

import type { World } from "../../../ports/world.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import {
  type Move,
  type MoveTally,
  NO_TALLY,
  type ReshardRecord,
  settled,
  tallyOf,
  withMove,
} from "../record.ts";
import { type Handed, withHanded } from "./handed.ts";
import { AGAIN_MS } from "./handover.ts";
import type { Ledger } from "./ledger.ts";
import type { Share } from "./share.ts";
import { type Steered, Steering } from "./steering.ts";

/** What it takes. */
export interface MoveRecordOptions extends Pick<World, "clock" | "log"> {
  readonly ledger: Ledger;
  /** With the move, as it was at the start of this life. */
  readonly record: ReshardRecord;
  /** The move is not written down yet. */
  readonly isNew: boolean;
  readonly share: Pick<Share, "unit" | "epoch">;
}

/** A move as it is written down. */
export class MoveRecord {
  /** How it is to go on: that holds at once, and is written down with the next change. */
  readonly steering: Steering;
  /** The total that it began with. */
  readonly from: number;
  readonly #options: MoveRecordOptions;
  /** What all units had done when that was written down last. */
  #tally: MoveTally;
  #identifies: number;
  /** How many of them are in the tally. */
  #written: number;
  #isKnown: boolean;
  /** There may be thousands of lots. */
  #moved: { readonly of: Move | null; readonly rests: ReadonlySet<number> } = {
    of: null,
    rests: new Set(),
  };
  #isStopped = false;

  constructor(options: MoveRecordOptions) {
    const { record: { total, move }, share, isNew } = options;
    this.#options = options;
    this.from = total;
    this.steering = new Steering(move!);
    this.#tally = tallyOf(move!);
    this.#identifies = this.#written = move!.tallies[share.unit]?.identifies ?? 0;
    this.#isKnown = !isNew;
  }

  /** As it was at the start of this life. */
  get move(): Move {
    return this.#options.record.move!;
  }

  /** The total that it goes to, if it is not taken back. */
  get to(): number {
    return this.move.to;
  }

  /** Of the record in which it began. */
  get turn(): number {
    return this.#options.record.turn;
  }

  /** The record, of whichever move. */
  get record(): ReshardRecord {
    return this.#options.ledger.record;
  }

  /** Why nothing can be written just now; `null`: it can. */
  get away(): string | null {
    return this.#options.ledger.away;
  }

  /** Whether it is written down that there is this move: before that no identify is spent on it. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether it is written down that the move is over. */
  get isOver(): boolean {
    return this.#isKnown && this.record.turn !== this.turn;
  }

  /** Whether a lot is where all are to be, as is written down. */
  isThere(rest: number): boolean {
    const { move, total } = this.record;
    if (this.isOver || !move) return this.isOver;
    if (this.#moved.of !== move) this.#moved = { of: move, rests: new Set(move.moved) };
    return this.steering.goal === (this.#moved.rests.has(rest) ? move.to : total);
  }

  /** What all units have done so far. */
  get tally(): MoveTally {
    const { identifies } = this.#tally;
    return { ...this.#tally, identifies: identifies + this.#identifies - this.#written };
  }

  /** A shard of this unit identifies. */
  countIdentify(): void {
    this.#identifies++;
  }

  /** What is written down is another; gives whether others have said how it is to go on. */
  take({ turn, move }: ReshardRecord): boolean {
    if (turn !== this.turn || !move) return false;
    this.#tally = tallyOf(move);
    this.#written = move.tallies[this.#options.share.unit]?.identifies ?? 0;
    return this.steering.take(move);
  }

  /** Says how it is to go on, and writes that down: until it is, again and again. */
  steer(changed: Steered): void {
    this.steering.change(changed);
    this.commit();
  }

  /** Writes down what there is to write, again and again until it is. */
  commit(): void {
    this.#change((record) => record).then(() => void (this.#isKnown = true), (error) => {
      if (this.isOver) return;
      const { log, clock } = this.#options;
      log.error("how a reshard is to go on was not written down", { error: messageOf(error) });
      if (!this.#isStopped) clock.after(AGAIN_MS, () => this.commit());
    });
  }

  /**
   * Writes down that a lot is served by others: the moment of its handover.
   *
   * @throws {GatehouseError} As {@linkcode Ledger.write}; `away` where it is another unit's.
   */
  hand(handed: Handed): Promise<void> {
    return this.#change((record) => withHanded(record, handed, this.#options.share));
  }

  /** Writes down that the move is over, where every lot is where it was to be. */
  settle(): Promise<void> {
    const { goal } = this.steering;
    return this.#change((record) => settled(withMove(record, { goal })));
  }

  /** Tries nothing again. */
  stop(): void {
    this.#isStopped = true;
  }

  /** A change of this move, with what it has taken so far and how it is to go on; of no other. */
  #change(change: (record: ReshardRecord) => ReshardRecord): Promise<void> {
    const { ledger, share: { unit } } = this.#options;
    return ledger.write((before) => {
      if (before.turn !== this.turn || !before.move) {
        throw new GatehouseError("refused", "host", "Cannot go on moving guilds: the move is over");
      }
      const { tallies } = before.move;
      const own = { ...tallies[unit] ?? NO_TALLY, identifies: this.#identifies };
      return change(withMove(this.steering.in(before), { tallies: { ...tallies, [unit]: own } }));
    });
  }
}
