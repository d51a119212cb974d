/**
 * The entry of the executable: the command line, and `cluster`, which no help names. That is a cluster which the
 * unit has started, by calling its own executable; there are many of them, so nothing of a unit is loaded for it.
 *
 * @module
 */

import { runAlone } from "../../clusters/alone.ts";

/** The flags of `CLUSTER_PERMISSIONS`, where `args` are those of a cluster; else `null`. */
export function clusterFlags(args: readonly string[]): string[] | null {
  const [name, mark, ...flags] = args;
  return name === "cluster" && mark === "--" ? flags : null;
}

async function main(args: readonly string[]): Promise<number> {
  const flags = clusterFlags(args);
  if (flags) return await runAlone(flags);
  const { run } = await import("./entry.ts");
  return await run(args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
