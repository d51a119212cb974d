/**
 * `gatehouse dev`: a unit whose bot is started again as its files change.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { helpEnd } from "./output.ts";
import type { RunOptions } from "../terminal/run_unit.ts";
import { BOT_ARGUMENT, OPENS } from "./start.ts";
import type { CliWorld } from "./world.ts";

/** Adds `dev`. */
export function addDev(cli: Command, world: CliWorld): void {
  const command = cli.command("dev")
    .summary("run the unit, and the bot anew whenever its files change")
    .description(
      "As `start`, and watches the files that the bot and the services are made of, new ones too. A change " +
        "restarts the clusters concerned and nothing else: shards stay connected, and events wait meanwhile. Code " +
        "that cannot be loaded is told with its file and line, and what runs goes on.",
    )
    .argument(...BOT_ARGUMENT)
    .option("--force", "spend the identifies that are kept in reserve, in this run")
    .option("--simulator", "play against the simulator, whatever is set")
    .action(world.ends(async (bot: string | undefined, flags: RunOptions) => {
      const { runDev } = await import("../dev/run_dev.ts");
      return await runDev({ ...flags, bot });
    }));
  helpEnd(command, {
    opens: OPENS,
    examples: [
      ["gatehouse dev ./bot.ts", "with nothing set, against the simulator"],
      ["DISCORD_TOKEN=… gatehouse dev ./bot.ts", "with Discord"],
    ],
  });
}
