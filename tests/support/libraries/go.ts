/**
 * Libraries of the Go module proxy, where this machine has Go.
 *
 * @module
 */

import { BOT_ENV, type BotCommand } from "./bot.ts";
import { BOTS, lacking } from "./installed.ts";

/** What this machine lacks for them, in words; `null`: nothing. */
export const LACKS_GO: string | null = await lacking("go", "go", ["version"]);

/**
 * The bot of that folder. Its `go.sum` says what exactly is built, which takes as long as it takes, before anybody
 * waits for the bot: Go finds all of it again in its own cache.
 *
 * @throws What Go says, where it cannot be built.
 */
export async function goBot(folder: string): Promise<BotCommand> {
  const cwd = `${BOTS}/${folder}`;
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-mod=readonly", "-o", "/dev/null", "."],
    cwd,
    // As the bot has it: what is built otherwise is not found again.
    clearEnv: true,
    env: BOT_ENV,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot build ${folder}: ${new TextDecoder().decode(stderr)}`);
  return { program: "go", args: ["run", "-mod=readonly", "."], cwd };
}
