/**
 * A reshard in virtual time, under load, with sessions that are late by chance; whatever else befalls it is the
 * test's. What the bot got is judged afterwards.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { LotPhase, ReshardSnapshot } from "../../../protocol/reshard.ts";
import {
  beginReshard,
  isUnderWay,
  type Steering,
  steerReshard,
} from "../../../unit/reshard/resharding.ts";
import type { Simulator } from "../../../sim/mod.ts";
import { startBustle } from "./bustle.ts";
import type { Allowances } from "./judge.ts";
import { lateByChance } from "./late.ts";
import { createStage, type Stage, type StageOptions } from "./stage.ts";

/** What a scenario is made with. */
export interface ScenarioOptions extends Omit<StageOptions, "shards"> {
  readonly from: number;
  readonly to: number;
  /** The most that events are late for a session. Default 4000. */
  readonly mostLateMs?: number;
  /** Default 60. */
  readonly eventsPerSecond?: number;
  /** Whatever is to be before the unit starts. */
  readonly before?: (sim: Simulator) => void;
  /** Guilds that add the bot or remove it. Default 20. */
  readonly comingsPerMinute?: number;
}

/** A bot that lives and is about to reshard. */
export interface Scenario {
  readonly stage: Stage;
  /** The reshard as it was seen last; `null` before it began. */
  readonly reshard: ReshardSnapshot | null;
  /** Asks for it: by itself to the total that was said. */
  begin(to?: number): void;
  /** Pauses it, lets it go on, or takes it back. */
  steer(how: Steering): void;
  /** Time passes until a lot is in this phase. */
  until(phase: LotPhase): Promise<void>;
  /** Time passes until it has ended, one way or another. */
  ended(limitMs?: number): Promise<ReshardSnapshot>;
  /** All goes on for a while, then people go to bed, and all is judged. */
  assertWhole(expected: Expected, allowances?: Allowances): Promise<void>;
}

/** What is to have come of it. */
export interface Expected {
  /** Total → identifies, exactly. */
  readonly identifies: Readonly<Record<number, number>>;
  /** The total that serves. */
  readonly total: number;
  /** Whether guilds may have been cut by force. Default false. */
  readonly mayForce?: boolean;
}

const LIMIT_MS = 600_000;

/** Starts a bot of `from` shards, and lets it live for some seconds. */
export async function createScenario(options: ScenarioOptions): Promise<Scenario> {
  const { from, to, seed = 1, eventsPerSecond = 60, comingsPerMinute = 20 } = options;
  const stage = createStage({ ...options, shards: from });
  const { clock, sim } = stage;
  options.before?.(sim);
  sim.settings.lateMs = lateByChance(options.mostLateMs ?? 4_000, seed);
  await stage.start();
  const stopBustle = startBustle(sim, eventsPerSecond, seed);
  sim.comings.setRate(comingsPerMinute);
  await clock.advance(6_000);
  let reshard: ReshardSnapshot | null = null;
  /** One that is over may be told of no more: what was seen last counts. */
  const look = () => reshard = stage.unit.snapshot.reshard ?? reshard;
  const scenario: Scenario = {
    stage,
    get reshard() {
      return look();
    },
    begin(total = to) {
      void beginReshard(stage.unit, total, "operator");
      look();
    },
    steer: (how) => void (reshard = steerReshard(stage.unit, how)),
    until: (phase) =>
      clock.runUntil(() => look()?.lots.some((lot) => lot.phase === phase) ?? false, LIMIT_MS),
    async ended(limitMs = LIMIT_MS) {
      const isOver = () => {
        const { unit } = stage;
        const now = look();
        // It was over before the unit was started again: that is told of no more.
        if (now && unit.snapshot.reshard === null && unit.totalShards === now.to) {
          reshard = { ...now, state: "done" };
        }
        return reshard !== null && !isUnderWay(reshard);
      };
      await clock.runUntil(isOver, limitMs).catch((error) => {
        throw new Error(`${error.message}; ${JSON.stringify(reshard)}`);
      });
      return reshard!;
    },
    async assertWhole(expected, allowances) {
      await clock.advance(10_000);
      stopBustle();
      sim.comings.setRate(0);
      await clock.advance(30_000);
      assertWhole(stage, expected, allowances);
      if (!expected.mayForce) assert.equal(look()?.forced ?? 0, 0, "guilds were cut by force");
    },
  };
  return scenario;
}

/** How sessions end that nobody takes away. */
const ENDS: ReadonlySet<string> = new Set(["closed 1000", "expired", "invalidated"]);

function assertWhole(stage: Stage, expected: Expected, allowances?: Allowances): void {
  const verdict = stage.verdict(allowances);
  const { lost, twice, outOfOrder, unknown, violations, identifies } = verdict;
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, identifies }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    identifies: expected.identifies,
  });
  const { unit, sim } = stage;
  assert.equal(unit.totalShards, expected.total);
  assert.deepEqual(
    unit.snapshot.shards.map(({ totalShards, role }) => `${totalShards} ${role}`),
    Array(expected.total).fill(`${expected.total} serves`),
  );
  const connected = [...sim.gateway.connections].map(({ session }) => session?.terms.totalShards);
  assert.deepEqual(connected, Array(expected.total).fill(expected.total));
  // Nobody can close a session whose connection a crash has broken: Discord ends it in time.
  const ends = [...sim.ledger.sessions.values()].flatMap(({ ended }) => ended?.reason ?? []);
  assert.ok(ends.every((reason) => ENDS.has(reason)), `ended: ${ends.join()}`);
}
