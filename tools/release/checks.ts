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
export async function versionProblem(path: string, withinMs = VERSION_MS): Promise<string | null> {
  const told: string[] = [];
  const { end, isClean } = await run(path, "--version", withinMs, (line) => void told.push(line));
  const first = told[0] ?? "nothing";
  if (isClean && first.startsWith(`gatehouse ${VERSION} (`)) return null;
  return `--version ${end} and said "${first}"; expected "gatehouse ${VERSION} (…)"`;
}

/**
 * Why it does not run: its simulator, workers, a cluster, the example bot in that, a clean end. `null` where it
 * does.
 */
export async function demoProblem(path: string, withinMs = DEMO_MS): Promise<string | null> {
  const told: string[] = [];
  const problems: string[] = [];
  let hasAnswered = false;
  let hasStopped = false;
  const { end, isClean } = await run(path, "demo", withinMs, (line, stop) => {
    told.push(line);
    if (/"level":"(WARN|WARNING|ERROR|FATAL)"/.test(line)) problems.push(line);
    hasStopped ||= line.includes('"message":"stopped"');
    if (hasAnswered || !line.includes('"message":"answered a message"')) return;
    hasAnswered = true;
    stop();
  });
  if (hasAnswered && hasStopped && isClean && problems.length === 0) return null;
  const last = problems.at(-1) ?? told.at(-1) ?? "nothing";
  const bot = hasAnswered ? "has answered" : "never answered";
  const unit = hasStopped ? "has stopped" : "never said that it stops";
  return `demo ${end}, its bot ${bot}, its unit ${unit}; it said last: ${last}`;
}

/** How a run of an executable was over. */
interface Ending {
  /** In words, with the code or the signal. */
  readonly end: string;
  /** It ended with 0 in time, and nobody is left behind who holds its output open. */
  readonly isClean: boolean;
}

/**
 * Runs it to its end, at the most for `withinMs`: then it is killed, and who holds its output open, read no more.
 *
 * @param onLine Called with each line that it prints, and with what asks it to stop.
 */
async function run(
  path: string,
  subcommand: string,
  withinMs: number,
  onLine: (line: string, stop: () => void) => void,
): Promise<Ending> {
  const child = start(path, [subcommand]);
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  const late = AbortSignal.timeout(withinMs);
  late.addEventListener("abort", () => kill("SIGKILL"));
  const reading = [child.stdout, child.stderr].map((stream) =>
    eachLine(
      stream.pipeThrough(new TransformStream(), { signal: late }),
      (line) => onLine(line, () => kill("SIGTERM")),
    ).catch((error) => {
      if (!late.aborted) throw error;
    })
  );
  const [{ code, signal }] = await Promise.all([child.status, ...reading]);
  const left = late.aborted && signal === null ? ", but left somebody behind" : "";
  return {
    end: `ended with ${signal ?? code}${left}`,
    isClean: code === 0 && !late.aborted,
  };
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
