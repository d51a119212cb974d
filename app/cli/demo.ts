/**
 * `gatehouse demo`: a unit against the embedded simulator.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { helpEnd } from "./output.ts";
import { BOT_ARGUMENT, OPENS, runStart } from "./start.ts";
import type { CliWorld } from "./world.ts";

/** Adds `demo`. */
export function addDemo(cli: Command, world: CliWorld): void {
  const command = cli.command("demo")
    .summary("run the unit against the simulator, whatever is set")
    .description(
      "Runs the unit against the embedded simulator, whatever is set: a Discord of your own in this process, " +
        "and a bot that answers. The token is not used.",
    )
    .argument(...BOT_ARGUMENT)
    .action(world.ends((bot: string | undefined) => runStart({ simulator: true, bot })));
  helpEnd(command, {
    opens: OPENS,
    examples: [
      ["gatehouse demo", "four shards and a bot that answers !ping"],
      ["TOTAL_SHARDS=64 gatehouse demo", "so many shards"],
      ["gatehouse demo ./bot.ts", "your bot, before it meets Discord"],
    ],
  });
}
