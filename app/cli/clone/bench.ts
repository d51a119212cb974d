/**
 * `gatehouse bench`: the benchmarks, in a clone.
 *
 * @module
 */

import type { Command } from "../../../deps.ts";
import { runInClone } from "./run.ts";
import { helpEnd } from "../output.ts";
import type { CliWorld } from "../world.ts";

/** Adds `bench`. */
export function addBench(cli: Command, world: CliWorld): void {
  const command = cli.command("bench")
    .summary("measure Gatehouse itself (in a clone of the repository)")
    .description(
      "Runs benchmarks of Gatehouse itself, all or those that are named; what follows a name's first option is for " +
        "that one. Only a clone of the repository has them.",
    )
    .argument("[names...]", "benchmarks, by name; then options of the one that is named")
    .allowUnknownOption()
    .action(world.ends((args: readonly string[]) => runInClone(world, "bench", args)));
  helpEnd(command, {
    examples: [
      ["gatehouse bench", "all of them: minutes"],
      ["gatehouse bench envelope batch", "two of them"],
      ["gatehouse bench nonesuch", "tells which there are"],
    ],
  });
}
