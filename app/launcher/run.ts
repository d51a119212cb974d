/**
 * Runs a command as if it were ours: its terminal is ours, our signals are its, and its exit code is ours.
 *
 * @module
 */

import { hasTerminal, LAUNCHED } from "../terminal/signals.ts";
import type { LaunchCommand } from "./command.ts";

/**
 * Runs it to its end; gives its exit code, or 128 and the signal's number where a signal ended it.
 *
 * @throws What the runtime throws when a process cannot be started.
 */
export async function runLaunched(executable: string, command: LaunchCommand): Promise<number> {
  const child = new Deno.Command(executable, {
    args: [...command.args],
    // A pipe that is never written to: however we end, it closes, and the program stops.
    stdin: command.isWatched ? "piped" : "inherit",
    stdout: "inherit",
    stderr: "inherit",
    ...command.isWatched && { env: { [LAUNCHED]: "1" } },
  }).spawn();
  const names: Deno.Signal[] = hasTerminal()
    ? ["SIGINT", "SIGTERM", "SIGHUP"]
    : ["SIGINT", "SIGTERM"];
  for (const name of names) Deno.addSignalListener(name, () => pass(child, name));
  const { code } = await child.status;
  return code;
}

function pass(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    // It has ended already, as we are about to.
    if (!(error instanceof TypeError)) throw error;
  }
}
