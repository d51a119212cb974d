import { FleetGate } from "../../../../gateway/identify/fleet/gate.ts";
import { IdentifyAuthority } from "../../../../gateway/identify/fleet/authority.ts";
import type { FleetView } from "../../../../ports/fleet/fleet.ts";
import { silentLog } from "../../../../ports/log.ts";
import { seededRandom } from "../../../../ports/random.ts";
import { createSimBus } from "../../../support/fleet/sim_line.ts";
import { type GateSetting, testIdentifyGate } from "../../../ports/identify_gate_conformance.ts";

const DAY_MS = 86_400_000;

/** A fleet of these units, in which `a` leads; the gate of one of them. */
async function fleetGate(setting: GateSetting, names: readonly string[], of: string) {
  const { clock: world, allow, maxConcurrency, reserve } = setting;
  const bus = createSimBus({ clock: world, random: seededRandom(1), latencyMs: 20 });
  const gates = new Map(names.map((self) => {
    const line = bus.line(self);
    const { clock } = line;
    const view: FleetView = {
      self,
      members: names,
      leader: "a",
      term: self === "a" ? 1 : null,
      ownerOf: () => null,
      watch: () => () => {},
    };
    const budget = {
      total: 1000,
      remaining: setting.remaining,
      resetAtMs: clock.epochMs() + DAY_MS,
    };
    const common = { clock, line, view, life: `of-${self}`, maxConcurrency, reserve };
    const gate = new FleetGate({ ...common, limits: { ...common, budget }, allow, known() {} });
    new IdentifyAuthority({
      ...common,
      log: silentLog,
      spacingMs: 5_000,
      budget: () => gate.budget,
    });
    return [self, gate];
  }));
  // Until the leader leads, and all keys are free.
  await world.advance(10_000);
  return gates.get(of)!;
}

testIdentifyGate("the FleetGate of a leader", (setting) => fleetGate(setting, ["a"], "a"));
testIdentifyGate("a FleetGate", (setting) => fleetGate(setting, ["a", "b", "c"], "c"));
