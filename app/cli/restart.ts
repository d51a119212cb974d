/**
 * `gatehouse restart`: the bot's code again, while its shards stay connected.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { wholeBetween } from "./arguments.ts";
import { CliFailure, EXIT } from "./exit.ts";
import { helpEnd } from "./output.ts";
import { unitApi, type UnitFlags, unitOptions } from "./unit_api.ts";
import type { CliWorld } from "./world.ts";

interface RestartFlags extends UnitFlags {
  readonly all?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;

/** Adds `restart`. */
export function addRestart(cli: Command, world: CliWorld): void {
  const command = cli.command("restart")
    .summary("restart the bot's code; shards stay connected, no event is lost")
    .description(
      "Restarts a cluster or a service: it finishes what it does, its shutdown() is waited for, and the new one goes " +
        "on where it was. Shards stay connected, events wait. Without an argument the one cluster that there is.",
    )
    .argument("[who]", "id of a cluster, or name of a service")
    .option(
      "--all",
      "all clusters, one after another; in a fleet those of all units, unless --unit names one",
    )
    .option(
      "--timeout <ms>",
      "of one: time to finish, before it is killed (default: 10000)",
      wholeBetween(0, DAY_MS),
    )
    .option("--json", "print JSON: who was restarted, its state, and how long it took");
  unitOptions(command).action(
    world.ends(async (who: string | undefined, flags: RestartFlags) => {
      if (who !== undefined && flags.all) {
        throw new CliFailure(EXIT.USAGE, `Say either ${who} or --all`);
      }
      if (flags.all && flags.timeout !== undefined) {
        const text = "--timeout is for one: with --all each has 10 s. Restart them one by one";
        throw new CliFailure(EXIT.USAGE, text);
      }
      const unit = await unitApi(world, flags);
      const { restartAll, restartOne } = await import("./restart/restarts.ts");
      return flags.all
        ? await restartAll(world, unit, flags)
        : await restartOne(world, unit, who, flags);
    }),
  );
  helpEnd(command, {
    examples: [
      ["gatehouse restart", "the one cluster that there is: a new version of the bot"],
      ["gatehouse restart 3", "cluster 3"],
      ["gatehouse restart api", "the service `api`"],
      ["gatehouse restart --all", "a rolling restart: each when the one before is linked again"],
    ],
  });
}
