/**
 * The embedded Discord: gateway and REST in one process, which enforces Discord's rules, breaks down
 * on demand and keeps a ledger of what its clients did. Import it to test a bot without a token.
 *
 * @module
 */

import { type Clock, systemClock } from "../ports/clock.ts";
import { type Random, seededRandom } from "../ports/random.ts";
import { type Comings, createComings } from "./gateway/comings.ts";
import { createFaults, type Faults } from "./gateway/faults.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import { createLedger, type Ledger } from "./world/ledger.ts";
import type { SimOptions, SimSettings } from "./world/options.ts";
import { createRest, type Rest, type RestOptions } from "./rest/api.ts";
import { createHttpEvents, type HttpEvents } from "./rest/http_events.ts";
import { createStandingFaults } from "./gateway/standing_faults.ts";
import { createTraffic, type Traffic } from "./world/traffic.ts";
import { createWorld, type World } from "./world/world.ts";

/** A simulated Discord. Nothing listens until it is served or a wire is laid to it. */
export interface Simulator {
  readonly clock: Clock;
  readonly random: Random;
  /** The knobs; change them while it runs. */
  readonly settings: SimSettings;
  readonly world: World;
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  readonly traffic: Traffic;
  /** Guilds that add the bot and remove it. */
  readonly comings: Comings;
  readonly faults: Faults;
  readonly rest: Rest;
  /** Interactions and webhook events over HTTP, signed. */
  readonly http: HttpEvents;
}

/** Knobs, and what tests put in place of the computer's own time. */
export interface SimulatorOptions extends SimOptions {
  /** Default: the computer's. */
  readonly clock?: Clock;
  /** The REST half's own knobs. */
  readonly rest?: NonNullable<RestOptions["options"]>;
}

/**
 * A simulator. The same seed, options and client give the same run.
 *
 * @example
 * ```ts
 * import { createSimulator, serveSimulator } from "./mod.ts";
 * const sim = createSimulator({ shards: 4, guilds: 100 });
 * const server = serveSimulator(sim);
 * sim.traffic.setRate(50);
 * // Point a bot at server.apiUrl with the token "sim-token".
 * await server.close();
 * sim.traffic.setRate(0);
 * ```
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const { clock = systemClock, rest: restOptions = {}, ...simOptions } = options;
  // Each part draws its own numbers, so that more traffic does not change which fault strikes.
  const draws = (part: number) => seededRandom((options.seed ?? 1) * 16 + part);
  const world = createWorld({ clock, random: draws(0), options: simOptions });
  const ledger = createLedger(clock, world.settings.ledgerEntries);
  const standing = createStandingFaults({ clock, random: draws(1), ledger });
  const rest = createRest({ clock, random: draws(6), world, ledger, options: restOptions });
  const gateway = createGateway({ clock, random: draws(2), world, ledger, faults: standing });
  return {
    clock,
    random: draws(3),
    settings: world.settings,
    world,
    ledger,
    gateway,
    traffic: createTraffic({ clock, random: draws(4), world }),
    comings: createComings({ clock, random: draws(7), world }),
    faults: createFaults({
      clock,
      random: draws(5),
      ledger,
      settings: world.settings,
      standing,
      gateway,
    }),
    rest,
    http: createHttpEvents({ clock, world, hear: rest.hear }),
  };
}

export { botJoins, botLeaves, guildComesBack, guildGoesDown } from "./gateway/guild_flow.ts";
export { type ServeOptions, serveSimulator, type SimulatorServer } from "./wire/server.ts";
export { type PingOptions, startPinging } from "./world/ping.ts";
export { type Place, postMessage } from "./world/post.ts";
export { createVirtualClock, type VirtualClock } from "./wire/virtual_clock.ts";
export { simConnect, type WireOptions } from "./wire/virtual.ts";
export type { Comings, Faults, HttpEvents, Ledger, Rest, SimOptions, SimSettings, Traffic, World };
