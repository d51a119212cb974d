/**
 * From the arguments of the launcher to the exit code of what it has launched.
 *
 * @module
 */

import { readEnv } from "../../config/parse.ts";
import { messageOf } from "../../protocol/errors.ts";
import { EXIT } from "../cli/exit.ts";
import { launchCommand } from "./command.ts";
import { runLaunched } from "./run.ts";

/** Our door, which runs the subcommands. */
const DOOR = new URL("../../mod.ts", import.meta.url).href;

/** Runs what `args` ask for, with the least that it needs; gives its exit code. */
export async function launch(args: readonly string[]): Promise<number> {
  // A file that cannot be read stops the program, which says so in words.
  const env = await readEnv().catch(() => Deno.env.toObject());
  const executable = Deno.execPath();
  const command = await launchCommand(args, env, { door: DOOR, executable });
  try {
    return await runLaunched(executable, command);
  } catch (error) {
    console.error(`Cannot run ${executable}: ${withAdvice(messageOf(error))}`);
    return EXIT.REFUSED;
  }
}

function withAdvice(text: string): string {
  return text.replace(/, run again with the .*/, ": give it --allow-run");
}
