/**
 * A reshard: all lots on their way from one total to the other. It begins them in turn as the day's identifies
 * allow, writes down what has come of each, and can be paused, cancelled, and gone on with by a later life of
 * the unit. How one lot goes is in `handover.ts`.
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
  LotPhase,
  ReshardSnapshot,
  ReshardState,
  Seen,
  ShardRole,
} from "../../protocol/reshard.ts";
import type { ShardStatus } from "../../protocol/status.ts";
import type { GivenUp } from "../../protocol/worker_message.ts";
import { AGAIN_MS, type Handed, Handover } from "./lots/handover.ts";
import { Ledger } from "./lots/ledger.ts";
import { doneOf, type LotShard } from "./lots/lot_shard.ts";
import {
  handedOver,
  lotsOfRecord,
  type Move,
  type MoveTally,
  NO_TALLY,
  ownerOf,
  type ReshardRecord,
  roleOf,
  settled,
  withMove,
} from "./record.ts";
import type { Compares, Sides } from "./lots/sides.ts";
import { isUnderWay, snapshotOf } from "./lots/standing.ts";
import { beginLots, isRisen, isUndecided } from "./lots/turns.ts";

/** How often what nobody tells is looked at. */
export const TICK_MS = 100;
/** Progress is told so often at most. */
export const TELL_MS = 1_000;
/** Cuts that everybody has passed are taken out of the record so often. */
const TIDY_MS = 10_000;
/** Discord does not take shards of this total: there are too many, or too few. */
const NOT_TAKEN: ReadonlySet<number | null> = new Set([INVALID_SHARD, SHARDING_REQUIRED]);

/** What a reshard works with. */
export interface ReshardOptions extends Pick<World, "clock" | "log" | "store"> {
  /** With the move that is made. */
  readonly record: ReshardRecord;
  readonly sides: Sides;
  readonly compares: Compares;
  readonly gate: Pick<IdentifyGate, "snapshot">;
  /** What is written down is another: who serves what is to be looked up anew. */
  readonly recorded: (record: ReshardRecord) => void;
  /** How it stands, a few times a second at most while something happens, and when it is over. */
  readonly changed: (snapshot: ReshardSnapshot) => void;
}

/** What the operator, or the bot's fate, has made of the move. */
type Steering = Pick<Move, "goal" | "isPaused" | "failed">;

/** A reshard that is under way, or was. */
export class Reshard {
  /** Resolves with the state in which it ended, once nothing of the other total runs any more. */
  readonly ended: Promise<ReshardState>;
  readonly #options: ReshardOptions;
  /** The move as it was at the start of this life. */
  readonly #move: Move;
  /** The total that it began with. */
  readonly #from: number;
  readonly #lots: readonly Handover[];
  readonly #waiting = new Map<number, (() => void)[]>();
  readonly #end = Promise.withResolvers<ReshardState>();
  #steering: Steering;
  readonly #ledger: Ledger;
  #identifies: number;
  /** Why no lot begins. */
  #held: string | null = null;
  #final: ReshardState | null = null;
  /** What it had done in the end. */
  #tally: MoveTally = NO_TALLY;
  #isSettling = false;
  #isChanged = false;
  #toldMs = -Infinity;
  #tidiedMs: number;
  #cancelTick: Cancel = () => {};
  #isStarted = false;
  /** Before it is on disk no identify is spent on it: who starts anew has to know of it. */
  #isWritten = false;
  #isStopped = false;

  constructor(options: ReshardOptions) {
    const { record, clock } = options;
    this.#options = options;
    this.ended = this.#end.promise;
    this.#ledger = new Ledger({ ...options, doneOf: (key) => doneOf(options.sides.estateOf(key)) });
    this.#from = record.total;
    this.#move = record.move!;
    const { goal, isPaused, failed, to, tally } = this.#move;
    this.#steering = { goal, isPaused, failed };
    this.#identifies = tally.identifies;
    this.#tidiedMs = clock.now();
    this.#lots = lotsOfRecord(record).map((lot) =>
      new Handover({
        ...options,
        lot,
        fromTotal: record.total,
        toTotal: to,
        owner: ownerOf(record, lot.rest),
        goal,
        write: (handed) => this.#write(handed),
        changed: () => this.#lotChanged(lot.rest),
      })
    );
  }

  /** Writes down that it is under way, and goes on with every lot from where it is. */
  start(): void {
    this.#isStarted = true;
    void this.#steer({});
    for (const lot of this.#lots) {
      if (lot.isBoundFor(this.#steering.goal)) lot.start();
      else lot.turn();
    }
    this.#cancelTick = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** It cannot even begin. */
  abandon(reason: string): void {
    this.#steering = { ...this.#steering, failed: reason };
    this.#over();
  }

  /** Whether nothing moves any more. */
  get isOver(): boolean {
    return this.#final !== null;
  }

  /** Does nothing any more, for the unit stops: a later life goes on. Resolves when nothing is being written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTick();
    for (const lot of this.#lots) lot.stop();
    for (const rest of [...this.#waiting.keys()]) this.#decided(rest);
    await this.#ledger.settled();
  }

  /** What is on disk. */
  get record(): ReshardRecord {
    return this.#ledger.record;
  }

  /** No further lot begins; those under way finish. */
  pause(): void {
    if (!this.#final) void this.#steer({ isPaused: true });
  }

  /** Lots begin again. */
  resume(): void {
    if (!this.#final) void this.#steer({ isPaused: false });
  }

  /** All goes back: what has not moved stays, what has moved takes the same way in the other direction. */
  cancel(): void {
    this.#goTo(this.#from, null);
  }

  /** What a shard of either total is to do; `null`: it does not run. */
  roleOf(key: ShardKey): ShardRole | null {
    const lot = this.#lotOf(key);
    // Nobody knows who serves until it is written: one that comes up again now must not go on serving.
    if (lot?.phase === "writing" && isAmong(lot.oldShards, key)) return null;
    const risen = lot && isRisen(lot) && isAmong(lot.newShards, key) ? [shardKeyText(key)] : [];
    return roleOf(this.#ledger.record, key, new Set(risen));
  }

  /** Phase of the lot of this rest. */
  phaseOf(rest: number): LotPhase {
    return this.#lots[rest]!.phase;
  }

  /** Resolves when it is known who serves the lot of this rest: at once, but while that is about to change. */
  decided(rest: number): Promise<void> {
    if (this.#isStopped || !isUndecided(this.phaseOf(rest))) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(rest, [...this.#waiting.get(rest) ?? [], resolve]);
    return promise;
  }

  /** What came on a shard that tells it. */
  see(key: ShardKey, seen: readonly Seen[]): void {
    this.#lotOf(key)?.see(key, seen);
  }

  /** A shard is in another state. */
  shardChanged(key: ShardKey, status: Pick<ShardStatus, "state" | "reason">): void {
    const lot = this.#lotOf(key);
    if (!lot) return;
    const isRising = lot.phase === "rising" && isAmong(lot.newShards, key);
    if (isRising && status.state === "identifying") this.#identifies++;
    lot.shardChanged(key, status);
  }

  /** Discord refuses a shard, and it has stopped: one of the total that is gone to ends the reshard. */
  gaveUp(key: ShardKey, { code, reason }: Pick<GivenUp, "code" | "reason">): void {
    const { to } = this.#move;
    if (key.total !== to || this.#steering.goal !== to || !NOT_TAKEN.has(code)) return;
    this.#goTo(this.#from, `Discord does not take shard ${key.id} of ${to}: ${reason}`);
  }

  /** The worker of these shards is lost. */
  lost(keys: readonly ShardKey[]): void {
    const status = { state: "idle", reason: "its worker was lost" } as const;
    for (const key of keys) this.#lotOf(key)?.shardChanged(key, status);
  }

  /** How it stands. */
  get snapshot(): ReshardSnapshot {
    const tally = this.#ledger.record.move?.tally ?? this.#tally;
    return snapshotOf({
      from: this.#from,
      move: { ...this.#move, ...this.#steering },
      final: this.#final,
      tally: { ...tally, identifies: this.#identifies },
      lots: this.#lots,
      held: this.#held,
      gate: this.#options.gate.snapshot,
    });
  }

  #lotOf({ id, total }: ShardKey): Handover | undefined {
    if (total !== this.#from && total !== this.#move.to) return undefined;
    return this.#lots[id % this.#lots.length];
  }

  #goTo(goal: number, failed: string | null): void {
    if (this.#final || this.#isSettling || this.#steering.goal === goal) return;
    const { log } = this.#options;
    if (failed !== null) log.error("a reshard has failed, its guilds go back", { error: failed });
    void this.#steer({ goal, failed, isPaused: false });
    if (!this.#isStarted) return;
    for (const lot of this.#lots) if (!lot.isBoundFor(goal)) lot.turn();
  }

  /** What is steered holds at once; a life that begins before it is on disk goes on as before. */
  #steer(changed: Partial<Steering>): Promise<void> {
    this.#steering = { ...this.#steering, ...changed };
    this.#isChanged = true;
    if (!this.#isStarted) return Promise.resolve();
    return this.#commit((record) => record).then(() => void (this.#isWritten = true), (error) => {
      const { log, clock } = this.#options;
      log.error("how a reshard is to go on was not written down", { error: messageOf(error) });
      if (!this.#isStopped) clock.after(AGAIN_MS, () => void this.#steer({}));
    });
  }

  #write({ cuts, guilds, anchors, quiet, forced, rest, total }: Handed): Promise<void> {
    return this.#commit((record) => {
      const tally = record.move!.tally;
      const after = {
        ...tally,
        guilds: tally.guilds + guilds,
        anchors: tally.anchors + anchors,
        quiet: tally.quiet + quiet,
        forced: tally.forced + forced,
      };
      return withMove(handedOver(record, rest, total, cuts), { tally: after });
    });
  }

  #commit(change: (record: ReshardRecord) => ReshardRecord): Promise<void> {
    return this.#ledger.write((record) => {
      const changed = change(record);
      const tally = { ...changed.move?.tally ?? NO_TALLY, identifies: this.#identifies };
      this.#isChanged = true;
      return withMove(changed, { ...this.#steering, tally });
    });
  }

  #lotChanged(rest: number): void {
    this.#isChanged = true;
    if (!isUndecided(this.phaseOf(rest))) this.#decided(rest);
  }

  #decided(rest: number): void {
    const waiting = this.#waiting.get(rest) ?? [];
    this.#waiting.delete(rest);
    for (const resolve of waiting) resolve();
  }

  #tick(): void {
    if (this.#isStopped) return;
    if (!this.#final) {
      for (const lot of this.#lots) if (isUnderWay(lot)) lot.tick();
      this.#begin();
      this.#settle();
    }
    this.#tidy();
    this.#tell();
  }

  #begin(): void {
    this.#held = null;
    if (this.#steering.isPaused || this.#isSettling || !this.#isWritten) return;
    this.#held = beginLots(this.#lots, this.#options.gate.snapshot);
  }

  /** All lots are where they were to be: that is the new total. */
  #settle(): void {
    const { goal } = this.#steering;
    const isThere = this.#lots.every((lot) => lot.phase === "moved" && lot.isBoundFor(goal));
    if (!isThere || this.#isSettling) return;
    this.#isSettling = true;
    this.#tally = { ...this.#ledger.record.move!.tally, identifies: this.#identifies };
    this.#commit((record) => settled(withMove(record, { goal }))).then(
      () => this.#over(),
      (error) => {
        const { log, clock } = this.#options;
        log.error("the end of a reshard was not written down", { error: messageOf(error) });
        clock.after(AGAIN_MS, () => {
          this.#isSettling = false;
          this.#tick();
        });
      },
    );
  }

  #over(): void {
    const { goal, failed } = this.#steering;
    const { log } = this.#options;
    this.#final = failed !== null ? "failed" : goal === this.#move.to ? "done" : "cancelled";
    const fields = { from: this.#from, to: this.#move.to, ...this.#tally };
    log.debug("a reshard is over", { ...fields, state: this.#final });
    this.#toldMs = -Infinity;
    this.#isChanged = true;
    this.#tick();
    this.#end.resolve(this.#final);
  }

  /** Cuts are of no use once everybody has passed them. */
  #tidy(): void {
    const { clock, log } = this.#options;
    if (clock.now() - this.#tidiedMs < TIDY_MS) return;
    this.#tidiedMs = clock.now();
    if (this.#ledger.isUntidy) {
      this.#commit((record) => record).catch((error) =>
        log.error("cuts of a reshard were not taken out", { error: messageOf(error) })
      );
    } else if (this.#final && Object.keys(this.#ledger.record.cuts).length === 0) {
      this.#cancelTick();
    }
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
