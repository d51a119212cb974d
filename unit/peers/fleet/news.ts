/**
 * What units of a fleet tell each other of how far they have come since they began: whether their shards have been
 * ready, and which clusters have all members. What is published may be lost, so who still waits says so, and is told
 * again.
 *
 * @module
 */

import { BEAT_MS } from "../../../protocol/fleet.ts";
import { isRecord } from "../../../protocol/record.ts";
import { type Cancel, type Clock, every } from "../../../ports/clock.ts";
import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { FleetView } from "../../../ports/fleet/fleet.ts";

/** How far a unit has come. */
export interface UnitNews {
  /** The assignment that it goes by: of shards that came with a later one it does not know. */
  readonly epoch: number;
  /** Its shards have all been ready, and its clusters linked. */
  readonly isReady: boolean;
  /** Clusters that have not all members of the guilds of its shards. */
  readonly uncached: readonly number[];
}

/** What the news need. */
export interface FleetNewsOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly view: Pick<FleetView, "self" | "members" | "watch">;
  readonly own: () => UnitNews;
  /** Whether this unit waits for what others say. */
  readonly waits: () => boolean;
  /** Others have come further, or are others. */
  readonly changed: () => void;
}

const SUBJECT = "all.news";

/** The news of a fleet, as one unit has them. */
export class FleetNews {
  readonly #options: FleetNewsOptions;
  readonly #said = new Map<string, UnitNews>();
  readonly #cancels: readonly Cancel[];
  #toldMs = -Infinity;

  constructor(options: FleetNewsOptions) {
    this.#options = options;
    const { clock, bus, view } = options;
    this.#cancels = [
      bus.subscribe(SUBJECT, (value) => this.#hear(value)),
      every(clock, BEAT_MS, () => void (options.waits() && this.#say(true))),
      view.watch(() => {
        for (const unit of this.#said.keys()) {
          if (!view.members.includes(unit)) this.#said.delete(unit);
        }
        options.changed();
      }),
    ];
  }

  /** Tells the others that this unit has come further. */
  tell(): void {
    this.#say(this.#options.waits());
  }

  /** Whether something is true of every other unit that lives, as of this unit's assignment or a later one. */
  isOfAll(is: (news: UnitNews) => boolean): boolean {
    const { view: { self, members }, own } = this.#options;
    const { epoch } = own();
    return members.every((unit) => {
      const news = this.#said.get(unit);
      return unit === self || (news !== undefined && news.epoch >= epoch && is(news));
    });
  }

  /** Says and hears nothing any more. */
  stop(): void {
    for (const cancel of this.#cancels) cancel();
  }

  #say(asks: boolean): void {
    const { bus, view, own, clock } = this.#options;
    const news = own();
    this.#toldMs = clock.now();
    bus.publish(SUBJECT, { unit: view.self, asks, ...news } as unknown as Json);
  }

  #hear(value: Json): void {
    const { clock, view } = this.#options;
    if (!isRecord(value)) return;
    const { unit, asks, epoch, isReady, uncached } = value as unknown as
      & UnitNews
      & { readonly unit: string; readonly asks: boolean };
    if (unit === view.self) return;
    this.#said.set(unit, { epoch, isReady, uncached });
    if (asks && clock.now() - this.#toldMs >= BEAT_MS) this.#say(false);
    this.#options.changed();
  }
}
