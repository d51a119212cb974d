/**
 * The tree of this repository: which folders there are, and which floor each stands on. Whatever
 * needs to know asks here; `docs/architecture.md` says what they are.
 *
 * @module
 */

/** Folders by floor, the ground first. Imports go down only; none of a floor knows another of it. */
export const FLOORS: readonly (readonly string[])[] = [
  ["protocol"],
  ["ports"],
  [
    "gateway",
    "queue",
    "intake",
    "link",
    "downstream",
    "bot",
    "rest",
    "store",
    "config",
    "fleet",
    "guilds",
  ],
  ["workers", "clusters"],
  ["unit", "dashboard"],
  ["app"],
];

/** The floor of the doors: they see everything that we ship. */
export const DOOR_FLOOR = FLOORS.length;

/** What stands at the top and is imported from outside: `mod.ts`, and doors of less than all. */
export const DOORS: readonly string[] = ["cli.ts", "mod.ts", "events.ts", "protocol.ts"];

/** Files at the top: the doors, and lists of foreign modules. */
export const ROOT_FILES: readonly string[] = [...DOORS, "deps.ts", "discord.ts"];

/** Folders that hold what we ship: those on floors, and the embedded Discord beside them. */
export const SOURCE_FOLDERS: readonly string[] = [...FLOORS.flat(), "sim"];

/** Folders that may import anything, and that nothing else imports. */
export const OUTSIDE_FOLDERS: readonly string[] = [
  "tests",
  "bench",
  "deploy",
  "examples",
  "docs",
  "tools",
];

/** The floor of a folder at the top; `undefined` where it stands on none. */
export function floorOf(folder: string): number | undefined {
  const floor = FLOORS.findIndex((folders) => folders.includes(folder));
  return floor < 0 ? undefined : floor;
}

/** The folder at the top in which a file lies; for a file at the top its own name. */
export function topOf(path: string): string {
  return path.split("/")[0]!;
}
