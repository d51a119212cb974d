/**
 * `gatehouse soak`: faults at random against a real unit, in a clone.
 *
 * @module
 */

import type { Command } from "../../../deps.ts";
import { numeric } from "../arguments.ts";
import { runInClone } from "./run.ts";
import { helpEnd } from "../output.ts";
import type { CliWorld } from "../world.ts";

/** Adds `soak`. */
export function addSoak(cli: Command, world: CliWorld): void {
  const command = cli.command("soak")
    .summary("strike a unit with faults for minutes (in a clone of the repository)")
    .description(
      "Runs a real unit under load against the simulator, strikes it with faults at random, and prints what was lost, " +
        "came twice or out of order: nothing should be. Only a clone of the repository has it.",
    )
    .argument("[minutes]", "how long", numeric("minutes"), "2")
    .option(
      "--seed <number>",
      "the same seed gives the same faults (default: 1)",
      numeric("a seed"),
    )
    .option("--rate <number>", "events per second (default: 500)", numeric("events per second"))
    .option(
      "--outage <minutes>",
      "the bot is away for so long, instead of faults",
      numeric("minutes"),
    )
    .action(world.ends((minutes: string, flags: Readonly<Record<string, string>>) => {
      const said = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
      return runInClone(world, "soak", [minutes, ...said]);
    }));
  helpEnd(command, {
    examples: [
      ["gatehouse soak", "two minutes"],
      ["gatehouse soak 30 --seed 7 --rate 2000", "half an hour, other faults, more events"],
      ["gatehouse soak --outage 10", "ten minutes without a bot"],
    ],
  });
}
