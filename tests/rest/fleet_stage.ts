/**
 * A simulated Discord and several proxies of one fleet before it, each on a computer of its own, in virtual time.
 * Not a test.
 *
 * @module
 */

import { FleetPermits } from "../../rest/limits/fleet/fleet_permits.ts";
import { logTo } from "../../ports/log.ts";
import { restApi } from "../sim/rest/api.ts";
import { fakeFleet, type LineOptions } from "./limits/fleet/fake_fleet.ts";
import { host, type StageOptions } from "./stage.ts";

/** What it may have besides the defaults. */
export interface FleetStageOptions extends StageOptions {
  readonly line?: LineOptions;
  readonly names?: readonly string[];
  /** Requests per second of the bot. Default 50. */
  readonly perSecond?: number;
}

/** Longest time that a dead unit counts as a member. */
export const LEASE_MS = 15_000;

/** So long who leaves goes on with what it has. */
const LEAVE_MS = 20_000;

/** Sets it up. */
export function fleetStage(options: FleetStageOptions = {}) {
  const { names = ["a", "b", "c"], perSecond = 50 } = options;
  const sim = restApi(options.sim, options.rest);
  const { clock } = sim;
  const fleet = fakeFleet(clock, { latencyMs: 1, jitterMs: 4, ...options.line });
  const logged: string[] = [];
  let lives = 0;
  let members = [...names];
  const open = (name: string) => {
    const { bus, view, see } = fleet.join(name, members);
    const log = logTo((_, event, fields) =>
      logged.push(`${clock.now()} ${name} ${event} ${JSON.stringify(fields)}`)
    );
    const permits = new FleetPermits({ bus, view, clock, log, perSecond: () => perSecond });
    lives++;
    const own = host(sim, {
      ...options,
      seed: lives,
      address: `192.0.2.${lives}`,
      proxy: { ...options.proxy, permits },
    });
    return { name, permits, see, ...own };
  };
  const units = new Map(names.map((name) => [name, open(name)]));
  /** All that hear learn it, not at once. */
  const tell = (to: Iterable<string>, seen: readonly string[]) => {
    let laterMs = 0;
    for (const name of to) clock.after(laterMs += 37, () => units.get(name)?.see(seen));
  };
  return {
    ...sim,
    ...fleet,
    units,
    logged,
    /** 429s that the ledger has, of scopes that are held against us. */
    refused: () =>
      sim.ledger.rest.filter(({ status, scope }) => status === 429 && scope !== "shared"),
    unit: (name: string) => units.get(name)!,
    /** Its process ends with no goodbye, and its answers are nobody's; the others learn it when its lease is over. */
    kill(name: string) {
      fleet.state.cut.add(name);
      units.get(name)!.network.broken = "before";
      units.delete(name);
      clock.after(LEASE_MS, () => {
        members = members.filter((each) => each !== name);
        tell(members, members);
      });
    },
    /** It says goodbye, goes on for a while, and is a member until it is gone. */
    leave(name: string) {
      const unit = units.get(name)!;
      unit.permits.leave();
      units.delete(name);
      clock.after(LEAVE_MS, () => {
        unit.permits.close();
        members = members.filter((each) => each !== name);
        tell(members, members);
      });
    },
    /** One comes, or comes back with nothing that it knew. */
    join(name: string) {
      fleet.state.cut.delete(name);
      members = [...new Set([...members, name])].sort();
      units.set(name, open(name));
      tell(members, members);
      return units.get(name)!;
    },
    /** Nobody reaches it, nor it anybody; after a lease the others take it for dead. */
    cutOff(name: string) {
      fleet.state.cut.add(name);
      clock.after(LEASE_MS, () => {
        if (!fleet.state.cut.has(name)) return;
        members = members.filter((each) => each !== name);
        tell(members, members);
      });
    },
    /** It is reached again. */
    rejoin(name: string) {
      fleet.state.cut.delete(name);
      members = [...new Set([...members, name])].sort();
      tell(members, members);
    },
  };
}
