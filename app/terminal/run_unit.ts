/**
 * A unit on a terminal, or under a supervisor: from its settings to its exit code.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import { readConfig } from "../../config/parse.ts";
import type { Log } from "../../ports/log.ts";
import { every, systemClock } from "../../ports/clock.ts";
import { EXIT, type ExitCode } from "../cli/exit.ts";
import { DRAINED, type OpenUnit, openUnit } from "../open_unit.ts";
import { launch } from "./launch.ts";
import { narrate, progressLine, type StatusLine, statusLine } from "./narrate.ts";
import { reshardLine } from "./reshard_lines.ts";
import { stopSignals } from "./signals.ts";

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
export async function runUnit(
  { simulator = false, force = false, bot }: RunOptions,
): Promise<ExitCode> {
  const parsed = await readConfig({ simulator, ...bot !== undefined && { bot } });
  const line = terminalLine();
  return await launch(parsed, (text) => line.write(text), async (config, log) => {
    const settings = { ...config, ...force && { identifyReservePercent: 0 } };
    try {
      const open = await openUnit({ config: settings, log, workerPermissions: "least" });
      return await serve(open, settings, log, line);
    } finally {
      line.show("");
    }
  });
}

/** From the first connection to the last: ends by a signal, or when the unit cannot go on. */
async function serve(
  open: OpenUnit,
  config: Config,
  log: Log,
  line: StatusLine,
): Promise<ExitCode> {
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
  const drained = open.drained.then(() => ({ reason: DRAINED, code: EXIT.OK }));
  const failed = unit.failed.then((reason) => ({ reason, code: EXIT.RESTART }));
  try {
    const refused = unit.start().then(() => new Promise<never>(() => {}));
    const { reason, code } = await Promise.race([signalled, drained, failed, refused]);
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
  const isTerminal = Deno.stdout.isTerminal();
  const print = (text: string) => {
    try {
      Deno.stdout.writeSync(encoder.encode(text));
    } catch (error) {
      // A terminal that was closed reads nothing any more; the unit stops in good order all the same.
      if (!isTerminal) throw error;
    }
  };
  return statusLine(print, isTerminal, () => isTerminal ? Deno.consoleSize().columns : 80);
}
