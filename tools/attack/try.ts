/**
 * One attack, tried: what the unit held before, at the most, and after; and what the bot and Discord
 * noticed of it.
 *
 * @module
 */

import type { Verdict } from "../soak/recorder.ts";
import { type Holding, holdingOf } from "./meter.ts";
import { type Attack, pause, setStage, type Stage } from "./stage.ts";

const SAMPLE_MS = 250;
/** How long a unit has to let go of what the attack made it take. */
const SETTLE_MS = 3_000;

/** What came of an attack. */
export interface Trial {
  readonly name: string;
  /** What was tried, in words. */
  readonly tried: string;
  readonly before: Holding;
  readonly most: Holding;
  /** `null` where the unit has ended. */
  readonly after: Holding | null;
  readonly bot: Verdict;
  /** GAPs that the bot had to be told of. */
  readonly owed: number;
  /** Rules of Discord that the unit broke, late heartbeats among them. */
  readonly broken: readonly string[];
  /** Identifies beside those of the start. */
  readonly identifies: number;
}

/**
 * Tries an attack on a stage of its own.
 *
 * @throws {Error} What the attack itself throws where it came through.
 */
export async function tryAttack(name: string, attack: Attack): Promise<Trial> {
  const stage = await setStage(attack);
  try {
    await pause(SETTLE_MS);
    return await watched(name, attack, stage);
  } finally {
    await stage.close();
  }
}

/** Whether the unit lives, nothing was lost, and Discord saw nothing of it. */
export function isHarmless({ after, bot, owed, broken, identifies }: Trial): boolean {
  const { lost, twice, outOfOrder, gaps } = bot;
  return after !== null && gaps === owed &&
    lost + twice + outOfOrder + identifies + broken.length === 0;
}

async function watched(name: string, attack: Attack, stage: Stage): Promise<Trial> {
  const { sim } = stage;
  const identified = sim.ledger.identifies.length;
  const before = await held(stage);
  let most = before;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      const now = await holdingOf(stage.unit.pid);
      if (now) most = larger(most, now);
      await pause(SAMPLE_MS);
    }
  })();
  let tried: string;
  try {
    tried = await attack.run(stage);
    await pause(SETTLE_MS);
  } finally {
    isOver = true;
    await sampling;
  }
  return {
    name,
    tried,
    before,
    most,
    bot: await stage.verdict(),
    owed: attack.gaps ?? 0,
    after: await holdingOf(stage.unit.pid),
    broken: sim.ledger.violations.map(({ rule, detail }) => `${rule}: ${detail}`),
    identifies: sim.ledger.identifies.length - identified,
  };
}

async function held({ unit }: Stage): Promise<Holding> {
  const holding = await holdingOf(unit.pid);
  if (!holding) throw new Error(`the unit ended before the attack: ${unit.errors()}`);
  return holding;
}

function larger(a: Holding, b: Holding): Holding {
  return { mib: Math.max(a.mib, b.mib), descriptors: Math.max(a.descriptors, b.descriptors) };
}
