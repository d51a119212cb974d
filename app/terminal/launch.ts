/**
 * From settings to a program that runs by them, or to all that is wrong with them.
 *
 * @module
 */

import { type Config, describeProblem, type Problem, SETTINGS } from "../../config/config.ts";
import type { ParsedConfig } from "../../config/parse.ts";
import { surviveMistakes } from "../../ports/mistakes.ts";
import { messageOf } from "../../protocol/errors.ts";
import { EXIT, type ExitCode } from "../cli/exit.ts";
import { startFirstRun } from "./first_run.ts";
import { type UnitLog, unitLog } from "./log.ts";

/**
 * Runs `serve` by settings that are right, against a simulator where none are set. Gives the exit code.
 *
 * @param write Takes lines of the log, each with its line break.
 * @param nextStep What leads from the simulator to Discord. Default: what a unit lacks.
 */
export async function launch(
  parsed: ParsedConfig,
  write: (line: string) => void,
  serve: (config: Config, log: UnitLog) => Promise<ExitCode>,
  nextStep?: string,
): Promise<ExitCode> {
  if (!parsed.ok) return refuse([...parsed.problems, ...parsed.warnings]);
  const { config, warnings } = parsed;
  const log = await unitLog(config, Deno.stdout.isTerminal(), write);
  for (const warning of warnings) log.warn(describeProblem(warning));
  surviveMistakes(log);
  const firstRun = config.mode === "simulator" ? startFirstRun(config, log, nextStep) : null;
  try {
    return await serve(firstRun?.config ?? config, log);
  } catch (error) {
    log.error(messageOf(error));
    return EXIT.REFUSED;
  } finally {
    await firstRun?.stop();
  }
}

function refuse(problems: readonly Problem[]): ExitCode {
  console.error("Cannot start, the settings are wrong:");
  for (const problem of problems) console.error(`  ${describeProblem(problem)}`);
  // Who has set no more than a port wants to look, not to run a bot.
  const { name } = SETTINGS.discordToken;
  if (problems.some(({ setting, received }) => setting === name && received === "nothing")) {
    console.error(
      "Without a token it plays against the simulator, whatever is set: gatehouse demo",
    );
  }
  return EXIT.REFUSED;
}
