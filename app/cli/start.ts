/**
 * `gatehouse start` and `gatehouse demo`: run a unit.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import type { RunOptions } from "../terminal/run_unit.ts";
import { emptyIn } from "./arguments.ts";
import type { ExitCode } from "./exit.ts";
import { helpEnd } from "./output.ts";
import type { CliWorld } from "./world.ts";

/** The argument that names the bot. */
export const BOT_ARGUMENT = ["[bot]", "the bot's module, instead of BOT_MODULE"] as const;

/** What opens. */
export const OPENS = "http://127.0.0.1:8787/dashboard for a browser, and\n" +
  "      http://127.0.0.1:8787/api for REST, or where LISTEN_HOST and LISTEN_PORT say";

/** Adds `start`, which is meant as well where no subcommand is given. */
export function addStart(cli: Command, world: CliWorld): void {
  const command = cli.command("start")
    .summary("run the unit; with no setting at all, against the simulator")
    .description(
      "Runs the unit: keeps the bot's shards alive and forwards every event to its code. Settings come from " +
        "the environment and from .env. With none at all it plays against the embedded simulator.",
    )
    .argument(...BOT_ARGUMENT)
    .option("--force", "spend the identifies that are kept in reserve, in this run")
    .option("--simulator", "play against the simulator, whatever is set (as `demo`)")
    .action(
      world.ends((bot: string | undefined, flags: RunOptions) => runStart({ ...flags, bot })),
    );
  helpEnd(command, {
    opens: OPENS,
    examples: [
      ["gatehouse", "the same as `gatehouse start`"],
      ["gatehouse start ./bot.ts", "runs your bot; with no setting, against the simulator"],
      ["DISCORD_TOKEN=… BOT_MODULE=./bot.ts gatehouse start", "runs your bot"],
      ["LOG_FORMAT=json gatehouse start", "logs JSON on a terminal, too"],
    ],
  });
}

/** Runs a unit until a signal ends it. Loaded when it is needed: who only looks at a unit runs none. */
export async function runStart(flags: RunOptions): Promise<ExitCode> {
  const { runUnit } = await import("../terminal/run_unit.ts");
  return await runUnit(flags);
}

/**
 * What `args` ask of `start`, where they ask for nothing but what can be read without a parser; else `null`.
 * A bot is taken for one only after the word `start`: without it, it may be a subcommand that is misspelt.
 */
export function plainStart(args: readonly string[]): RunOptions | null {
  const isNamed = args[0] === "start";
  const given = isNamed ? args.slice(1) : args;
  const flags = given.filter((arg) => arg.startsWith("-"));
  const bots = given.filter((arg) => !arg.startsWith("-"));
  const isPlain = emptyIn(args) === undefined &&
    flags.every((flag) => flag === "--force" || flag === "--simulator") &&
    bots.length <= (isNamed ? 1 : 0);
  if (!isPlain) return null;
  const [bot] = bots;
  return { force: flags.includes("--force"), simulator: flags.includes("--simulator"), bot };
}
