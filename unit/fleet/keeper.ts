/**
 * Follows the assignment: shards that became ours are taken up, those that are to go are given away, those that are
 * others' are lost. One thing at a time for each shard, so many shards at a time, and again where it failed.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { FleetView } from "../../ports/fleet/fleet.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import { type Assignment, ownerIn } from "../../protocol/fleet.ts";
import {
  parseShardKey,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
  shardRange,
} from "../../protocol/ids.ts";
import type { Holdings } from "./holdings.ts";
import { AWAY, HELD, LOST, originOf, type Standing, type Task, taskOf } from "./step.ts";

/** So many shards are taken at a time, and so many given. */
export const MOST_AT_ONCE = 16;
/** So often something may fail before it is warned of: a unit that has just joined does not take anything yet. */
const MOST_QUIET = 3;
/** What failed is tried again after this long. */
export const AGAIN_MS = 1_000;

/** The fleet as a keeper sees it. */
export interface KeptFleet extends Pick<FleetView, "self" | "members" | "watch"> {
  /** The newest that is known. */
  readonly assignment: Assignment | null;
  /** Has the leader know that a shard was given to another unit. Rejects where this unit takes part no more. */
  given(shard: ShardKey, to: string): Promise<void>;
}

/** What keeping takes. */
export interface KeeperOptions extends Pick<World, "clock" | "log"> {
  readonly fleet: KeptFleet;
  readonly holdings: Holdings;
  /** The unit that has written a shard's estate; `null`: none has. Rejects where nobody can be asked. */
  readonly writerOf: (shard: ShardKey) => Promise<string | null>;
  /** This unit has a shard that it had not: it is to come up. */
  readonly came: (shard: ShardKey) => void;
  /** This unit has other shards than before. */
  readonly changed: () => void;
}

/** A lane of work: how many at a time. */
interface Lane {
  readonly most: number;
  busy: number;
}

/** The shards that a unit of a fleet has. */
export class Keeper {
  readonly #options: KeeperOptions;
  /** Those that are here, or were given away. */
  readonly #standing = new Map<ShardKeyText, Standing>();
  readonly #atWork = new Map<ShardKeyText, Task["do"]>();
  /** How often what is to be done with a shard has failed. */
  readonly #failures = new Map<ShardKeyText, number>();
  /** What is not done again for a while. */
  readonly #resting = new Map<ShardKeyText, { readonly do: Task["do"]; readonly cancel: Cancel }>();
  readonly #lanes: Readonly<Record<Task["do"], Lane>> = {
    take: { most: MOST_AT_ONCE, busy: 0 },
    give: { most: MOST_AT_ONCE, busy: 0 },
    lose: { most: Infinity, busy: 0 },
  };
  /** Shard → the newest assignment in which it was another's. */
  readonly #before = new Map<ShardKeyText, Assignment>();
  #cancelWatch: Cancel = () => {};
  #cancelLook: Cancel | null = null;
  #waiting: (() => void)[] = [];
  #isStopped = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Follows it from now on. */
  start(): void {
    this.#cancelWatch = this.#options.fleet.watch(() => this.#soon());
    this.#look();
  }

  /** Follows it no more; what is at work is not waited for. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelWatch();
    this.#cancelLook?.();
    for (const { cancel } of this.#resting.values()) cancel();
    this.#settle();
  }

  /** Whether a shard is here: it runs, or is about to. */
  has(shard: ShardKey): boolean {
    return this.#standing.get(shardKeyText(shard))?.is === "held";
  }

  /** Shards that are here. */
  get held(): ShardKey[] {
    return [...this.#standing].filter(([, { is }]) => is === "held")
      .map(([text]) => parseShardKey(text)!);
  }

  /** Shards that are taken up just now. */
  get taking(): number {
    return this.#lanes.take.busy;
  }

  /** Shards that are given away just now. */
  get giving(): number {
    return this.#lanes.give.busy;
  }

  /** Resolves when all that the assignment says is done, as far as it is known; or when this is stopped. */
  settled(): Promise<void> {
    if (this.#isStopped || this.#isDone()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Once for all that happens in one turn. */
  #soon(): void {
    if (this.#isStopped) return;
    this.#cancelLook ??= this.#options.clock.after(0, () => {
      this.#cancelLook = null;
      this.#look();
    });
  }

  #look(): void {
    const { assignment } = this.#options.fleet;
    if (this.#isStopped || assignment === null) return;
    for (const { total } of assignment.totals) {
      for (const id of shardRange(0, total - 1)) this.#lookAt(assignment, { total, id });
    }
    if (this.#isDone()) this.#settle();
  }

  #lookAt(assignment: Assignment, shard: ShardKey): void {
    const text = shardKeyText(shard);
    const owner = ownerIn(assignment, shard);
    if (owner !== null && owner !== this.#options.fleet.self) this.#before.set(text, assignment);
    if (this.#atWork.has(text)) return;
    const task = this.#taskOf(assignment, shard);
    if (task === null) return;
    const isResting = this.#resting.get(text)?.do === task.do;
    const lane = this.#lanes[task.do];
    if (!isResting && lane.busy < lane.most) void this.#work(shard, task);
  }

  #taskOf(assignment: Assignment, shard: ShardKey): Task | null {
    const standing = this.#standing.get(shardKeyText(shard)) ?? AWAY;
    return taskOf(assignment, this.#options.fleet.self, shard, standing);
  }

  async #work(shard: ShardKey, task: Task): Promise<void> {
    const { log } = this.#options;
    const text = shardKeyText(shard);
    this.#wake(text);
    this.#atWork.set(text, task.do);
    this.#lanes[task.do].busy++;
    try {
      await this.#perform(shard, task);
      this.#failures.delete(text);
    } catch (error) {
      const failures = (this.#failures.get(text) ?? 0) + 1;
      this.#failures.set(text, failures);
      const about = { shardId: shard.id, totalShards: shard.total, error: messageOf(error) };
      log[failures > MOST_QUIET ? "warn" : "debug"](FAILED[task.do], about);
      this.#rest(text, task.do);
    }
    this.#atWork.delete(text);
    this.#lanes[task.do].busy--;
    this.#soon();
  }

  async #perform(shard: ShardKey, task: Task): Promise<void> {
    const { fleet, holdings, log } = this.#options;
    const about = { shardId: shard.id, totalShards: shard.total };
    switch (task.do) {
      case "take": {
        const { from, by } = await this.#originOf(shard);
        await holdings.take(shard, from, by);
        // It is on the disk of a unit that stops: it is not brought up any more.
        if (this.#isStopped) return;
        log.debug("shard is taken up", { ...about, from, by });
        this.#before.delete(shardKeyText(shard));
        this.#stands(shard, HELD);
        return this.#options.came(shard);
      }
      case "give":
        await holdings.give(shard, task.to);
        log.debug("shard is given away", { ...about, to: task.to });
        this.#stands(shard, { is: "given", to: task.to });
        // Until that is written it may have been taken back; who takes part no more tells nobody.
        return void fleet.given(shard, task.to).catch((error) =>
          log.debug("the leader was not told of a shard that was given", {
            ...about,
            error: messageOf(error),
          })
        );
      case "lose":
        this.#stands(shard, LOST);
        await holdings.lose(shard);
        this.#standing.delete(shardKeyText(shard));
        return log.debug("shard is another unit's", { ...about, unit: this.#ownerOf(shard) });
    }
  }

  async #originOf(shard: ShardKey) {
    const { fleet, writerOf } = this.#options;
    const text = shardKeyText(shard);
    const known = this.#standing.get(text);
    if (known?.is === "given") return { from: "given", by: fleet.self } as const;
    const before = this.#before.get(text) ?? null;
    const written = before === null ? await writerOf(shard) : null;
    return originOf(before, fleet.self, fleet.members, shard, written);
  }

  #ownerOf(shard: ShardKey): string | null {
    const { assignment } = this.#options.fleet;
    return assignment && ownerIn(assignment, shard);
  }

  #stands(shard: ShardKey, standing: Standing): void {
    const text = shardKeyText(shard);
    if (standing.is === "away") this.#standing.delete(text);
    else this.#standing.set(text, standing);
    this.#options.changed();
  }

  #rest(text: ShardKeyText, what: Task["do"]): void {
    this.#wake(text);
    if (this.#isStopped) return;
    const cancel = this.#options.clock.after(AGAIN_MS, () => {
      this.#resting.delete(text);
      this.#soon();
    });
    this.#resting.set(text, { do: what, cancel });
  }

  #wake(text: ShardKeyText): void {
    this.#resting.get(text)?.cancel();
    this.#resting.delete(text);
  }

  #isDone(): boolean {
    const { assignment } = this.#options.fleet;
    if (assignment === null || this.#atWork.size > 0) return false;
    return assignment.totals.every(({ total }) =>
      shardRange(0, total - 1).every((id) => this.#taskOf(assignment, { total, id }) === null)
    );
  }

  #settle(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const FAILED: Readonly<Record<Task["do"], string>> = {
  take: "shard was not taken up, it is tried again",
  give: "shard was not given away, it goes on here and it is tried again",
  lose: "what is left of a shard of another unit was not put away",
};
