/**
 * What whoever leads does: says who has what.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Keys } from "../../ports/fleet/keys.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { Assignment } from "../../protocol/fleet.ts";
import type { AssignmentCopy } from "../assignment_copy.ts";
import { firstAssignment } from "../assignment.ts";
import { unitKey } from "../cards.ts";
import type { Members } from "../members.ts";
import { plan } from "../plan.ts";
import { courseOf } from "./course.ts";
import type { Change } from "./requests.ts";

/** After the line came up, and where nobody has any shard, others are waited for. */
export const SETTLE_MS = 3_000;
/** At most four assignments a second are written. */
const SPACING_MS = 250;
const AGAIN_MS = 1_000;
/** Where nothing calls for it, it looks all the same. */
const LOOKED_MS = 60_000;
/** Cards of the dead are deleted after so long. */
const BURIED_MS = 600_000;
/** What a server that has lost its disk may have had in epochs that nobody is here to tell of. */
const JUMP = 1_000;

/** What it takes. */
export interface LeadingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly keys: Keys;
  /** Whether this unit leads, just now. */
  readonly leads: () => boolean;
  readonly copy: AssignmentCopy;
  readonly members: Members;
  readonly listenedMs: () => number;
  /** What a fleet begins with that has no assignment. */
  readonly first: { readonly total: number; readonly stream: string };
}

interface Pending {
  readonly change: Change;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The one who deals out, while it leads. */
export class Leading {
  readonly #options: LeadingOptions;
  #pending: Pending[] = [];
  /** From when on it may say anything, by the clock; `null`: the line is down. */
  #settledAtMs: number | null = null;
  /** The next epoch is far beyond what is known: the line came up since the last. */
  #jumps = true;
  #freeAtMs = -Infinity;
  #isBusy = false;
  #isDue = false;
  #hasEnded = false;
  #cancel: Cancel = () => {};
  readonly #deadAtMs = new Map<string, number>();

  constructor(options: LeadingOptions) {
    this.#options = options;
  }

  /** The line came up or went down. */
  connected(isUp: boolean): void {
    this.#settledAtMs = isUp ? this.#options.clock.now() + SETTLE_MS : null;
    this.#jumps = true;
    if (isUp) this.wake();
    else this.#refuse();
  }

  /**
   * Has a change made to the assignment, and resolves once it is written.
   *
   * @throws {GatehouseError} `away` where this unit does not lead, or not for long enough; what `change` throws.
   */
  change(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#options.leads()) return reject(notLeading());
      this.#pending.push({ change, resolve, reject });
      this.wake();
    });
  }

  /** Something is another than before: looks what is to be done. */
  wake(): void {
    if (this.#isBusy) this.#isDue = true;
    else this.#soon(0);
  }

  /** Does nothing any more. */
  end(): void {
    this.#hasEnded = true;
    this.#cancel();
    this.#settledAtMs = null;
    this.#refuse();
  }

  #soon(delayMs: number): void {
    const { clock } = this.#options;
    this.#cancel();
    if (this.#hasEnded) return;
    const waitMs = Math.max(
      delayMs,
      this.#freeAtMs - clock.now(),
      (this.#settledAtMs ?? 0) - clock.now(),
    );
    this.#cancel = clock.after(Math.max(0, waitMs), () => this.#act());
  }

  async #act(): Promise<void> {
    const { copy, clock, leads, log } = this.#options;
    if (this.#isBusy) return;
    if (!leads()) return this.#refuse();
    if (this.#settledAtMs === null || clock.now() < this.#settledAtMs) return;
    // It is written back just now, or cannot be read.
    if (!copy.isSettled) return this.#soon(AGAIN_MS);
    this.#isBusy = true;
    this.#isDue = false;
    let againMs: number | null = null;
    try {
      if (!await this.#write()) this.#isDue = true;
      await this.#bury();
    } catch (error) {
      log.debug("assignment not written", { error: messageOf(error) });
      againMs = AGAIN_MS;
    }
    this.#isBusy = false;
    this.#soon(againMs ?? (this.#isDue ? 0 : LOOKED_MS));
  }

  /** Gives whether all that there was to do is done. */
  async #write(): Promise<boolean> {
    const { clock, copy, first, listenedMs, log, members, random } = this.#options;
    const now = copy.current ?? firstAssignment(first.total, first.stream);
    const pending = this.#pending;
    this.#pending = [];
    const [changed, made] = changedBy(now, pending);
    const next = plan(changed, members.society(unitsIn(changed), listenedMs()));
    if (next === now) {
      for (const { resolve } of made) resolve();
      return true;
    }
    const epoch = now.epoch + 1 + (this.#jumps ? JUMP + Math.floor(random() * JUMP) : 0);
    this.#freeAtMs = clock.now() + SPACING_MS;
    let isWritten = false;
    try {
      isWritten = await copy.write({ ...next, epoch });
    } finally {
      if (!isWritten) this.#pending.unshift(...made);
    }
    if (!isWritten) return false;
    this.#jumps = false;
    for (const { resolve } of made) resolve();
    for (const { event, fields } of courseOf(now, next)) log.info(event, { ...fields, epoch });
    return true;
  }

  /** Cards of units that are long dead are deleted. */
  async #bury(): Promise<void> {
    const { clock, keys, members } = this.#options;
    const dead = new Set(members.dead);
    for (const unit of this.#deadAtMs.keys()) if (!dead.has(unit)) this.#deadAtMs.delete(unit);
    for (const unit of dead) {
      const sinceMs = this.#deadAtMs.get(unit) ?? clock.now();
      this.#deadAtMs.set(unit, sinceMs);
      if (clock.now() - sinceMs >= BURIED_MS) await keys.delete(unitKey(unit));
    }
  }

  #refuse(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { reject } of pending) reject(notLeading());
  }
}

/** The assignment after all changes, and those that could be made; the others are refused. */
function changedBy(now: Assignment, pending: readonly Pending[]): [Assignment, Pending[]] {
  const made: Pending[] = [];
  let next = now;
  for (const each of pending) {
    try {
      next = each.change(next);
      made.push(each);
    } catch (error) {
      each.reject(error);
    }
  }
  return [next, made];
}

/** Every unit that an assignment names, as who has something. */
function unitsIn({ totals, services }: Assignment): Set<string> {
  const owners = totals.flatMap((shares) => shares.owners.filter((unit) => unit !== null));
  return new Set([...owners, ...Object.values(services)]);
}

function notLeading(): GatehouseError {
  return new GatehouseError(
    "away",
    "peer",
    "Cannot change the assignment: this unit does not lead",
  );
}
