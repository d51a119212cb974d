/**
 * How Gatehouse is compiled to one executable: what may be baked in, what it holds, for which machines.
 *
 * @module
 */

/**
 * What it may do. It works nothing out of its settings before it starts, so this is what a unit may need; each
 * shard worker and each cluster gets less.
 */
export const BAKED_FLAGS: readonly string[] = [
  "--no-prompt",
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-run",
  "--allow-sys",
  "--allow-write",
];

/** What it runs. */
export const ENTRY = "app/cli/compiled.ts";

/**
 * What no import names, and is loaded by an address that is worked out: programs of threads, the example bot,
 * the dashboard's page, what bots import as `gatehouse`.
 */
export const INCLUDED: readonly string[] = [
  "clusters/inside/thread.ts",
  "dashboard/page",
  "dashboard/vendor",
  "examples/bot.ts",
  "mod.ts",
  "tools/later.ts",
  "workers/entry.ts",
];

/** For which machines. Windows is not among them: it has no SIGTERM, by which a unit stops. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
];

/** The name of an executable. */
export function executableName(target: string): string {
  return `gatehouse-${target}`;
}

/** Arguments of `deno` that make one; the working directory is the root of this repository. */
export function compileArgs(target: string, output: string): string[] {
  return [
    "compile",
    "--no-check",
    "--quiet",
    // Exactly what is tested.
    "--lock=tools/deno.lock",
    "--frozen",
    `--target=${target}`,
    "--app-name=gatehouse",
    // A cache of code would lie in the temporary folder, where other users of the machine may write.
    "--no-code-cache",
    // Else packages that only tests need would be in it.
    "--exclude-unused-npm",
    ...BAKED_FLAGS,
    ...INCLUDED.map((path) => `--include=${path}`),
    `--output=${output}`,
    ENTRY,
  ];
}
