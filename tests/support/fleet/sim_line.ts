/**
 * The line of a fleet in virtual time, with all that can go wrong with one: what is published is dropped or late,
 * units are parted from each other, a unit stands still, the server is away, comes back without its last writes, or
 * has no room on its disk.
 *
 * @module
 */

import type { Clock } from "../../../ports/clock.ts";
import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { Random } from "../../../ports/random.ts";
import { SimBusEnd } from "./sim_bus_end.ts";
import { SimConnection } from "./sim_connection.ts";
import { SimKeys } from "./sim_keys.ts";
import { SimServer, type Tally } from "./sim_server.ts";
import { UnitClock } from "./unit_clock.ts";
import type { Entry } from "../../../ports/fleet/keys.ts";

/** What units are joined by. */
export interface SimBusOptions {
  /** The world's, which the test moves. */
  readonly clock: Clock;
  /** Who is asked of several, when who reconnects, what is dropped. */
  readonly random: Random;
  /** Of a message from a unit to the server, and from there to a unit. Default 1. */
  readonly latencyMs?: number;
}

/** How a unit's computer is. */
export interface SimHost {
  /** What its wall clock is ahead of the others'. Default 0. */
  readonly aheadMs?: number;
}

/** One life of a unit on the line, and what befalls it. */
export interface SimLine extends FleetLine {
  /** The unit's clock: of all in it, nothing may go by another. */
  readonly clock: Clock;
  /** Nothing reaches it or leaves it, its timers are late; what was sent to it meanwhile arrives afterwards. */
  freeze(): void;
  thaw(): void;
  /** `kill -9`: nothing of it ever runs again, and its connection ends. */
  kill(): void;
  /**
   * This part, 0 to 1, of what is published, asked and answered from here or to here is lost, and of what is asked
   * of keys, before or after it is done.
   */
  drop(share: number): void;
  /** All takes so much longer, each way. */
  slow(ms: number): void;
}

/** What joins the units, and what befalls it. */
export interface SimBus {
  /** A unit comes, under a name that it may have had before. */
  line(name: string, host?: SimHost): SimLine;
  /**
   * Parts the units into groups, each with a server of its own that serves the bus; the keys are where the first
   * is. A unit that is in none is cut off from all: it notices after six seconds. `null`: all reach all again.
   */
  part(groups: readonly (readonly string[])[] | null): void;
  /** The server ends: all connections do, at once. */
  stop(): void;
  /**
   * It is back, if it was stopped, without what was written in the last `losingMs` before that. Units reconnect
   * within 2 s.
   */
  start(losingMs?: number): void;
  /** Its disk is full, and writes are refused with `disk_full`; or it is not any more. */
  fill(isFull: boolean): void;
  /** What is written down, for who judges. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** What has passed so far. */
  readonly tally: Readonly<Tally>;
}

/**
 * A line for any number of units.
 *
 * @example
 * ```ts
 * import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
 * import { seededRandom } from "../../../ports/random.ts";
 * import { createSimBus } from "./sim_line.ts";
 * const clock = createVirtualClock();
 * const bus = createSimBus({ clock, random: seededRandom(1) });
 * const [a, b] = [bus.line("a"), bus.line("b")];
 * let heard: unknown = null;
 * b.bus.subscribe("all.hello", (value) => heard = value);
 * await clock.advance(5);
 * b.freeze();
 * a.bus.publish("all.hello", 1);
 * await clock.advance(30_000);
 * console.assert(heard === null);
 * b.thaw();
 * await clock.advance(5);
 * console.assert(heard === 1);
 * ```
 */
export function createSimBus({ clock, random, latencyMs = 1 }: SimBusOptions): SimBus {
  const server = new SimServer(clock);
  const connections = new Set<SimConnection>();
  let groups: readonly (readonly string[])[] | null = null;
  let stoppedMs = 0;
  const groupOf = (name: string) => {
    if (groups === null) return 0;
    const group = groups.findIndex((each) => each.includes(name));
    return group < 0 ? null : group;
  };
  const world = { clock, random, latencyMs, server, groupOf };
  const changed = () => {
    for (const connection of connections) connection.reach();
  };
  return {
    line(name, { aheadMs = 0 } = {}) {
      const own = new UnitClock(clock, aheadMs, Math.floor(random() * 1e9));
      const connection = new SimConnection(name, own, world);
      connections.add(connection);
      const [bus, keys] = [new SimBusEnd(connection), new SimKeys(connection)];
      const gone = () => {
        connections.delete(connection);
        connection.end();
      };
      return {
        bus,
        keys,
        clock: own,
        get isUp() {
          return connection.isUp;
        },
        warnings: [],
        watch: (take) => connection.watch(take),
        close() {
          bus.close();
          keys.close();
          gone();
          return Promise.resolve();
        },
        freeze: () => own.freeze(),
        thaw: () => own.thaw(),
        kill() {
          own.stop();
          gone();
        },
        drop: (share) => void (connection.dropped = share),
        slow: (ms) => void (connection.slowMs = ms),
      };
    },
    part(next) {
      groups = next;
      changed();
    },
    stop() {
      stoppedMs = clock.now();
      server.isAway = true;
      changed();
    },
    start(losingMs = 0) {
      if (!server.isAway) return;
      // What was lost counts back from when it stopped.
      if (losingMs > 0) server.lose(losingMs + clock.now() - stoppedMs);
      server.isAway = false;
      changed();
    },
    fill: (isFull) => void (server.isFull = isFull),
    get entries() {
      return server.entries;
    },
    tally: server.tally,
  };
}
