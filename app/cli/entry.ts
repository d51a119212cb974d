/**
 * Where every run of the program begins. A plain start goes straight to the unit: what runs for months keeps no
 * parser, and nothing of the other subcommands, in memory.
 *
 * @module
 */

import { plainStart, runStart } from "./start.ts";

/** Runs what `args` ask for. Gives the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const plain = plainStart(args);
  if (plain !== null) return await runStart(plain);
  const { main } = await import("./main.ts");
  return await main(args);
}

if (import.meta.main) Deno.exit(await run(Deno.args));
