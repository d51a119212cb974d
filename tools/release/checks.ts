/**
 * What an executable must do before anybody gets it. `deno compile` has succeeded before with one that is
 * nothing but a prompt.
 *
 * @module
 */

import { VERSION } from "../../protocol/discord/user_agent.ts";
import { eachLine } from "../../clusters/log.ts";
import type { Contents } from "./contents.ts";
import { ENTRY, INCLUDED } from "./compile.ts";
import { OUTSIDE_FOLDERS, topOf } from "../tree.ts";

/** How long the demo may take until its bot has answered. */
const DEMO_MS = 60_000;
/** How long it may take to say its version. */
const VERSION_MS = 15_000;

/** What is wrong with what an executable holds: what is missing, and what is nobody's to see. */
export function contentProblems({ entry, files }: Contents): string[] {
  const missing = INCLUDED.filter((path) =>
    !files.some((file) => file === path || file.startsWith(`${path}/`))
  );
  const foreign = files.filter((file) =>
    (OUTSIDE_FOLDERS.includes(topOf(file)) && !INCLUDED.includes(file)) || /(^|\/)\.env/.test(file)
  );
  return [
    ...entry === ENTRY ? [] : [`it runs ${entry}, not ${ENTRY}`],
    ...missing.map((path) => `${path} is missing`),
    ...foreign.map((path) => `it holds ${path}`),
  ];
}

/** Why it is not Gatehouse of this version; `null` where it is. */
export async function versionProblem(path: string): Promise<string | null> {
  const child = start(path, ["--version"]);
  const deadline = setTimeout(() => child.kill("SIGKILL"), VERSION_MS);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(deadline);
  const said = new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr).trim();
  if (code === 0 && said.startsWith(`gatehouse ${VERSION} (`)) return null;
  const first = said.split("\n")[0] || "nothing";
  return `--version ended with ${code} and said "${first}"; expected "gatehouse ${VERSION} (…)"`;
}

/**
 * Why it does not run: its simulator, workers, a cluster, the example bot in that, a clean end. `null` where it
 * does.
 */
export async function demoProblem(path: string): Promise<string | null> {
  const child = start(path, ["demo"]);
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEMO_MS);
  const told: string[] = [];
  const problems: string[] = [];
  let hasAnswered = false;
  const reading = eachLine(child.stdout, (line) => {
    told.push(line);
    if (/"level":"(WARN|WARNING|ERROR|FATAL)"/.test(line)) problems.push(line);
    if (hasAnswered || !line.includes('"answered a message"')) return;
    hasAnswered = true;
    child.kill("SIGTERM");
  });
  const complaining = eachLine(child.stderr, (line) => void told.push(line));
  const { code, signal } = await child.status;
  clearTimeout(deadline);
  await Promise.all([reading, complaining]);
  if (hasAnswered && code === 0 && problems.length === 0) return null;
  const last = problems.at(-1) ?? told.at(-1) ?? "nothing";
  return `demo ended with ${signal ?? code}, its bot ${
    hasAnswered ? "has answered" : "never answered"
  }; it said last: ${last}`;
}

function start(path: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(path, {
    args,
    clearEnv: true,
    env: { LISTEN_PORT: "0", LOG_FORMAT: "json", HOME: "/nonexistent", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
