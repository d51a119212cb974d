/**
 * Units that hear each other over a line in virtual time, which is slow, loses what it should lose, and remembers
 * all that went over it. Not a test.
 *
 * @module
 */

import { GatehouseError } from "../../../../protocol/errors.ts";
import type { Cancel, Clock } from "../../../../ports/clock.ts";
import type { Bus, Json } from "../../../../ports/fleet/bus.ts";
import type { FleetView } from "../../../../ports/fleet/fleet.ts";
import { seededRandom } from "../../../../ports/random.ts";

/** How the line is. */
export interface LineOptions {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly seed?: number;
}

/** One unit's end of it, and what it knows of the others. */
export interface FakeUnit {
  readonly bus: Bus;
  readonly view: Pick<FleetView, "self" | "members" | "watch">;
  /** It learns that these are the members. */
  see(members: readonly string[]): void;
}

/** Units, and the line between them. */
export function fakeFleet(clock: Clock, options: LineOptions = {}) {
  const { latencyMs = 1, jitterMs = 0, seed = 1 } = options;
  const random = seededRandom(seed);
  const ends = new Map<string, Map<string, Set<(value: Json) => void>>>();
  const arrivesMs = new Map<string, number>();
  /** Each message as it crossed. */
  const wire: string[] = [];
  const state = {
    /** Those who hear and are heard by nobody. */
    cut: new Set<string>(),
    /** Asked of each message. */
    loses: (_from: string, _to: string, _subject: string): boolean => false,
  };

  function carry(from: string, to: string, subject: string, text: string): void {
    if (from !== to && (state.cut.has(from) || state.cut.has(to))) return;
    if (from !== to && state.loses(from, to, subject)) return;
    const way = `${from} ${to}`;
    const wantedMs = clock.now() + (from === to ? 0 : latencyMs + random() * jitterMs);
    // One publisher's words keep their order.
    const atMs = Math.max(wantedMs, arrivesMs.get(way) ?? 0);
    arrivesMs.set(way, atMs);
    clock.after(atMs - clock.now(), () => {
      if (from !== to && (state.cut.has(from) || state.cut.has(to))) return;
      for (const take of ends.get(to)?.get(subject) ?? []) take(JSON.parse(text));
    });
  }

  function busOf(name: string): Bus {
    const own = new Map<string, Set<(value: Json) => void>>();
    ends.set(name, own);
    const away = () => new GatehouseError("away", "peer", "Cannot ask: nobody answers here");
    return {
      publish(subject, value) {
        const text = JSON.stringify(value);
        wire.push(`${subject} ${text}`);
        for (const to of ends.keys()) {
          if (ends.get(to)!.has(subject)) carry(name, to, subject, text);
        }
      },
      subscribe(subject, take): Cancel {
        const takes = own.get(subject) ?? new Set();
        own.set(subject, takes.add(take));
        return () => {
          takes.delete(take);
        };
      },
      answer: () => () => {},
      ask: () => Promise.reject(away()),
      close: () => void ends.delete(name),
    };
  }

  function join(self: string, first: readonly string[]): FakeUnit {
    let members = first;
    const watching = new Set<() => void>();
    return {
      bus: busOf(self),
      view: {
        self,
        get members() {
          return members;
        },
        watch(changed) {
          watching.add(changed);
          return () => void watching.delete(changed);
        },
      },
      see(seen) {
        members = seen;
        for (const changed of watching) changed();
      },
    };
  }

  return { join, wire, state };
}
