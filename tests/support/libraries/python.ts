/**
 * Libraries of PyPI, where this machine has Python.
 *
 * @module
 */

import type { BotCommand } from "./bot.ts";
import { BOTS, installed, lacking } from "./installed.ts";

/** What is installed, each at one version. */
const PACKAGES = ["discord.py==2.7.1", "hikari==2.7.0", "nats-py==2.16.0"];

/** What this machine lacks for them, in words; `null`: nothing. */
export const LACKS_PYTHON: string | null = await lacking("python3 with pip", "python3", [
  "-m",
  "pip",
  "--version",
]);

/** Installs the libraries where they are not yet, and gives the bot of that file. */
export async function pythonBot(file: string): Promise<BotCommand> {
  const folder = await installed("python", PACKAGES.join("\n"), "python3", (target) => [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
    ...["--target", target, ...PACKAGES],
  ]);
  // What the interpreter would write beside our sources it leaves.
  const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" };
  return { program: "python3", args: [`${BOTS}/${file}`], env };
}
