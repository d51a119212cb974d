/**
 * What befalls a fleet, at random: units that come and go, die, stand still or are cut off, and a server that is away,
 * forgets, is full or slow. In the end everything is well again.
 *
 * Two things are not done at once: whoever dies while the server has forgotten what it had written takes that along.
 *
 * @module
 */

import * as fc from "fast-check";
import { createScenario, type Scenario } from "./scenario.ts";

const UNITS = ["a", "b", "c"] as const;

/** One thing that happens, and how long it is until the next. */
export interface Event {
  readonly does:
    | "start"
    | "stop"
    | "kill"
    | "freeze"
    | "thaw"
    | "part"
    | "rejoin"
    | "server stops"
    | "server starts"
    | "server forgets"
    | "disk fills"
    | "disk empties"
    | "drop"
    | "carry";
  readonly unit: typeof UNITS[number];
  readonly pauseMs: number;
}

/** After a server has forgotten all, units have come back and written down again what they have. */
const REWRITTEN_MS = 8_000;

const DOES: readonly Event["does"][] = [
  ...["start", "stop", "kill", "freeze", "thaw", "part", "rejoin"] as const,
  ...["server stops", "server starts", "server forgets"] as const,
  ...["disk fills", "disk empties", "drop", "carry"] as const,
];

/** Schedules of some things. */
export const schedules: fc.Arbitrary<Event[]> = fc.array(
  fc.record({
    does: fc.constantFrom(...DOES),
    unit: fc.constantFrom(...UNITS),
    pauseMs: fc.integer({ min: 50, max: 15_000 }),
  }),
  { minLength: 3, maxLength: 12 },
);

/** Has it all happen to a fleet of three units with eight shards, and then end well. */
export async function befall(events: readonly Event[], seed: number): Promise<Scenario> {
  const scenario = await createScenario({ shards: 8, units: UNITS, seed });
  const { stage } = scenario;
  const frozen = new Set<string>();
  const dropping = new Set<string>();
  let [isServerUp, isParted, isFull] = [true, false, false];
  /** Each unit lives and can write down again what a server has forgotten. */
  const isCalm = () =>
    isServerUp && !isParted && !isFull && dropping.size === 0 && UNITS.every(isAwake) &&
    stage.isWhole();
  const isAwake = (unit: string) => stage.running().includes(unit) && !frozen.has(unit);
  const acts: Record<Event["does"], (unit: string) => void> = {
    start: (unit) => void (stage.running().includes(unit) || stage.launch(unit)),
    stop: (unit) => void (isAwake(unit) && stage.terminate(unit)),
    kill(unit) {
      frozen.delete(unit);
      if (stage.running().includes(unit)) stage.kill(unit);
    },
    freeze(unit) {
      if (!isAwake(unit)) return;
      frozen.add(unit);
      stage.freeze(unit);
    },
    thaw(unit) {
      if (frozen.delete(unit)) stage.thaw(unit);
    },
    part(unit) {
      isParted = true;
      stage.bus.part([UNITS.filter((each) => each !== unit)]);
    },
    rejoin() {
      isParted = false;
      stage.bus.part(null);
    },
    "server stops"() {
      if (isServerUp) stage.bus.stop();
      isServerUp = false;
    },
    "server starts"() {
      if (!isServerUp) stage.bus.start();
      isServerUp = true;
    },
    "server forgets"() {
      if (!isCalm()) return;
      stage.bus.stop();
      stage.bus.start(60_000);
    },
    "disk fills"() {
      isFull = true;
      stage.bus.fill(true);
    },
    "disk empties"() {
      isFull = false;
      stage.bus.fill(false);
    },
    drop(unit) {
      if (!isAwake(unit)) return;
      dropping.add(unit);
      stage.line(unit).drop(0.2);
    },
    carry(unit) {
      dropping.delete(unit);
      if (isAwake(unit)) stage.line(unit).drop(0);
    },
  };
  for (const { does, unit, pauseMs } of events) {
    acts[does](unit);
    await scenario.pass(does === "server forgets" ? pauseMs + REWRITTEN_MS : pauseMs);
  }
  acts["server starts"]("a");
  acts.rejoin("a");
  acts["disk empties"]("a");
  for (const unit of UNITS) {
    acts.thaw(unit);
    acts.carry(unit);
  }
  await scenario.pass(60_000);
  for (const unit of UNITS) acts.start(unit);
  await scenario.even(...UNITS);
  return scenario;
}
