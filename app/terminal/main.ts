/**
 * The program: `deno task start`, or the compiled executable.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { every, systemClock } from "../../ports/clock.ts";
import { surviveMistakes } from "../../ports/mistakes.ts";
import { type Config, describeProblem, type Problem } from "../../config/config.ts";
import { type ParsedConfig, readConfig } from "../../config/parse.ts";
import { type OpenUnit, openUnit } from "../open_unit.ts";
import { startFirstRun } from "./first_run.ts";
import { type UnitLog, unitLog } from "./log.ts";
import { narrate, progressLine, type StatusLine, statusLine } from "./narrate.ts";
import { reshardLine } from "./reshard_lines.ts";
import { stopSignals } from "./signals.ts";

/**
 * Exit codes: all is well, settings are wrong or Discord refused us, the process must be restarted, a
 * second signal did not wait.
 */
export const EXIT = { OK: 0, REFUSED: 1, RESTART: 70, AT_ONCE: 130 } as const;

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

  const parsed = await readConfig({ simulator: args.includes("--simulator") });
  const line = terminalLine();
  return await launch(parsed, (text) => line.write(text), async (config, log) => {
    const reserve = args.includes("--force") ? { identifyReservePercent: 0 } : {};
    const settings = { ...config, ...reserve };
    try {
      const open = await openUnit({ config: settings, log, workerPermissions: "least" });
      return await serve(open, settings, log, line);
    } finally {
      line.show("");
    }
  });
}

/**
 * Runs `serve` by settings that are right, against a simulator where none are set. Gives the exit code.
 *
 * @param write Takes lines of the log, each with its line break.
 */
export async function launch(
  parsed: ParsedConfig,
  write: (line: string) => void,
  serve: (config: Config, log: UnitLog) => Promise<number>,
): Promise<number> {
  if (!parsed.ok) return refuse([...parsed.problems, ...parsed.warnings]);
  const { config, warnings } = parsed;
  const log = await unitLog(config, Deno.stdout.isTerminal(), write);
  for (const warning of warnings) log.warn(describeProblem(warning));
  surviveMistakes(log);
  const firstRun = config.mode === "simulator" ? startFirstRun(config, log) : null;
  try {
    return await serve(firstRun?.config ?? config, log);
  } catch (error) {
    log.error(messageOf(error));
    return EXIT.REFUSED;
  } finally {
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
  let isReady = false;
  const cancelRedraw = every(systemClock, REDRAW_MS, () => {
    line.show(
      isReady
        ? reshardLine(unit.resharding?.snapshot ?? null)
        : progressLine(unit.snapshot, options),
    );
  });
  const clearLine = () => {
    cancelRedraw();
    line.show("");
  };
  const told = narrate(unit, log, () => {
    isReady = true;
    line.show("");
  });
  const signals = stopSignals();
  const signalled = signals.next().then((reason) => ({ reason, code: EXIT.OK }));
  const failed = unit.failed.then((reason) => ({ reason, code: EXIT.RESTART }));
  try {
    const refused = unit.start().then(() => new Promise<never>(() => {}));
    const { reason, code } = await Promise.race([signalled, failed, refused]);
    clearLine();
    signals.next().then(() => Deno.exit(EXIT.AT_ONCE));
    await open.stop(reason);
    await told;
    log.info("stopped");
    return code;
  } catch (error) {
    clearLine();
    // Why, is told once, by who gets the error.
    await open.stop("it could not start");
    throw error;
  }
}

function terminalLine(): StatusLine {
  const encoder = new TextEncoder();
  const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
  const isTerminal = Deno.stdout.isTerminal();
  return statusLine(print, isTerminal, () => isTerminal ? Deno.consoleSize().columns : 80);
}

function refuse(problems: readonly Problem[]): number {
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
