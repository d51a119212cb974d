/**
 * A unit's place in a fleet: its view of the others, from before it has joined until after it has left.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { FleetView } from "../../ports/fleet/fleet.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { type Assignment, ownerIn } from "../../protocol/fleet.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import type { WantedTotals } from "../reshard/fleet/totals.ts";

/** The units, and this one among them, as far as it takes part: `fleet/fleet.ts`. */
export interface Membership extends FleetView {
  /** The newest that is known; `null` before the first. */
  readonly assignment: Assignment | null;
  /** Joins. Resolves with the first assignment that knows this unit. */
  start(): Promise<Assignment>;
  /** Wants other totals; resolves once they are written down. */
  want(wanted: WantedTotals): Promise<void>;
  /** Has the leader know that a shard was given to another unit; resolves once that is written. */
  given(shard: ShardKey, to: string): Promise<void>;
  /** Has all taken over by others, for so long at most, and takes its leave. */
  leave(deadlineMs: number): Promise<"given" | "alone" | "deadline">;
  /** Says nothing more, without leave. */
  stop(): Promise<void>;
}

/** A seat that is taken once the unit knows with what a new fleet would begin. */
export class FleetSeat implements FleetView {
  readonly self: string;
  readonly #watching = new Set<{ readonly changed: () => void }>();
  #fleet: Membership | null = null;

  constructor(self: string) {
    this.self = self;
  }

  /** It is taken. */
  take(fleet: Membership): void {
    this.#fleet = fleet;
    fleet.watch(() => {
      for (const one of [...this.#watching]) if (this.#watching.has(one)) one.changed();
    });
  }

  /** What takes part; `null` before it does. */
  get fleet(): Membership | null {
    return this.#fleet;
  }

  /** The newest assignment that is known; `null` before the first. */
  get assignment(): Assignment | null {
    return this.#fleet?.assignment ?? null;
  }

  /** Wants other totals of whoever leads. Rejects where that cannot be had just now. */
  async want(wanted: WantedTotals): Promise<void> {
    if (this.#fleet) return await this.#fleet.want(wanted);
    throw new GatehouseError("away", "peer", "Cannot change the fleet's totals: it is not joined");
  }

  get members(): readonly string[] {
    return this.#fleet?.members ?? [this.self];
  }

  get leader(): string | null {
    return this.#fleet?.leader ?? null;
  }

  get term(): number | null {
    return this.#fleet?.term ?? null;
  }

  ownerOf(shard: ShardKey): string | null {
    return this.assignment && ownerIn(this.assignment, shard);
  }

  watch(changed: () => void): Cancel {
    const one = { changed };
    this.#watching.add(one);
    return () => void this.#watching.delete(one);
  }
}
