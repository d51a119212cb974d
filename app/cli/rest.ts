/**
 * `gatehouse rest`: the REST proxy by itself.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { helpEnd } from "./output.ts";
import type { CliWorld } from "./world.ts";

/** Adds `rest`. */
export function addRest(cli: Command, world: CliWorld): void {
  const command = cli.command("rest")
    .summary("run the REST proxy by itself, for any number of bots")
    .description(
      "Runs the REST proxy by itself. With DISCORD_TOKEN a caller that shows REST_AUTHORIZATION acts as that bot; " +
        "without it every caller brings its own credential. With nothing set it plays against the embedded simulator.",
    )
    .action(world.ends(async () => {
      const { runRest } = await import("../terminal/run_rest.ts");
      return await runRest();
    }));
  helpEnd(command, {
    opens: "http://127.0.0.1:8787/api, or where LISTEN_HOST and LISTEN_PORT say",
    examples: [
      ["gatehouse rest", "against the simulator, as nothing is set"],
      [
        "DISCORD_API_URL=https://discord.com/api gatehouse rest",
        "on loopback: callers bring their tokens",
      ],
      [
        "DISCORD_TOKEN=… REST_AUTHORIZATION=… gatehouse rest",
        "for one bot, whose token stays here",
      ],
    ],
  });
}
