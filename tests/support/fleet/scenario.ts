/**
 * A fleet in virtual time, under load; whatever befalls it is the test's. What the bot got is judged afterwards.
 *
 * @module
 */

import assert from "node:assert/strict";
import { startBustle } from "../reshard/bustle.ts";
import type { Allowances } from "../reshard/judge.ts";
import { createFleetStage, type FleetOptions, type FleetStage } from "./stage.ts";
import type { SimHost } from "./sim_line.ts";

/** What a scenario is made with. */
export interface ScenarioOptions extends FleetOptions {
  /** Units that run at the beginning. */
  readonly units: readonly string[];
  /** How the computer of each is. Default: as all others. */
  readonly hosts?: Readonly<Record<string, SimHost>>;
  /** Default 60. */
  readonly eventsPerSecond?: number;
}

/** A fleet that lives. */
export interface Scenario {
  readonly stage: FleetStage;
  /** Time passes. */
  pass(ms: number): Promise<void>;
  /** Time passes until each shard is ready on one unit, and each of these units has its part. Gives how long. */
  even(...units: string[]): Promise<number>;
  /** All goes on for a while, then people go to bed, and all is judged. */
  assertWhole(expected?: Expected, allowances?: Allowances): Promise<void>;
}

/** What is to have come of it. */
export interface Expected {
  /** Total → identifies. Default: one of each shard. */
  readonly identifies?: Readonly<Record<number, number>>;
  /** Rules that may have been broken: who stands still for a minute does not beat. */
  readonly mayBreak?: RegExp;
  /** RESUMEs at most: each session that changes hands needs one. */
  readonly mostResumes?: number;
}

const LIMIT_MS = 120_000;

/** Starts a bot on these units, one after another, and lets it live for some seconds. */
export async function createScenario(options: ScenarioOptions): Promise<Scenario> {
  const { units, hosts = {}, seed = 1, eventsPerSecond = 60, shards } = options;
  const stage = createFleetStage(options);
  const { clock, sim } = stage;
  stage.startBot();
  for (const unit of units) await stage.start(unit, hosts[unit]);
  const scenario: Scenario = {
    stage,
    pass: (ms) => clock.advance(ms),
    async even(...names) {
      const fromMs = clock.now();
      const share = shards / names.length;
      const isEven = () => {
        const ready = stage.ready();
        return stage.isWhole() && names.every((name) => {
          const { length = 0 } = ready[name] ?? [];
          return length >= Math.floor(share) && length <= Math.ceil(share);
        });
      };
      await clock.runUntil(isEven, LIMIT_MS).catch((error) => {
        throw new Error(`${error.message}; ready: ${JSON.stringify(stage.ready())}`);
      });
      return clock.now() - fromMs;
    },
    async assertWhole(expected, allowances) {
      await clock.advance(10_000);
      stopBustle();
      await clock.advance(30_000);
      assertWhole(stage, shards, expected, allowances);
    },
  };
  await scenario.even(...units);
  const stopBustle = startBustle(sim, eventsPerSecond, seed);
  await clock.advance(5_000);
  return scenario;
}

function assertWhole(
  stage: FleetStage,
  shards: number,
  expected: Expected = {},
  allowances?: Allowances,
): void {
  const { mayBreak, mostResumes = Infinity } = expected;
  const { lost, twice, outOfOrder, unknown, identifies, ...verdict } = stage.verdict(allowances);
  const violations = verdict.violations.filter((each) => !mayBreak?.test(each));
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, identifies }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    identifies: expected.identifies ?? { [shards]: shards },
  });
  const { length: resumes } = stage.sim.ledger.resumes;
  assert.ok(resumes <= mostResumes, `${resumes} RESUMEs, at most ${mostResumes} were to be`);
  assert.ok(stage.isWhole(), `ready: ${JSON.stringify(stage.ready())}`);
  const bugs = stage.logged.filter(({ level }) => level === "error")
    .map(({ unit, event, fields }) => `${unit}: ${event} ${JSON.stringify(fields)}`);
  assert.deepEqual(bugs, []);
}
