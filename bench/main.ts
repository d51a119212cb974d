/**
 * `deno task bench [name…]`: every benchmark, or those named, each in a process of its own so that
 * one's heap is not another's. What the numbers mean is in `docs/benchmarks.md`.
 *
 * @module
 */

import { runProgram } from "./program.ts";

/** In the order in which an event meets them; then the whole. */
const BENCHMARKS = [
  "socket",
  "inflate",
  "envelope",
  "outbox",
  "batch",
  "worker_hop",
  "pipeline",
  "memory",
  "rest",
  "rest_overload",
];

/**
 * What one of them may do besides what all may. `rest` looks for nirn-proxy, and reads what time
 * other processes took: from `/proc`, which Deno itself lets nobody read who may not do everything.
 */
const EXTRA: Readonly<Record<string, readonly string[]>> = {
  rest: ["--allow-env=NIRN_PROXY,PATH,HOME,TMPDIR", "--allow-run=cat"],
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !BENCHMARKS.includes(name));
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(", ")}: the benchmarks are ${BENCHMARKS.join(", ")}`);
    return 2;
  }
  let failed = 0;
  for (const name of names.length > 0 ? names : BENCHMARKS) {
    console.log(`\n## ${name}`);
    const code = await runProgram(new URL(`./${name}_bench.ts`, import.meta.url), EXTRA[name]);
    if (code !== 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
