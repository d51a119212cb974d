/**
 * `gatehouse reshard`: another number of shards while the bot runs.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { nearest } from "../../config/readers.ts";
import { MOST_SHARDS } from "../../protocol/ids.ts";
import type { ReshardSnapshot } from "../../protocol/reshard.ts";
import { InvalidArgument, wholeBetween } from "./arguments.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { helpEnd, writeJson } from "./output.ts";
import { counted } from "../../protocol/rounded.ts";
import { unitApi, type UnitFlags, unitOptions } from "./unit_api.ts";
import type { CliWorld } from "./world.ts";

interface ReshardFlags extends UnitFlags {
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** What can be done to one that is under way. */
const STEERING = ["pause", "resume", "cancel"] as const;

/** A number of shards, or how one that is under way is steered. */
type What = number | typeof STEERING[number];

/** Adds `reshard`. */
export function addReshard(cli: Command, world: CliWorld): void {
  const command = cli.command("reshard")
    .summary("go to another number of shards while the bot runs")
    .description(
      "Moves the bot's guilds to another number of shards while it runs: no event is lost or comes twice. Without an " +
        "argument it says how the one that is under way stands, or the last one.",
    )
    .argument("[what]", "the number of shards to go to; or pause, resume or cancel", readWhat)
    .option("--watch", "stay until it is over: a bar shows how far it is")
    .option(
      "--json",
      "print JSON: the field `reshard` of /control/state; with --watch a line per step",
    );
  unitOptions(command)
    .action(world.ends((what: What | undefined, flags: ReshardFlags) => run(world, what, flags)));
  helpEnd(command, {
    examples: [
      ["gatehouse reshard 32", "begins, and says what it will take"],
      ["gatehouse reshard 32 --watch", "the same, with a bar until it is done"],
      ["gatehouse reshard pause", "no further lot begins; `resume` has it go on"],
      ["gatehouse reshard cancel --watch", "back to where it began; all that was moved goes back"],
    ],
  });
}

async function run(
  world: CliWorld,
  what: What | undefined,
  flags: ReshardFlags,
): Promise<ExitCode> {
  const { watch = false, json = false } = flags;
  const unit = await unitApi(world, flags);
  const reshard = await begin();
  if (watch) {
    const { watchReshard } = await import("./reshard/watch.ts");
    const isCancelled = what === "cancel";
    return await watchReshard(world, { unit, begun: reshard, isCancelled, json });
  }
  if (json) writeJson(world, reshard);
  else world.out.write(`${await words(reshard, what)}\n`);
  return EXIT.OK;

  async function begin(): Promise<ReshardSnapshot | null> {
    if (what === undefined) return (await unit.state()).reshard;
    const [path, how] = typeof what === "number"
      ? ["/reshard", { body: { totalShards: what } }]
      : [`/reshard/${what}`, {}];
    return await unit.ask("POST", path, how) as ReshardSnapshot;
  }
}

/** What is printed of one that has begun, was steered, or was asked for. */
async function words(reshard: ReshardSnapshot | null, what: What | undefined): Promise<string> {
  if (reshard === null) return "There has been no reshard since the unit started.";
  const { endText } = await import("./reshard/watch.ts");
  const { isUnderWay } = await import("../../unit/reshard/resharding.ts");
  const { reshardLine } = await import("../terminal/reshard_lines.ts");
  if (!isUnderWay(reshard)) return endText(reshard);
  if (typeof what !== "number") return reshardLine(reshard);
  const { from, to, lots, identifiesNeeded, identifiesLeft } = reshard;
  return `The reshard from ${from} to ${to} shards begins: ${
    counted(lots.length, "lot")
  } of guilds, ` +
    `${
      counted(identifiesNeeded, "identify", "identifies")
    } of ${identifiesLeft} that are left for it today.\n` +
    "How far it is: gatehouse reshard --watch";
}

function readWhat(text: string): What {
  const steering = STEERING.find((how) => how === text);
  if (steering) return steering;
  if (/^\d/.test(text)) return wholeBetween(1, MOST_SHARDS)(text);
  const [meant] = nearest(text, STEERING);
  const wanted = "Expected a number of shards, pause, resume or cancel.";
  throw new InvalidArgument(meant === undefined ? wanted : `${wanted}\n(Did you mean ${meant}?)`);
}
