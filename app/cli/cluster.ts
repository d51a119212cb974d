/**
 * `gatehouse cluster`, which no help names: a cluster of a compiled Gatehouse, started by its unit. No parser
 * is loaded for it, since there are many of them.
 *
 * @module
 */

/** The flags of `CLUSTER_PERMISSIONS`, where `args` are those of a cluster; else `null`. */
export function clusterFlags(args: readonly string[]): string[] | null {
  const [name, mark, ...flags] = args;
  return name === "cluster" && mark === "--" ? flags : null;
}

/** Runs that cluster until its unit stops it. Gives the exit code. */
export async function runCluster(flags: readonly string[]): Promise<number> {
  const { runAlone } = await import("../../clusters/alone.ts");
  return await runAlone(flags);
}
