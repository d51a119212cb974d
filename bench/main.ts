/**
 * `deno task bench [name…]`: every benchmark, or those named, each in a process of its own so that
 * one's heap is not another's. What follows the first flag is for the one that is named. What the
 * numbers mean is in `docs/benchmarks.md`.
 *
 * @module
 */

import { NATS_PATHS } from "../tools/nats_paths.ts";
import { runProgram } from "./program.ts";

/** In the order in which an event meets them; then the whole. */
const BENCHMARKS = [
  "socket",
  "inflate",
  "envelope",
  "outbox",
  "batch",
  "cache",
  "worker_hop",
  "posts",
  "pipeline",
  "memory",
  "rest",
  "rest_overload",
  "rest_fleet",
  "reshard",
  "fleet",
  "fleet_identify",
];

/** Those that start whole units: temporary folders, and what Deno needs to find its packages. */
const OF_UNITS = [
  "--allow-env=DENO_DIR,HOME,NPM_CONFIG_REGISTRY,PATH,XDG_CACHE_HOME",
  "--allow-read=/tmp",
  "--allow-write=/tmp",
  "--allow-run=git",
];

/**
 * What one of them may do besides what all may. `rest` looks for nirn-proxy, and reads what time
 * other processes took: from `/proc`, which Deno itself lets nobody read who may not do everything.
 */
const EXTRA: Readonly<Record<string, readonly string[]>> = {
  pipeline: OF_UNITS,
  memory: OF_UNITS,
  rest_fleet: [
    "--allow-env",
    "--allow-read=/tmp",
    "--allow-write=/tmp",
    `--allow-run=${["cat", ...NATS_PATHS].join()}`,
  ],
  rest: ["--allow-env=NIRN_PROXY,PATH,HOME,TMPDIR", "--allow-run=cat"],
};

async function main(args: readonly string[]): Promise<number> {
  const firstFlag = args.findIndex((arg) => arg.startsWith("--"));
  const names = firstFlag < 0 ? args : args.slice(0, firstFlag);
  const flags = args.slice(names.length);
  if (flags.length > 0 && names.length !== 1) {
    console.error(`Cannot pass ${flags.join(" ")} on: name one benchmark`);
    return 2;
  }
  const unknown = names.filter((name) => !BENCHMARKS.includes(name));
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(", ")}: the benchmarks are ${BENCHMARKS.join(", ")}`);
    return 2;
  }
  let failed = 0;
  const asked = names.length > 0 ? names : BENCHMARKS;
  for (const [at, name] of asked.entries()) {
    console.log(`\n## ${name} (${at + 1} of ${asked.length})`);
    const code = await runProgram(
      new URL(`./${name}_bench.ts`, import.meta.url),
      flags,
      EXTRA[name],
    );
    if (code !== 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
