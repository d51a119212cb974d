/**
 * The program: `deno task start`, or the compiled executable.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { every, systemClock } from "../../ports/clock.ts";
import { type Config, describeProblem, type Problem } from "../../config/config.ts";
import { parseConfig, readEnv } from "../../config/parse.ts";
import { type OpenUnit, openUnit } from "../open_unit.ts";
import { startFirstRun } from "./first_run.ts";
import { type UnitLog, unitLog } from "./log.ts";
import { narrate, progressLine, type StatusLine, statusLine } from "./narrate.ts";

/** Exit codes: all is well, settings are wrong or Discord refused us, the process must be restarted. */
export const EXIT = { OK: 0, REFUSED: 1, RESTART: 70 } as const;

const REDRAW_MS = 200;

const USAGE = `Gatehouse keeps a Discord bot's shards alive and forwards every event to its code.

Settings come from the environment and from .env; docs/operations.md lists them.

  --simulator   play against the embedded simulator, whatever is set
  --force       spend the identifies that are kept in reserve
  --help        this text`;

/** Runs a unit until a signal ends it. Gives the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) return say(USAGE);
  const unknown = args.filter((arg) => !["--simulator", "--force"].includes(arg));
  if (unknown.length > 0) return complain([`unknown: ${unknown.join(" ")}`, "", USAGE]);

  const parsed = await parseConfig(await readEnv(), { simulator: args.includes("--simulator") });
  if (!parsed.ok) return refuse([...parsed.problems, ...parsed.warnings]);
  const config = args.includes("--force")
    ? { ...parsed.config, identifyReservePercent: 0 }
    : parsed.config;
  const line = terminalLine();
  const log = await unitLog(config, Deno.stdout.isTerminal(), (text) => line.write(text));
  for (const warning of parsed.warnings) log.warn(describeProblem(warning));
  return await run(config, log, line);
}

async function run(config: Config, log: UnitLog, line: StatusLine): Promise<number> {
  const firstRun = config.mode === "simulator" ? startFirstRun(config, log) : null;
  try {
    const open = await openUnit({
      config: firstRun?.config ?? config,
      log,
      workerPermissions: "least",
    });
    return await serve(open, config, log, line);
  } catch (error) {
    log.error(messageOf(error));
    return EXIT.REFUSED;
  } finally {
    line.show("");
    await firstRun?.stop();
  }
}

/** From the first connection to the last: ends by a signal, or when the unit cannot go on. */
async function serve(
  open: OpenUnit,
  config: Config,
  log: UnitLog,
  line: StatusLine,
): Promise<number> {
  const { unit } = open;
  const options = { identifyWindowMs: config.spawnShardDelayMs };
  const cancelRedraw = every(systemClock, REDRAW_MS, () => {
    line.show(progressLine(unit.snapshot, options));
  });
  const told = narrate(unit, log, () => {
    cancelRedraw();
    line.show("");
  });
  const signalled = nextSignal().then((reason) => ({ reason, code: EXIT.OK }));
  const failed = unit.failed.then((reason) => ({ reason, code: EXIT.RESTART }));
  try {
    const refused = unit.start().then(() => new Promise<never>(() => {}));
    const { reason, code } = await Promise.race([signalled, failed, refused]);
    // A second signal does not wait.
    nextSignal().then(() => Deno.exit(130));
    await open.stop(reason);
    await told;
    log.info("stopped");
    return code;
  } catch (error) {
    await open.stop(messageOf(error));
    throw error;
  } finally {
    cancelRedraw();
  }
}

function terminalLine(): StatusLine {
  const encoder = new TextEncoder();
  const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
  const isTerminal = Deno.stdout.isTerminal();
  return statusLine(print, isTerminal, () => isTerminal ? Deno.consoleSize().columns : 80);
}

/** Tells what is wrong with the settings. Gives the exit code. */
export function refuse(problems: readonly Problem[]): number {
  const lines = problems.map((problem) => `  ${describeProblem(problem)}`);
  return complain(["Cannot start, the settings are wrong:", ...lines]);
}

function say(text: string): number {
  console.log(text);
  return EXIT.OK;
}

function complain(lines: readonly string[]): number {
  for (const text of lines) console.error(text);
  return EXIT.REFUSED;
}

/** Resolves with the name of the next SIGINT or SIGTERM. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const listener = () => {
        Deno.removeSignalListener(signal, listener);
        resolve(signal);
      };
      Deno.addSignalListener(signal, listener);
    }
  });
}
