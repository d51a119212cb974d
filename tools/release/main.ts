/**
 * Makes the executables of a release in `dist/`, with `SHA256SUMS`; `--here` that for this machine alone,
 * `--check FILE` none, but looks at one. One that is not in order is deleted.
 *
 * Deno downloads its runtime for compiled programs from its releases, once per machine that is compiled for.
 *
 * @module
 */

import { basename } from "node:path";
import { parseArgs } from "node:util";
import { contentProblems, demoProblem, versionProblem } from "./checks.ts";
import { compileArgs, executableName, TARGETS } from "./compile.ts";
import { contentsOf } from "./contents.ts";

const SUMS = "SHA256SUMS";

/** Everything that is said against an executable. `isOurs`: this machine can run it. */
async function problemsOf(path: string, isOurs: boolean): Promise<string[]> {
  const held = contentProblems(contentsOf(await Deno.readFile(path)));
  if (held.length > 0 || !isOurs) return held;
  const why = await versionProblem(path) ?? await demoProblem(path);
  return why === null ? [] : [why];
}

async function compile(target: string, folder: string): Promise<string[]> {
  const path = `${folder}/${executableName(target)}`;
  const child = new Deno.Command(Deno.execPath(), { args: compileArgs(target, path) }).spawn();
  const { code } = await child.status;
  if (code !== 0) return [`deno compile ended with ${code}`];
  const isOurs = target === Deno.build.target;
  const problems = await problemsOf(path, isOurs).catch((error) => [String(error)]);
  if (problems.length > 0) await Deno.remove(path);
  else {console.log(
      `${path}: ${isOurs ? "runs" : "compiled; not run, for it is another machine's"}`,
    );}
  return problems;
}

/** A line of `sha256sum`. */
async function sumOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return `${new Uint8Array(digest).toHex()}  ${basename(path)}\n`;
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
  if (values.check !== undefined) {
    return complain(values.check, await problemsOf(values.check, true));
  }
  await Deno.mkdir(values.to, { recursive: true });
  await removeIfThere(`${values.to}/${SUMS}`);
  let sums = "";
  for (const target of values.here ? [Deno.build.target] : TARGETS) {
    const code = complain(executableName(target), await compile(target, values.to));
    if (code !== 0) return code;
    sums += await sumOf(`${values.to}/${executableName(target)}`);
  }
  await Deno.writeTextFile(`${values.to}/${SUMS}`, sums);
  return 0;
}

/** What is left of an earlier release must not vouch for this one. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function complain(name: string, problems: readonly string[]): number {
  for (const problem of problems) console.error(`${name} is refused: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
