/** What can befall a fleet, drawn at random. */

import fc from "fast-check";
import { FleetStage } from "./stage.ts";

/** One thing that befalls it. */
export interface Fault {
  readonly kind: typeof KINDS[number];
  /** Whom. */
  readonly at: number;
  readonly forMs: number;
  /** How bad it is, 0 to 1: how much is lost, how slow it is. */
  readonly much: number;
  /** Until the next. */
  readonly thenMs: number;
}

/** Kinds of faults. */
export const KINDS = [
  "freeze",
  "kill",
  "leave",
  "cut",
  "part",
  "server away",
  "server loses writes",
  "disk full",
  "drop",
  "slow",
] as const;

const NAMES = ["a", "b", "c", "d"];

/** Schedules of faults, of these kinds. */
export function schedules(kinds: readonly Fault["kind"][] = KINDS): fc.Arbitrary<Fault[]> {
  return fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      at: fc.nat({ max: NAMES.length - 1 }),
      forMs: fc.integer({ min: 100, max: 60_000 }),
      much: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      thenMs: fc.integer({ min: 0, max: 30_000 }),
    }),
    { minLength: 1, maxLength: 8 },
  );
}

/** Four units live through a schedule, whose clocks differ by half a minute; gives how long it takes until all is well. */
export async function liveThrough(
  seed: number,
  faults: readonly Fault[],
  limitMs: number,
): Promise<number> {
  const stage = new FleetStage(seed);
  for (const [at, name] of NAMES.entries()) stage.begin(name, {}, { aheadMs: at * 10_000 });
  await stage.heal(30_000);
  const ends = new Set<() => void>();
  for (const fault of faults) {
    const undo = befall(stage, fault);
    const end = () => void (ends.delete(end) && undo());
    ends.add(end);
    stage.clock.after(fault.forMs, end);
    await stage.pass(fault.thenMs);
  }
  for (const end of [...ends]) end();
  return await stage.heal(limitMs);
}

/** Has it happen; what is given ends it. */
function befall(stage: FleetStage, { kind, at, forMs, much }: Fault): () => void {
  const name = NAMES[at]!;
  const unit = stage.present.find((each) => each.name === name);
  const others = NAMES.filter((each) => each !== name);
  const comesBack = () => {
    if (!stage.present.some((each) => each.name === name)) stage.begin(name);
  };
  switch (kind) {
    case "freeze":
      unit?.line.freeze();
      return () => unit?.line.thaw();
    case "kill":
      if (unit) stage.kill(unit);
      return comesBack;
    case "leave":
      // Its end may come while it is on its way; who was told to end twice is gone.
      if (unit) stage.leave(unit).catch(() => {});
      return () => {
        if (unit && !unit.isOver) stage.kill(unit);
        comesBack();
      };
    case "cut":
      stage.bus.part([others]);
      return () => stage.bus.part(null);
    case "part":
      stage.bus.part(much < 0.5 ? [others, [name]] : [[name], others]);
      return () => stage.bus.part(null);
    case "server away":
      stage.bus.stop();
      return () => stage.bus.start();
    case "server loses writes":
      stage.bus.stop();
      stage.clock.after(Math.min(forMs, 2_000), () => stage.bus.start(much * 120_000));
      return () => stage.bus.start();
    case "disk full":
      stage.bus.fill(true);
      return () => stage.bus.fill(false);
    case "drop":
      unit?.line.drop(much);
      return () => unit?.line.drop(0);
    case "slow":
      unit?.line.slow(much * 5_000);
      return () => unit?.line.slow(0);
  }
}
