/**
 * Which unit runs which service: each name runs once in the fleet.
 *
 * @module
 */

import type { UnitCard } from "../protocol/fleet.ts";
import { define } from "../protocol/record.ts";
import { isSameRecord } from "./same_record.ts";
import type { Society } from "./society.ts";

/**
 * Each service stays where it is while that unit has its code; else whoever runs the fewest gets it. The same
 * object where nothing changes.
 */
export function planServices(
  now: Readonly<Record<string, string>>,
  { cards, unheard }: Society,
): Readonly<Record<string, string>> {
  const names = new Set(cards.flatMap(({ services }) => services));
  for (const [name, unit] of Object.entries(now)) if (unheard.has(unit)) names.add(name);
  const next: Record<string, string> = {};
  const runs = new Map<string, number>();
  const put = (name: string, unit: string) => {
    define(next, name, unit, true);
    runs.set(unit, (runs.get(unit) ?? 0) + 1);
  };
  const homeless = [...names].toSorted().filter((name) => {
    const unit = Object.hasOwn(now, name) ? now[name]! : null;
    const stays = unit !== null && (unheard.has(unit) || runnersOf(name, cards).includes(unit));
    if (stays) put(name, unit);
    return !stays;
  });
  for (const name of homeless) {
    const [unit] = runnersOf(name, cards).toSorted((a, b) =>
      (runs.get(a) ?? 0) - (runs.get(b) ?? 0) || (a < b ? -1 : 1)
    );
    if (unit !== undefined) put(name, unit);
  }
  return isSameRecord(now, next, (a, b) => a === b) ? now : next;
}

/** Who may run a service: those that stay, or where all leave, those. */
function runnersOf(name: string, cards: readonly UnitCard[]): string[] {
  const able = cards.filter(({ services }) => services.includes(name));
  const staying = able.filter(({ isLeaving }) => !isLeaving);
  return (staying.length > 0 ? staying : able).map(({ unit }) => unit);
}
