/**
 * A reshard: all lots on their way from one total to the other. It begins them in turn as the day's identifies
 * allow, writes down what has come of each, and can be paused, cancelled, and gone on with by a later life of
 * the unit. How one lot goes is in `handover.ts`. In a fleet each unit does so with the lots whose shards it has,
 * and hears of the others'.
 *
 * @module
 */

import { type Cancel, every } from "../../ports/clock.ts";
import type { IdentifyGate } from "../../ports/identify_gate.ts";
import type { World } from "../../ports/world.ts";
import { INVALID_SHARD, SHARDING_REQUIRED } from "../../protocol/discord/close_codes.ts";
import { messageOf } from "../../protocol/errors.ts";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type {
  Lot,
  LotPhase,
  ReshardSnapshot,
  ReshardState,
  Seen,
  ShardRole,
} from "../../protocol/reshard.ts";
import type { ShardStatus } from "../../protocol/status.ts";
import type { GivenUp } from "../../protocol/worker_message.ts";
import { AGAIN_MS, Handover } from "./lots/handover.ts";
import type { Ledger } from "./lots/ledger.ts";
import type { LotShard } from "./lots/lot_shard.ts";
import { OwnLots } from "./lots/own_lots.ts";
import { ALONE, type LotsUnderWay, type Share } from "./lots/share.ts";
import type { Steered } from "./lots/steering.ts";
import type { Compares, Sides } from "./lots/sides.ts";
import { elsewhere, isUnderWay, snapshotOf, type StandingLot } from "./lots/standing.ts";
import { MoveRecord } from "./lots/move_record.ts";
import { beginLots, isRisen, lotNeed } from "./lots/turns.ts";
import { lotsOfRecord, ownerOf, type ReshardRecord, roleOf } from "./record.ts";

/** How often what nobody tells is looked at. */
export const TICK_MS = 100;
/** Progress is told so often at most. */
export const TELL_MS = 1_000;
/** Other units are told what is under way here so often at least. */
export const REPORT_MS = 2_000;
/** Units that have not told for so long that they are done hold up nobody's end. */
const SETTLE_MS = 60_000;
/** Discord does not take shards of this total: there are too many, or too few. */
const NOT_TAKEN: ReadonlySet<number | null> = new Set([INVALID_SHARD, SHARDING_REQUIRED]);

/** What a reshard works with. */
export interface ReshardOptions extends Pick<World, "clock" | "log"> {
  /** With the move that is made. Who has it calls {@linkcode Reshard.recorded}. */
  readonly ledger: Ledger;
  /** The move is not written down yet: before it is, no identify is spent on it. */
  readonly isNew: boolean;
  readonly record: ReshardRecord;
  readonly sides: Sides;
  readonly compares: Compares;
  readonly gate: Pick<IdentifyGate, "snapshot">;
  /** What of it is this unit's. Default: all. */
  readonly share?: Share;
  /** How it stands, a few times a second at most while something happens, and when it is over. */
  readonly changed: (snapshot: ReshardSnapshot) => void;
}

/** A reshard that is under way, or was. */
export class Reshard {
  /** Resolves with the state in which it ended, once nothing of the other total runs any more. */
  readonly ended: Promise<ReshardState>;
  readonly #options: ReshardOptions;
  readonly #share: Share;
  readonly #move: MoveRecord;
  readonly #all: readonly Lot[];
  readonly #lots: OwnLots;
  readonly #end = Promise.withResolvers<ReshardState>();
  /** Why no lot begins. */
  #held: string | null = null;
  #final: ReshardState | null = null;
  #isSettling = false;
  /** Since when all lots are where they are to be. */
  #thereMs: number | null = null;
  #isChanged = false;
  #isUntold = true;
  #toldMs = -Infinity;
  #reportedMs = -Infinity;
  #cancelTick: Cancel = () => {};
  #isStarted = false;
  #isStopped = false;

  constructor(options: ReshardOptions) {
    const { record, share = ALONE } = options;
    this.#options = options;
    this.#share = share;
    this.ended = this.#end.promise;
    this.#move = new MoveRecord({ ...options, share });
    this.#all = lotsOfRecord(record);
    this.#lots = new OwnLots({
      all: this.#all,
      fromTotal: record.total,
      toTotal: record.move!.to,
      share,
      take: (lot) => this.#take(lot),
    });
    this.#lots.look();
  }

  /** Writes down that it is under way, where that is news, and goes on with every lot from where it is. */
  start(): void {
    this.#isStarted = true;
    if (!this.#move.isKnown) this.#move.commit();
    for (const lot of this.#lots.all) this.#go(lot);
    this.#cancelTick = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** It cannot even begin here; in a fleet all goes back. */
  abandon(reason: string): void {
    const failed = { failed: reason, goal: this.#move.from };
    if (this.#share.unit === "") this.#move.steering.change(failed);
    else this.#move.steer(failed);
    this.#over();
  }

  /** Whether nothing moves any more. */
  get isOver(): boolean {
    return this.#final !== null;
  }

  /** Does nothing any more, for the unit stops: a later life goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTick();
    this.#move.stop();
    this.#lots.stop();
  }

  /** No further lot begins; those under way finish. */
  pause(): void {
    if (!this.#final) this.#steer({ isPaused: true });
  }

  /** Lots begin again. */
  resume(): void {
    if (!this.#final) this.#steer({ isPaused: false });
  }

  /** All goes back: what has not moved stays, what has moved takes the same way in the other direction. */
  cancel(): void {
    this.#goTo(this.#move.from, null);
  }

  /** What is written down is another: others have moved lots, or said how it is to go on. */
  recorded(record: ReshardRecord): void {
    this.#isChanged = true;
    if (this.#move.take(record)) this.#turn();
  }

  /** Shards are this unit's, or are to leave it, or are another's. */
  shared(): void {
    this.#lots.look();
    this.#isUntold = true;
  }

  /** Resolves when nothing is under way any more with the lots of these shards, which are to leave this unit. */
  left(shards: readonly ShardKey[]): Promise<void> {
    return this.#lots.left(shards);
  }

  /** What a shard of either total is to do; `null`: it does not run. */
  roleOf(key: ShardKey): ShardRole | null {
    const lot = this.#lots.ofShard(key);
    // Nobody knows who serves until it is written: one that comes up again now must not go on serving.
    if (lot?.phase === "writing" && isAmong(lot.oldShards, key)) return null;
    const risen = lot && isRisen(lot) && isAmong(lot.newShards, key) ? [shardKeyText(key)] : [];
    return roleOf(this.#move.record, key, new Set(risen));
  }

  /** Phase of the lot of this rest, as far as it is known here. */
  phaseOf(rest: number): LotPhase {
    return this.#standing(this.#all[rest]!, this.#others).phase;
  }

  /** Resolves when it is known who serves the lot of this rest: at once, but while that is about to change here. */
  decided(rest: number): Promise<void> {
    return this.#lots.decided(rest);
  }

  /** What came on a shard that tells it. */
  see(key: ShardKey, seen: readonly Seen[]): void {
    this.#lots.ofShard(key)?.see(key, seen);
  }

  /** A shard is in another state. */
  shardChanged(key: ShardKey, status: Pick<ShardStatus, "state" | "reason">): void {
    const lot = this.#lots.ofShard(key);
    if (!lot) return;
    const isRising = lot.phase === "rising" && isAmong(lot.newShards, key);
    if (isRising && status.state === "identifying") this.#move.countIdentify();
    lot.shardChanged(key, status);
  }

  /** Discord refuses a shard, and it has stopped: one of the total that is gone to ends the reshard. */
  gaveUp(key: ShardKey, { code, reason }: Pick<GivenUp, "code" | "reason">): void {
    const { from, to, steering } = this.#move;
    if (key.total !== to || steering.goal !== to || !NOT_TAKEN.has(code)) return;
    this.#goTo(from, `Discord does not take shard ${key.id} of ${to}: ${reason}`);
  }

  /** The worker of these shards is lost. */
  lost(keys: readonly ShardKey[]): void {
    const status = { state: "idle", reason: "its worker was lost" } as const;
    for (const key of keys) this.#lots.ofShard(key)?.shardChanged(key, status);
  }

  /** How it stands. */
  get snapshot(): ReshardSnapshot {
    const { from, move, steering, tally } = this.#move;
    const others = this.#others;
    return snapshotOf({
      from,
      move: { ...move, ...steering.said },
      final: this.#final,
      tally,
      lots: this.#all.map((lot) => this.#standing(lot, others)),
      held: this.#held,
      gate: this.#options.gate.snapshot,
    });
  }

  /** A lot is this unit's from now on, wherever another has left it. */
  #take(lot: Lot): Handover | null {
    const { record, turn, from, to, steering: { goal } } = this.#move;
    if (this.#final || record.turn !== turn) return null;
    const handover = new Handover({
      ...this.#options,
      lot,
      fromTotal: from,
      toTotal: to,
      owner: ownerOf(record, lot.rest),
      goal,
      write: (handed) => this.#move.hand(handed),
      away: () => this.#move.away,
      changed: () => this.#lotChanged(lot),
    });
    if (this.#isStarted) this.#go(handover);
    return handover;
  }

  #go(lot: Handover): void {
    if (lot.isBoundFor(this.#move.steering.goal)) lot.start();
    else lot.turn();
  }

  #goTo(goal: number, failed: string | null): void {
    if (this.#final || this.#isSettling || this.#move.steering.goal === goal) return;
    const { log } = this.#options;
    if (failed !== null) log.error("a reshard has failed, its guilds go back", { error: failed });
    this.#steer({ goal, failed, isPaused: false });
    this.#turn();
  }

  /** Lots that are on their way to the other total go back. */
  #turn(): void {
    if (!this.#isStarted) return;
    const { goal } = this.#move.steering;
    for (const lot of this.#lots.all) if (!lot.isBoundFor(goal)) lot.turn();
  }

  /** What is steered holds at once; a life that begins before it is on disk goes on as before. */
  #steer(changed: Steered): void {
    this.#isChanged = true;
    if (this.#isStarted) this.#move.steer(changed);
    else this.#move.steering.change(changed);
  }

  #lotChanged(lot: Lot): void {
    this.#isChanged = this.#isUntold = true;
    this.#lots.changed(lot);
  }

  #tick(): void {
    if (this.#isStopped) return;
    if (!this.#final) {
      for (const lot of this.#lots.all) if (isUnderWay(lot)) lot.tick();
      this.#begin();
      this.#settle();
    }
    this.#report();
    this.#tell();
  }

  #begin(): void {
    this.#held = null;
    const { steering, isKnown, isOver } = this.#move;
    if (steering.isPaused || this.#isSettling || !isKnown || isOver) return;
    this.#held = this.#move.away;
    if (this.#held !== null) return;
    const others = this.#others.map(({ need }) => need);
    this.#held = beginLots(this.#lots.staying, this.#options.gate.snapshot, others);
  }

  get #others(): readonly LotsUnderWay[] {
    return this.#share.others.filter(({ turn }) => turn === this.#move.turn);
  }

  /** All lots are where they were to be: that is the new total. */
  #settle(): void {
    if (this.#move.isOver) {
      if (!this.#lots.all.some(isUnderWay)) this.#over();
      return;
    }
    if (!this.#share.isLeader || this.#isSettling || !this.#isThere()) return;
    this.#isSettling = true;
    this.#move.settle().then(() => {
      if (this.#move.isOver) this.#over();
      else this.#isSettling = false;
    }, (error) => {
      const { log, clock } = this.#options;
      log.error("the end of a reshard was not written down", { error: messageOf(error) });
      clock.after(AGAIN_MS, () => {
        this.#isSettling = false;
        this.#tick();
      });
    });
  }

  /** Others may have their old shards to end; who is silent about it for long is not waited for. */
  #isThere(): boolean {
    const { goal } = this.#move.steering;
    const isThere = this.#lots.all.every((lot) => lot.phase === "moved" && lot.isBoundFor(goal)) &&
      this.#all.every(({ rest }) => this.#move.isThere(rest));
    if (!isThere) this.#thereMs = null;
    if (!isThere) return false;
    const nowMs = this.#options.clock.now();
    this.#thereMs ??= nowMs;
    return nowMs - this.#thereMs >= SETTLE_MS ||
      this.#others.every(({ lots }) => lots.length === 0);
  }

  #over(): void {
    if (this.#final !== null) return;
    const { log } = this.#options;
    const { from, to, steering, tally, isOver, record } = this.#move;
    if (isOver) steering.endAt(record.total);
    this.#final = steering.failed !== null ? "failed" : steering.goal === to ? "done" : "cancelled";
    log.debug("a reshard is over", { from, to, ...tally, state: this.#final });
    this.#toldMs = -Infinity;
    this.#isChanged = this.#isUntold = true;
    this.#tick();
    this.#cancelTick();
    this.#end.resolve(this.#final);
  }

  /** A lot as it is known here. */
  #standing(lot: Lot, others: readonly LotsUnderWay[]): StandingLot {
    const own = this.#lots.of(lot.rest);
    if (own) return { ...own.snapshot, need: lotNeed(own) };
    const { move, to, steering: { goal } } = this.#move;
    const news = goal === to ? lot.to : lot.from;
    return elsewhere(lot, news.length, this.#move.isThere(lot.rest), others, move.startedAtMs);
  }

  #report(): void {
    if (this.#share.unit === "") return;
    const { clock } = this.#options;
    if (!this.#isUntold && clock.now() - this.#reportedMs < REPORT_MS) return;
    this.#isUntold = false;
    this.#reportedMs = clock.now();
    this.#share.tell(this.#lots.underWay(this.#move.turn));
  }

  #tell(): void {
    const { clock, changed } = this.#options;
    if (!this.#isChanged || clock.now() - this.#toldMs < TELL_MS) return;
    this.#isChanged = false;
    this.#toldMs = clock.now();
    changed(this.snapshot);
  }
}

function isAmong(shards: readonly LotShard[], { total, id }: ShardKey): boolean {
  return shards.some(({ key }) => key.id === id && key.total === total);
}
