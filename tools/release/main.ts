/**
 * Makes the executables of a release in `dist/`, with `SHA256SUMS`; `--here` that for this machine alone,
 * `--check FILE` none, but looks at one. One that is not in order is deleted.
 *
 * Deno downloads its runtime for compiled programs from its releases, once per machine that is compiled for.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { contentProblems, demoProblem, versionProblem } from "./checks.ts";
import { compileArgs, TARGETS } from "./compile.ts";
import { contentsOf } from "./contents.ts";
import { makeAll } from "./make.ts";

/** Everything that is said against an executable. `isOurs`: this machine can run it. */
async function problemsOf(path: string, isOurs: boolean): Promise<string[]> {
  const held = contentProblems(contentsOf(await Deno.readFile(path)));
  if (held.length > 0 || !isOurs) return held;
  const why = await versionProblem(path) ?? await demoProblem(path);
  return why === null ? [] : [why];
}

async function compile(target: string, path: string): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), { args: compileArgs(target, path) }).spawn();
  const { code } = await child.status;
  if (code !== 0) return [`deno compile ended with ${code}`];
  const isOurs = target === Deno.build.target;
  const problems = await problemsOf(path, isOurs);
  if (problems.length > 0) return problems;
  console.log(`${path}: ${isOurs ? "runs" : "compiled; not run, for it is another machine's"}`);
  return [];
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      here: { type: "boolean" },
      check: { type: "string" },
      to: { type: "string", default: "dist" },
    },
  });
  const { here, check, to } = values;
  if (check !== undefined) {
    const problems = await problemsOf(check, true);
    return complain(new Map(problems.length > 0 ? [[check, problems]] : []));
  }
  await Deno.mkdir(to, { recursive: true });
  return complain(await makeAll(here ? [Deno.build.target] : TARGETS, to, compile));
}

function complain(refused: ReadonlyMap<string, readonly string[]>): number {
  for (const [name, problems] of refused) {
    for (const problem of problems) console.error(`${name} is refused: ${problem}`);
  }
  return refused.size === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
