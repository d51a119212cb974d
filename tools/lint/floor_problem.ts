/**
 * Which file may import which: imports go down only. The floors are drawn in `docs/architecture.md`.
 *
 * @module
 */

const FLOORS: Readonly<Record<string, number>> = {
  protocol: 0,
  ports: 1,
  gateway: 2,
  queue: 2,
  intake: 2,
  link: 2,
  downstream: 2,
  bot: 2,
  rest: 2,
  store: 2,
  config: 2,
  fleet: 2,
  workers: 3,
  clusters: 3,
  unit: 4,
  dashboard: 4,
  app: 5,
};

/** Folders that may import anything, and that nothing else imports. */
const OUTSIDE: ReadonlySet<string> = new Set(["tests", "bench", "examples", "docs", "tools"]);

/** Where a file of ours stands; `place` is its folder at the top, or its name if it has none. */
interface Standing {
  readonly place: string;
  readonly floor: number;
}

/**
 * Why `file` may not import `specifier`, or `undefined` where it may.
 *
 * @param file Path from the root of the repository, with `/`.
 * @param specifier As it stands in the import.
 */
export function floorProblem(file: string, specifier: string): string | undefined {
  const from = standing(file);
  if (OUTSIDE.has(from.place)) return undefined;
  if (!specifier.startsWith(".")) return foreignProblem(from, specifier);
  const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
  const to = standing(target);
  const what = `${file} (${floorName(from)}) may not import ${target} (${floorName(to)})`;
  if (from.place === "deps.ts") return `${what}: deps.ts is a list of foreign modules`;
  if (OUTSIDE.has(to.place)) return `${what}: nothing imports ${to.place}/`;
  if (from.place === to.place) return undefined;
  if (to.place === "deps.ts") return from.floor >= 1 ? undefined : `${what}: it imports nothing`;
  if (to.place === "sim") return from.floor >= 5 ? undefined : `${what}: only app/ and mod.ts do`;
  if (from.place === "sim") return to.floor <= 1 ? undefined : `${what}: sim/ knows floors 0 and 1`;
  return to.floor < from.floor ? undefined : `${what}: imports go down only`;
}

function foreignProblem({ place }: Standing, specifier: string): string | undefined {
  if (place === "deps.ts") return undefined;
  if (specifier.startsWith("node:") && place !== "protocol") return undefined;
  return `${place} may not import ${specifier}: foreign modules go through deps.ts`;
}

function standing(path: string): Standing {
  const place = path.split("/")[0]!;
  if (place === "mod.ts") return { place, floor: 6 };
  return { place, floor: place === "sim" ? 2 : FLOORS[place] ?? 1 };
}

function floorName({ place, floor }: Standing): string {
  return place in FLOORS ? `floor ${floor}` : place;
}
