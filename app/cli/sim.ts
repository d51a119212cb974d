/**
 * `gatehouse sim`: the embedded Discord by itself.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { SIM_NUMBERS, SIM_TOKEN, type SimFlags } from "../../sim/flags.ts";
import { wholeBetween } from "./arguments.ts";
import { EXIT } from "./exit.ts";
import { helpEnd } from "./output.ts";
import type { CliWorld } from "./world.ts";

/** Adds `sim`. */
export function addSim(cli: Command, world: CliWorld): void {
  const command = cli.command("sim")
    .summary("run a Discord of your own: gateway and REST on this machine")
    .description(
      "Runs the embedded Discord by itself, to point Gatehouse or any library at. It enforces Discord's rules " +
        "and prints every one that a client breaks.",
    );
  for (const [field, { means, default: byDefault, least, most }] of Object.entries(SIM_NUMBERS)) {
    const name = field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    command.option(`--${name} <number>`, means, wholeBetween(least, most), byDefault);
  }
  command.option("--token <text>", "the bot's token: any, but no real one", SIM_TOKEN)
    .option(
      "--endpoint <url>",
      "somebody uses /ping there by HTTP, signed, as often as !ping is posted",
    )
    .action(world.ends(async (flags: SimFlags) => {
      const { runSimulator } = await import("../../sim/run.ts");
      const stopped = world.stopped();
      const running = runSimulator(flags, (text) => world.out.write(`${text}\n`));
      await stopped;
      await running.close();
      return EXIT.OK;
    }));
  helpEnd(command, {
    opens: "http://127.0.0.1:8790/api (REST), and the gateway on the next two ports",
    examples: [
      ["gatehouse sim", "four shards, a hundred guilds"],
      ["gatehouse sim --shards 64 --max-concurrency 16 --guilds 20000", "a large bot's Discord"],
      ["gatehouse sim --endpoint http://127.0.0.1:8787/discord", "interactions over HTTP"],
      ["gatehouse sim --late-ms 2000 --comings-per-minute 30", "a restless one"],
    ],
  });
}
