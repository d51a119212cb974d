/**
 * A unit on a terminal, or under a supervisor: from its settings to its exit code.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Config } from "../../config/config.ts";
import { readConfig } from "../../config/parse.ts";
import { every, systemClock } from "../../ports/clock.ts";
import type { Unit } from "../../unit/unit.ts";
import { EXIT, type ExitCode } from "../cli/exit.ts";
import { painter } from "../cli/output.ts";
import { DRAINED, openUnit } from "../open_unit.ts";
import { REPOSITORY } from "../../protocol/discord/user_agent.ts";
import { firstScreen } from "./first_screen.ts";
import { launch } from "./launch.ts";
import type { UnitLog } from "./log.ts";
import { narrate, progressLine, type StatusLine, statusLine } from "./narrate.ts";
import { reshardLine } from "./reshard_lines.ts";
import { typedBefore } from "./typed.ts";
import { type Signals, stopSignals } from "./signals.ts";

const REDRAW_MS = 200;

/** How a unit is run, beside its settings. */
export interface RunOptions {
  /** Play against the simulator, whatever is set. */
  readonly simulator?: boolean;
  /** Spend the identifies that are kept in reserve. */
  readonly force?: boolean;
  /** The bot's module, instead of `BOT_MODULE`. */
  readonly bot?: string | undefined;
}

/** Runs a unit until a signal ends it. Gives the exit code. */
export async function runUnit(options: RunOptions): Promise<ExitCode> {
  return await onTerminal(options, (settled) => serveUnit(settled, stopSignals()));
}

/** By what a unit is run. */
export interface Settled {
  readonly config: Config;
  readonly log: UnitLog;
  /** At the bottom of the terminal. */
  readonly line: StatusLine;
}

/** Runs `serve` by the settings, as they are changed by `options`. Gives the exit code. */
export async function onTerminal(
  { simulator = false, force = false, bot }: RunOptions,
  serve: (settled: Settled) => Promise<ExitCode>,
): Promise<ExitCode> {
  const parsed = await readConfig({ simulator, ...bot !== undefined && { bot } });
  const line = terminalLine();
  return await launch(parsed, (text) => line.write(text), async (config, log) => {
    try {
      const settings = { ...config, ...force && { identifyReservePercent: 0 } };
      return await serve({ config: settings, log, line });
    } finally {
      line.show("");
    }
  });
}

/**
 * Opens a unit and runs it, from the first connection to the last: ends by a signal, or when the unit cannot go
 * on.
 *
 * @param beside Begins what goes on beside it, and gives what ends that.
 * @throws What keeps the unit from starting.
 */
export async function serveUnit(
  { config, log, line }: Settled,
  signals: Signals,
  beside: (unit: Unit) => () => void = () => () => {},
): Promise<ExitCode> {
  const open = await openUnit({ config, log, workerPermissions: "least" });
  const { unit } = open;
  line.write(screenFor(config, open.url));
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
  const end = beside(unit);
  const signalled = signals.next().then((reason) => ({ reason, code: EXIT.OK }));
  const drained = open.drained.then(() => ({ reason: DRAINED, code: EXIT.OK }));
  const failed = unit.failed.then((reason) => ({ reason, code: EXIT.RESTART }));
  try {
    const refused = unit.start().then(() => new Promise<never>(() => {}));
    const { reason, code } = await Promise.race([signalled, drained, failed, refused]);
    clearLine();
    end();
    signals.next().then(() => Deno.exit(EXIT.AT_ONCE));
    // What fails then, the log says.
    const isWell = await open.stop(reason).then(() => true, () => false);
    await told;
    log.info("stopped");
    return isWell || code !== EXIT.OK ? code : EXIT.REFUSED;
  } catch (error) {
    clearLine();
    end();
    // Why, is told once, by who gets the error; what else fails, the log says.
    await open.stop("it could not start").catch(() => {});
    throw error;
  }
}

/** The first screen, where a person reads; a log has lines of its own. */
function screenFor(config: Config, url: string): string {
  const isRead = Deno.stdout.isTerminal() && config.logFormat !== "json";
  if (!isRead) return "";
  const docs = new URL("../../docs/", import.meta.url);
  const world = { env: (name: string) => Deno.env.get(name) };
  const paint = painter(world, { isTerminal: true });
  const lines = firstScreen({
    config,
    url,
    command: Deno.build.standalone
      ? "gatehouse"
      : typedBefore({ ...world, read: Deno.readTextFileSync }),
    docs: docs.protocol === "file:" && !Deno.build.standalone ? fileURLToPath(docs) : REPOSITORY,
    bold: (text) => paint("bold", text),
  });
  return `\n${lines.join("\n")}\n`;
}

/** The line at the bottom of this program's terminal; where its output is none, only what is written shows. */
export function terminalLine(): StatusLine {
  const encoder = new TextEncoder();
  const isTerminal = Deno.stdout.isTerminal();
  // A terminal that was closed reads nothing any more; the unit stops in good order all the same.
  const unlessClosed = <Value>(act: () => Value, otherwise: Value): Value => {
    try {
      return act();
    } catch (error) {
      if (!isTerminal) throw error;
      return otherwise;
    }
  };
  const print = (text: string) =>
    void unlessClosed(() => Deno.stdout.writeSync(encoder.encode(text)), 0);
  const columns = () => isTerminal ? unlessClosed(() => Deno.consoleSize().columns, 80) : 80;
  return statusLine(print, isTerminal, columns);
}
