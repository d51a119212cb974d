/**
 * `gatehouse status`: how a unit stands, once.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { EXIT } from "./exit.ts";
import { conclude, helpEnd, painter, writeJson } from "./output.ts";
import { unitApi, type UnitFlags, unitOptions } from "./unit_api.ts";
import type { CliWorld } from "./world.ts";

interface StatusFlags extends UnitFlags {
  readonly all?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** Adds `status`. */
export function addStatus(cli: Command, world: CliWorld): void {
  const command = cli.command("status")
    .summary("how a unit that runs stands: shards, clusters, identifies, REST")
    .description(
      "Asks a unit that runs how it stands, and prints it. Of many shards it lists those that somebody may want to " +
        "know of.",
    )
    .option("--all", "every shard, however many there are")
    .option("--check", "end with 5 unless the unit is ready")
    .option(
      "--json",
      "print JSON: the answer of /control/state, and `ready`, `reasons`, `warnings`",
    );
  unitOptions(command).action(world.ends(async (flags: StatusFlags) => {
    const unit = await unitApi(world, flags);
    const snapshot = await unit.state();
    const { readiness } = await import("../../unit/readiness.ts");
    const verdict = readiness(snapshot);
    if (flags.json) conclude(() => writeJson(world, { ...verdict, ...snapshot }));
    else {
      const { statusReport } = await import("./status/report.ts");
      const { tableDrawer } = await import("./print/table.ts");
      const { out } = world;
      const paint = painter(world, out);
      const width = out.isTerminal ? out.size().columns : null;
      const draw = await tableDrawer(paint, width);
      const nowMs = world.clock.wallMs();
      const allShards = flags.all === true;
      const how = { url: unit.url, nowMs, draw, width, paint, allShards };
      conclude(() => out.write(statusReport(snapshot, how)));
    }
    return flags.check && !verdict.ready ? EXIT.NOT_READY : EXIT.OK;
  }));
  helpEnd(command, {
    examples: [
      ["gatehouse status", "of the unit that has the settings of this folder"],
      ["gatehouse status --check --json", "for scripts: ends with 5 unless it is ready"],
      [
        "gatehouse status --url http://10.0.0.7:8787 --secret-from-env REST_AUTHORIZATION",
        "of another host's",
      ],
      [
        "gatehouse status --json | jq '.shards[] | select(.state != \"ready\")'",
        "what is not ready",
      ],
    ],
  });
}
