/**
 * What only a clone of the repository can do: measure and torment Gatehouse itself. An installed package or an
 * executable has none of it, and says so.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { CliFailure, EXIT, type ExitCode } from "../exit.ts";
import type { CliWorld } from "../world.ts";

/** What a clone can do, by task of its `deno.json`: the program behind it. */
export const OF_CLONES = { bench: "bench/main.ts", soak: "tools/soak/main.ts" } as const;

/** A task of a clone. */
export type CloneTask = keyof typeof OF_CLONES;

/**
 * Runs a task of the clone that this code lies in, with `args`, on this terminal. Gives its exit code.
 *
 * @throws {CliFailure} This is no clone.
 */
export async function runInClone(
  world: CliWorld,
  task: CloneTask,
  args: readonly string[],
): Promise<ExitCode> {
  const root = await cloneOf(new URL("../../../", import.meta.url), task);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--cwd", root, task, ...args],
  }).spawn();
  // A Ctrl-C of the terminal reaches both; any other signal this program only.
  world.stopped().then((name) => name === "SIGTERM" && child.kill("SIGTERM"));
  return codeOf((await child.status).code);
}

/**
 * The folder of the clone at `root`.
 *
 * @throws {CliFailure} There is none that has the task.
 */
export async function cloneOf(root: URL, task: CloneTask): Promise<string> {
  const program = new URL(OF_CLONES[task], root);
  if (program.protocol === "file:" && await isThere(program)) {
    return dirname(fileURLToPath(new URL("deno.json", root)));
  }
  const text =
    `Cannot ${task}: ${
      OF_CLONES[task]
    } is not in an installed Gatehouse (this one is at ${root.href}). ` +
    `It measures Gatehouse itself: clone the repository, and run \`deno task ${task}\` there`;
  throw new CliFailure(EXIT.REFUSED, text);
}

async function isThere(file: URL): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a program that ended with `code` is for us: of its own codes we know what all programs mean by them. */
export function codeOf(code: number): ExitCode {
  const known = [EXIT.OK, EXIT.USAGE, EXIT.AT_ONCE].find((each) => each === code);
  return known ?? EXIT.REFUSED;
}
