/**
 * The assignment as a unit knows it, and the key that it is under.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";
import type { Entry, Keys } from "../ports/fleet/keys.ts";
import type { Log } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import type { Assignment } from "../protocol/fleet.ts";
import { ASSIGNMENT_KEY, encodeAssignment, parseAssignment } from "./assignment.ts";

/** What could not be written back is tried again in so long. */
const AGAIN_MS = 1_000;

/** What it takes. */
export interface AssignmentCopyOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: Keys;
  /** Another assignment holds. */
  readonly changed: (assignment: Assignment) => void;
}

/**
 * The assignment with the highest epoch that this unit has seen. Where the key has an older one, or none, because
 * the server has lost what was written last, it is written back.
 */
export class AssignmentCopy {
  readonly #options: AssignmentCopyOptions;
  #current: Assignment | null = null;
  /** What is under the key, as far as it is known on this connection; `undefined`: not at all. */
  #revision: number | null | undefined = undefined;
  /** Epoch of what is under the key; `null`: there is nothing that can be read. */
  #written: number | null = null;
  #isWriting = false;
  #cancel: Cancel = () => {};
  #hasEnded = false;

  constructor(options: AssignmentCopyOptions) {
    this.#options = options;
  }

  /** The one that holds; `null`: none was seen yet. */
  get current(): Assignment | null {
    return this.#current;
  }

  /** Whether it is the one under the key, or there is none. */
  get isSettled(): boolean {
    return this.#revision !== undefined &&
      (this.#current === null ? this.#revision === null : this.#written === this.#current.epoch);
  }

  /** The line went down: what is under the key is to be told anew. */
  forget(): void {
    this.#revision = undefined;
    this.#cancel();
  }

  /** What is under the key was told; `null`: nothing. */
  told(entry: Entry | null): void {
    if (entry && this.#revision && entry.revision <= this.#revision) return;
    this.#revision = entry && entry.revision;
    const found = entry && this.#read(entry);
    this.#written = found && found.epoch;
    if (found && (this.#current === null || found.epoch >= this.#current.epoch)) this.#take(found);
    this.#repair();
  }

  /**
   * Writes one in the place of what there is, and goes by it.
   *
   * @returns Whether it was; otherwise another one was written meanwhile, and is on its way.
   * @throws {GatehouseError} What the keys throw: it is not known whether it was written.
   */
  async write(next: Assignment): Promise<boolean> {
    const revision = await this.#put(next);
    if (revision === null) return false;
    this.#wrote(next, revision);
    this.#take(next);
    return true;
  }

  /** Writes nothing back any more. */
  end(): void {
    this.#hasEnded = true;
    this.#cancel();
  }

  async #put(assignment: Assignment): Promise<number | null> {
    const { keys } = this.#options;
    if (this.#revision === undefined) return null;
    const value = encodeAssignment(assignment);
    return this.#revision === null
      ? await keys.create(ASSIGNMENT_KEY, value)
      : await keys.update(ASSIGNMENT_KEY, value, this.#revision);
  }

  #wrote({ epoch }: Assignment, revision: number): void {
    if (this.#revision && this.#revision >= revision) return;
    this.#revision = revision;
    this.#written = epoch;
  }

  /** What the server has lost of what we know is given back to it. */
  async #repair(): Promise<void> {
    this.#cancel();
    const current = this.#current;
    if (this.#isWriting || this.#hasEnded || !current || this.#revision === undefined) return;
    if (this.#written !== null && this.#written >= current.epoch) return;
    this.#isWriting = true;
    const { clock, log } = this.#options;
    try {
      const had = this.#written;
      const revision = await this.#put(current);
      if (revision !== null) {
        this.#wrote(current, revision);
        log.warn("assignment written back, the bus had an older one", {
          epoch: current.epoch,
          had,
        });
      }
    } catch (error) {
      log.debug("assignment not written back", { error: messageOf(error) });
    }
    this.#isWriting = false;
    if (!this.#hasEnded) this.#cancel = clock.after(AGAIN_MS, () => this.#repair());
  }

  #take(assignment: Assignment): void {
    const before = this.#current;
    if (before?.epoch === assignment.epoch && isSame(before, assignment)) return;
    this.#current = assignment;
    this.#options.changed(assignment);
  }

  #read(entry: Entry): Assignment | null {
    try {
      return parseAssignment(ASSIGNMENT_KEY, entry.value);
    } catch (error) {
      this.#options.log.error("assignment in the bus cannot be read", { error: messageOf(error) });
      return null;
    }
  }
}

function isSame(one: Assignment, other: Assignment): boolean {
  return JSON.stringify(encodeAssignment(one)) === JSON.stringify(encodeAssignment(other));
}
