/**
 * Libraries of the Go module proxy, where this machine has Go.
 *
 * @module
 */

import type { BotCommand } from "./bot.ts";
import { BOTS, lacking } from "./installed.ts";

/** What this machine lacks for them, in words; `null`: nothing. */
export const LACKS_GO: string | null = await lacking("go", "go", ["version"]);

/** The bot of that folder, which is built when it starts. Its `go.sum` says what exactly is built. */
export function goBot(folder: string): BotCommand {
  const cwd = `${BOTS}/${folder}`;
  return { program: "go", args: ["run", "-mod=readonly", "."], cwd };
}
