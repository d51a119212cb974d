/**
 * One lot on its way from one total to the other: does what the table asks for, and tells it what has
 * happened. The table is `table.ts`; what comes of all lots is `reshard.ts`.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import { endTogether } from "../../../ports/lives/ending.ts";
import type { World } from "../../../ports/world.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import { type ShardKey, shardKeyText } from "../../../protocol/ids.ts";
import type { Cuts, Held, Lot, LotPhase, LotSnapshot, Seen } from "../../../protocol/reshard.ts";
import type { ShardStatus } from "../../../protocol/status.ts";
import { cutsWithDead } from "./dead.ts";
import type { Handed } from "./handed.ts";
import { LotShard } from "./lot_shard.ts";
import type { Compares, Comparing, CutResult, Holding, Sides } from "./sides.ts";
import { newLot, step } from "./step.ts";
import type { Effect, Input, State } from "./words.ts";

/** What may not have been done is tried again so much later. */
export const AGAIN_MS = 1_000;
/** A worker that took longer to answer had stalled: what has come on its sockets meanwhile it may not have read. */
export const HEARD_WITHIN_MS = 1_000;
/** A bot that is behind all the time, but goes on, has its guilds held after so long all the same. */
export const BEHIND_MS = 120_000;

/** What a handover works with. */
export interface HandoverOptions extends Pick<World, "clock" | "log"> {
  readonly lot: Lot;
  readonly fromTotal: number;
  readonly toTotal: number;
  /** Which total serves the lot now, and which is to. */
  readonly owner: number;
  readonly goal: number;
  readonly sides: Sides;
  readonly compares: Compares;
  /** Writes it down; when that resolves, it outlives whatever happens; what is `refused` was surely not written. */
  readonly write: (handed: Handed) => Promise<void>;
  /** Why nothing can be written down just now; `null`: it can. Default: it always can. */
  readonly away?: () => string | null;
  /** The phase is another. */
  readonly changed: () => void;
}

/** The way of one lot. */
export class Handover {
  readonly #options: HandoverOptions;
  /** Made anew for each way: of guilds that have moved nothing is remembered. */
  #from!: readonly LotShard[];
  #to!: readonly LotShard[];
  #state: State;
  #sinceMs: number;
  /** What has come of holding, of this time only. */
  #hold: Holding | null = null;
  #comparing: Comparing | null = null;
  /** The old shards that are compared: those that live. */
  #alive: readonly LotShard[] = [];
  #armed: { readonly atMs: number; readonly done: readonly number[] } | null = null;
  #result: CutResult | null = null;
  #cancelAgain: Cancel = () => {};
  #isStopped = false;

  constructor(options: HandoverOptions) {
    const { toTotal, owner, goal, clock } = options;
    this.#options = options;
    this.#forget();
    this.#state = newLot(goal === toTotal ? "there" : "back", owner === goal);
    this.#sinceMs = clock.epochMs();
  }

  /** Goes on from what an earlier life has left. */
  start(): void {
    if (this.#state.kind === "ending") this.#do({ do: "end", isAgain: false });
  }

  /** Its new shards come up. */
  begin(): void {
    this.#step({ kind: "begin" });
  }

  /** It goes the other way from now on, or as soon as that can be. */
  turn(): void {
    this.#step({ kind: "turn" });
  }

  /** Another unit is to go on with it: from now on, or as soon as that can be, it is where nothing is under way. */
  leave(): void {
    if (this.phase !== "waiting") this.#step({ kind: "left" });
  }

  /** Does nothing any more: the unit stops, or another has the lot. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelAgain();
  }

  /** Its phase. */
  get phase(): LotPhase {
    return this.#state.kind;
  }

  /** Whether it is to stay where it is: it has arrived, or will have, and does not turn. */
  isBoundFor(total: number): boolean {
    const { way, isTurned } = this.#state;
    const goesThere = (way === "there") !== isTurned;
    return total === (goesThere ? this.#options.toTotal : this.#options.fromTotal);
  }

  /** The shards that it goes to. */
  get newShards(): readonly LotShard[] {
    return this.#state.way === "there" ? this.#to : this.#from;
  }

  /** The shards that it comes from. */
  get oldShards(): readonly LotShard[] {
    return this.#state.way === "there" ? this.#from : this.#to;
  }

  /** It as seen from outside. */
  get snapshot(): LotSnapshot {
    const { kind: phase, reason } = this.#state;
    return { ...this.#options.lot, phase, reason, sinceMs: this.#sinceMs };
  }

  /** What came on a shard of its. */
  see(key: ShardKey, seen: readonly Seen[]): void {
    const nowMs = this.#options.clock.epochMs();
    const isNew = key.total === this.#newTotal;
    const shard = (isNew ? this.newShards : this.oldShards).find((each) => each.key.id === key.id);
    shard?.see(seen, nowMs);
    if (!this.#isCompared) return;
    if (isNew || this.#alive.includes(shard!)) {
      this.#comparing?.see(isNew ? "to" : "from", key.id, seen);
    }
    if (this.phase === "holding") this.tick();
  }

  /** A shard of its is in another state. */
  shardChanged(key: ShardKey, { state, reason }: Pick<ShardStatus, "state" | "reason">): void {
    if (state === "ready" || !this.#isCompared) return;
    const isCompared = key.total === this.#newTotal ||
      this.#alive.some((shard) => shard.key.id === key.id);
    if (!isCompared) return;
    this.#step({
      kind: "broken",
      reason: `shard ${key.id} of ${key.total} is ${state}: ${reason}`,
    });
  }

  /** Looks at what nobody tells: to be called some times a second, and when something was seen. */
  tick(): void {
    const nowMs = this.#options.clock.epochMs();
    for (const shard of this.oldShards) shard.tick(nowMs);
    if (this.phase === "rising") return this.#lookRising(nowMs);
    if (!this.#isCompared) return;
    const compared = [...this.newShards, ...this.#alive];
    const reason = compared.map((shard) => shard.brokenBy).find((each) => each !== null);
    if (reason) return this.#step({ kind: "broken", reason });
    if (this.phase === "comparing") this.#lookComparing(nowMs);
    else this.#lookHolding(nowMs);
  }

  get #isCompared(): boolean {
    return this.phase === "comparing" || this.phase === "holding";
  }

  get #newTotal(): number {
    const { fromTotal, toTotal } = this.#options;
    return this.#state.way === "there" ? toTotal : fromTotal;
  }

  get #oldTotal(): number {
    const { fromTotal, toTotal } = this.#options;
    return this.#state.way === "there" ? fromTotal : toTotal;
  }

  #lookRising(nowMs: number): void {
    const alive = this.oldShards.filter((shard) => !shard.isDead(nowMs));
    const waits = [
      ...this.newShards.map((shard) => shard.loadsWith(nowMs)),
      ...alive.map(({ name, status: { state, reason } }) =>
        state === "ready" ? null : `${name} is ${state}: ${reason}`
      ),
    ].find((each) => each !== null);
    if (waits) return this.#wait(waits);
    const isSame = alive.length === this.#alive.length &&
      alive.every((shard, at) => shard === this.#alive[at]);
    if (!isSame) [this.#alive, this.#comparing] = [alive, null];
    this.#step({ kind: alive.length === 0 ? "alone" : "whole" });
  }

  #lookComparing(nowMs: number): void {
    const away = this.#options.away?.() ?? null;
    if (away !== null) return this.#wait(away);
    if (!this.#comparing!.isArmed(nowMs)) {
      this.#armed = null;
      return this.#wait(this.#comparing!.waitsFor(nowMs));
    }
    const done = this.oldShards.map(({ estate }) => estate.acknowledged);
    const armed = this.#armed ??= { atMs: nowMs, done };
    const isLate = nowMs - armed.atMs >= BEHIND_MS;
    const behind = this.oldShards
      .map((shard, at) => isLate && done[at]! > armed.done[at]! ? null : shard.behind())
      .find((each) => each !== null);
    if (behind) return this.#wait(behind);
    this.#step({ kind: "armed" });
  }

  #lookHolding(nowMs: number): void {
    const away = this.#options.away?.() ?? null;
    if (away !== null) return this.#step({ kind: "shut", reason: away });
    const helds = this.#hold?.helds;
    if (!helds) return this.#wait("the old shards are about to hold back what comes");
    const isAlone = this.#alive.length === 0;
    if (!isAlone && !this.#comparing!.isArmed(nowMs)) return this.#step({ kind: "doubted" });
    this.#result ??= isAlone ? NOTHING_COMPARED : this.#comparing!.cuts(nowMs);
    if (!this.#result) return this.#wait(this.#comparing!.waitsFor(nowMs));
    if (this.#result.forced > 0 && !this.#hold!.isHeard) return this.#hear(this.#hold!);
    const behind = this.oldShards
      .map((shard) => shard.behind(helds.get(shard.key.id)!.through))
      .find((each) => each !== null);
    if (behind) return this.#wait(behind);
    this.#step({ kind: "cut" });
  }

  #wait(reason: string): void {
    if (reason !== this.#state.reason) this.#state = { ...this.#state, reason };
  }

  #step(input: Input): void {
    if (this.#isStopped) return;
    const before = this.#state;
    const [state, ...effects] = step(before, input);
    // What it leaves behind is of the way that it was on.
    for (const effect of effects.filter((each) => LEAVES.has(each.do))) this.#do(effect);
    this.#state = state;
    if (state.kind !== before.kind) this.#enter(before.kind);
    for (const effect of effects.filter((each) => !LEAVES.has(each.do))) this.#do(effect);
    if (state.kind !== before.kind) this.#options.changed();
  }

  #enter(before: LotPhase): void {
    const { clock, log } = this.#options;
    this.#sinceMs = clock.epochMs();
    this.#armed = null;
    this.#cancelAgain();
    const { kind: phase, reason } = this.#state;
    const shards = (each: readonly LotShard[]) => each.map(({ key }) => shardKeyText(key)).join();
    const fields = { from: shards(this.oldShards), to: shards(this.newShards), phase };
    // Whoever reads the status tells of it in as many lines as a person reads.
    log.debug("guilds move to other shards", { ...fields, before, reason });
    if (phase === "moved" || phase === "waiting") this.#forget();
  }

  #forget(): void {
    const { lot, fromTotal, toTotal, sides } = this.#options;
    this.#from = lot.from.map((id) => new LotShard({ total: fromTotal, id }, sides));
    this.#to = lot.to.map((id) => new LotShard({ total: toTotal, id }, sides));
    [this.#alive, this.#comparing, this.#hold, this.#result] = [[], null, null, null];
  }

  #do(effect: Effect): void {
    const { sides } = this.#options;
    const [oldSide, newSide] = [sides.of(this.#oldTotal), sides.of(this.#newTotal)];
    const olds = this.oldShards.map(({ key: { id } }) => id);
    const news = this.newShards.map(({ key: { id } }) => id);
    switch (effect.do) {
      case "raise":
        return news.forEach((id) => newSide.bringUp(id, { kind: "rises" }));
      case "compare":
        this.#compare();
        return olds.forEach((id) => oldSide.watch(id, true));
      case "stop comparing":
        return olds.forEach((id) => oldSide.watch(id, false));
      case "hold":
        return void this.#holdBack(olds.map((id) => [id, oldSide.hold(id)]));
      case "lift":
        [this.#hold, this.#result] = [null, null];
        this.#comparing?.lifted();
        return olds.forEach((id) => oldSide.lift(id));
      case "write":
        return this.#later(effect, () => this.#write(effect.isAgain));
      case "serve":
        for (const [id, cuts] of this.#cuts()) newSide.serve(id, cuts);
        return;
      case "end":
        return this.#later(effect, () => this.#end(olds.map((id) => () => oldSide.endShard(id))));
    }
  }

  #compare(): void {
    const { compares, lot, clock } = this.#options;
    for (const shard of [...this.newShards, ...this.#alive]) shard.isWhole();
    if (this.#alive.length === 0) return;
    const olds = this.#alive.map(({ key: { id } }) => id);
    const news = this.newShards.map(({ key: { id } }) => id);
    const way = { fromTotal: this.#oldTotal, toTotal: this.#newTotal };
    this.#comparing ??= compares({ ...way, lot: { rest: lot.rest, from: olds, to: news } });
    const atMs = clock.epochMs();
    this.#comparing.whole(atMs);
    // Of a guild of which nothing comes any more, all that had come is served: it must not come again.
    for (const { key: { id }, newest } of this.newShards) {
      this.#comparing.see("to", id, [{ cursor: newest, guildId: "", key: null, atMs }]);
    }
  }

  async #holdBack(asked: readonly (readonly [number, Promise<Held>])[]): Promise<void> {
    const hold: Holding = { helds: null, isAsked: false, isHeard: false };
    [this.#hold, this.#result] = [hold, null];
    try {
      const answers = await Promise.all(asked.map(async ([id, held]) => [id, await held] as const));
      if (this.#hold !== hold || this.phase !== "holding") return;
      hold.helds = new Map(answers);
      const alive = new Set(this.#alive.map(({ key: { id } }) => id));
      if (alive.size > 0) {
        const loaded = this.newShards.map(({ key: { id }, loaded }) => [id, loaded] as const);
        this.#comparing!.held(new Map(answers.filter(([id]) => alive.has(id))), new Map(loaded));
      }
      this.tick();
    } catch (error) {
      if (this.#hold !== hold) return;
      this.#step({ kind: "broken", reason: `could not hold back: ${messageOf(error)}` });
    }
  }

  /** What a new shard lacks may be on its way, or its worker silent for good: before a cut is forced it is heard. */
  #hear(hold: Holding): void {
    this.#wait("the new shards are about to say that they have told all that came");
    if (hold.isAsked) return;
    hold.isAsked = true;
    const { clock } = this.#options;
    const askedMs = clock.epochMs();
    const side = this.#options.sides.of(this.#newTotal);
    Promise.all(this.newShards.map(({ key: { id } }) => side.hear(id))).then(
      () => {
        if (this.#hold !== hold) return;
        hold.isAsked = false;
        hold.isHeard = clock.epochMs() - askedMs <= HEARD_WITHIN_MS;
        this.#result = null;
        this.tick();
      },
      (error) => {
        if (this.#hold !== hold) return;
        this.#step({ kind: "broken", reason: `a new shard is silent: ${messageOf(error)}` });
      },
    );
  }

  /** At once, or after a pause where it was tried before. */
  #later({ isAgain }: { readonly isAgain: boolean }, task: () => Promise<void>): void {
    this.#cancelAgain();
    if (!isAgain) return void task();
    this.#cancelAgain = this.#options.clock.after(AGAIN_MS, () => void task());
  }

  async #write(isAgain: boolean): Promise<void> {
    const { write, lot, log } = this.#options;
    const helds = [...this.#hold!.helds!.values()];
    const guilds = this.#alive.length === 0
      ? this.newShards.reduce((sum, shard) => sum + shard.guildIds.size, 0)
      : helds.reduce((sum, { guildIds }) => sum + guildIds.length, 0);
    const handed = { ...this.#result!, cuts: this.#cuts(), rest: lot.rest, guilds };
    try {
      await write({ ...handed, total: this.#newTotal });
    } catch (error) {
      const reason = messageOf(error);
      // What was tried before may be written, whatever has become of this time.
      if (!isAgain && error instanceof GatehouseError && error.code === "refused") {
        log.warn("that guilds have moved was not written down, they stay for now", {
          lot: lot.rest,
          reason,
        });
        return this.#step({ kind: "shut", reason });
      }
      const event = "that guilds have moved could not be written down, they wait";
      log.error(event, { lot: lot.rest, error: reason });
      return this.#step({ kind: "unwritten", reason });
    }
    this.#step({ kind: "written" });
  }

  /** The cuts, where everything is delivered of what an old shard that is dead can have missed. */
  #cuts(): ReadonlyMap<number, Cuts> {
    const dead = this.oldShards.filter((shard) => !this.#alive.includes(shard));
    return dead.length === 0
      ? this.#result!.cuts
      : cutsWithDead(this.#result!.cuts, dead, this.oldShards, this.newShards);
  }

  async #end(ends: readonly (() => Promise<void>)[]): Promise<void> {
    const reason = await endTogether(...ends).then(() => null, messageOf);
    this.#step(reason === null ? { kind: "ended" } : { kind: "unended", reason });
  }
}

const LEAVES: ReadonlySet<Effect["do"]> = new Set(["lift", "stop comparing"]);
const NOTHING_COMPARED: CutResult = { cuts: new Map(), anchors: 0, quiet: 0, forced: 0 };
