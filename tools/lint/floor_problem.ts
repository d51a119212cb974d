/**
 * Which file may import which: imports go down only. The floors are in `tools/tree.ts`.
 *
 * @module
 */

import { DOOR_FLOOR, DOORS, floorOf, OUTSIDE_FOLDERS, topOf } from "../tree.ts";

/** Where a file of ours stands; `place` is its folder at the top, or its name if it has none. */
interface Standing {
  readonly place: string;
  readonly floor: number | undefined;
}

/** What stands beside the floors, by the floor that it is seen from. */
const BESIDE: Readonly<Record<string, number>> = {
  "deps.ts": 1,
  "discord.ts": 1,
  sim: 2,
  ...Object.fromEntries(DOORS.map((door) => [door, DOOR_FLOOR])),
  // It has what the others have.
  "mod.ts": DOOR_FLOOR + 1,
};

/**
 * Why `file` may not import `specifier`, or `undefined` where it may.
 *
 * @param file Path from the root of the repository, with `/`.
 * @param specifier As it stands in the import.
 */
export function floorProblem(file: string, specifier: string): string | undefined {
  const from = standing(file);
  if (OUTSIDE_FOLDERS.includes(from.place)) return undefined;
  if (!specifier.startsWith(".")) return foreignProblem(from, specifier);
  const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
  const to = standing(target);
  const what = `${file} (${floorName(from)}) may not import ${target} (${floorName(to)})`;
  if (isForeign(from)) return `${what}: ${from.place} is a list of foreign modules`;
  if (OUTSIDE_FOLDERS.includes(to.place)) return `${what}: nothing imports ${to.place}/`;
  if (from.place === to.place) return undefined;
  if (from.floor === undefined || to.floor === undefined) {
    return `${what}: tools/tree.ts knows no such folder`;
  }
  if (isForeign(to)) return from.floor >= 1 ? undefined : `${what}: it imports nothing`;
  if (to.place === "sim") {
    return from.floor >= DOOR_FLOOR - 1 ? undefined : `${what}: only app/ and mod.ts do`;
  }
  if (from.place === "sim") return to.floor <= 1 ? undefined : `${what}: sim/ knows floors 0 and 1`;
  return to.floor < from.floor ? undefined : `${what}: imports go down only`;
}

/** Lists of foreign modules, and nothing else. */
function isForeign({ place }: Standing): boolean {
  return place === "deps.ts" || place === "discord.ts";
}

function foreignProblem(from: Standing, specifier: string): string | undefined {
  const { place } = from;
  if (isForeign(from)) return undefined;
  if (specifier.startsWith("node:") && place !== "protocol") return undefined;
  return `${place} may not import ${specifier}: foreign modules go through deps.ts`;
}

function standing(path: string): Standing {
  const place = topOf(path);
  return { place, floor: floorOf(place) ?? BESIDE[place] };
}

function floorName({ place }: Standing): string {
  const floor = floorOf(place);
  return floor === undefined ? place : `floor ${floor}`;
}
