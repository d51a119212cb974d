/**
 * The identify gate of a unit of a fleet: it asks whoever leads, and leads the identifies itself while its unit
 * leads. What Discord has said and what an earlier life has written down goes into the fleet's count, and the
 * fleet's count is written down here: so a unit that is by itself again goes on from it.
 *
 * @module
 */

import { IdentifyAuthority } from "../../gateway/identify/fleet/authority.ts";
import { FleetGate } from "../../gateway/identify/fleet/gate.ts";
import type { FleetLine, FleetView } from "../../ports/fleet/fleet.ts";
import type { IdentifyGate } from "../../ports/identify_gate.ts";
import { randomHex } from "../../ports/random.ts";
import { type IdentifyOptions, identifyTerms } from "../identify.ts";

/** The fleet that a gate is made in. */
export interface GateFleet {
  readonly line: Pick<FleetLine, "bus" | "keys" | "isUp" | "watch">;
  readonly view: Pick<FleetView, "self" | "leader" | "members" | "term" | "watch">;
}

/**
 * Makes what opens the gate of a unit of this fleet: `openGate` of its allotment.
 *
 * @example
 * ```ts
 * import { CONFIG_DEFAULTS } from "../../config/config.ts";
 * import { memoryStore } from "../../ports/store.ts";
 * import { silentLog } from "../../ports/log.ts";
 * import { seededRandom } from "../../ports/random.ts";
 * import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
 * import { createSimBus } from "../../tests/support/fleet/sim_line.ts";
 * import { gateOpener } from "./identify.ts";
 * const world = createVirtualClock();
 * const line = createSimBus({ clock: world, random: seededRandom(1) }).line("a");
 * const leads = { self: "a", leader: "a", members: ["a"], term: 1, watch: () => () => {} };
 * const openGate = gateOpener({ line, view: leads });
 * const allowed: number[] = [];
 * const gate = await openGate({
 *   config: { ...CONFIG_DEFAULTS, discordToken: "t", identifyReservePercent: 10 },
 *   info: {
 *     url: "wss://gateway.test",
 *     shards: 1,
 *     sessionStartLimit: { total: 1000, remaining: 900, resetAfterMs: 1, maxConcurrency: 1 },
 *   },
 *   store: memoryStore(),
 *   clock: line.clock,
 *   log: silentLog,
 *   allow: ({ id }) => void allowed.push(id),
 *   notSaved() {},
 * });
 * gate.request({ total: 1, id: 0 });
 * await world.advance(6_000);
 * console.assert(allowed.length === 1);
 * gate.stop();
 * ```
 */
export function gateOpener(
  { line, view }: GateFleet,
): (options: IdentifyOptions) => Promise<IdentifyGate> {
  return async (options) => {
    const { clock, log, allow } = options;
    const { limits, save, tellHeld } = await identifyTerms(options);
    const common = { clock, line, view, life: randomHex(4) };
    const gate: FleetGate = new FleetGate({
      ...common,
      allow,
      limits,
      known: (budget) => save({ budget, lastSentAtMs: {} }),
      held: (hold) => tellHeld(gate.snapshot, hold),
    });
    const budget = () => gate.budget;
    const authority = new IdentifyAuthority({ ...common, ...limits, log, budget });
    return {
      expect: (shards) => gate.expect(shards),
      request: (shard) => gate.request(shard),
      sent: (shard, permit) => gate.sent(shard, permit),
      release: (shard) => gate.release(shard),
      lost: (shards) => gate.lost(shards),
      stop() {
        gate.stop();
        // Its unit leaves: whoever leads next goes by what is written down.
        authority.stop();
      },
      get snapshot() {
        return gate.snapshot;
      },
    };
  };
}
