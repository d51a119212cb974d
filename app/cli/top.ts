/**
 * `gatehouse top`: a unit on one live screen.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { nearest } from "../../config/readers.ts";
import { InvalidArgument } from "./arguments.ts";
import { helpEnd } from "./output.ts";
import { COLUMN_LIST, type ColumnName } from "./top/columns.ts";
import { unitApi, type UnitFlags, unitOptions } from "./unit_api.ts";
import type { CliWorld } from "./world.ts";

interface TopFlags extends UnitFlags {
  /** Seconds. */
  readonly interval: number;
  readonly sort?: ColumnName;
}

const LEAST_SECONDS = 0.2;
const MOST_SECONDS = 3600;
const NAMES = COLUMN_LIST.map(([name]) => name);

/** Adds `top`. */
export function addTop(cli: Command, world: CliWorld): void {
  const command = cli.command("top")
    .summary("watch a unit that runs on one live screen")
    .description(
      "Shows a unit that runs on one live screen: what is not well first. Keys sort and scroll, `?` lists them, `q` " +
        "quits.",
    )
    .option("--interval <seconds>", "time between two looks at it", readSeconds, 1)
    .option(
      "--sort <column>",
      `what to begin with: ${NAMES.join(", ")} (default: state)`,
      readName,
    );
  unitOptions(command).action(world.ends(async ({ interval, sort, ...flags }: TopFlags) => {
    const unit = await unitApi(world, flags);
    const { runTop } = await import("./top/run.ts");
    return await runTop(world, unit, { intervalMs: interval * 1000, ...sort && { sort } });
  }));
  helpEnd(command, {
    examples: [
      ["gatehouse top", "the unit that has the settings of this folder"],
      ["gatehouse top --sort latency --interval 5", "the slowest first, looked at every 5 s"],
      [
        "gatehouse top --url http://10.0.0.7:8787 --secret-from-env REST_AUTHORIZATION",
        "another host's",
      ],
    ],
  });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text !== "" && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) return seconds;
  throw new InvalidArgument(`Expected seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}.`);
}

function readName(text: string): ColumnName {
  const name = NAMES.find((name) => name === text);
  if (name) return name;
  const [meant] = nearest(text, NAMES);
  const wanted = `Expected one of ${NAMES.join(", ")}.`;
  throw new InvalidArgument(meant === undefined ? wanted : `${wanted}\n(Did you mean ${meant}?)`);
}
