/**
 * `gatehouse doctor`: is everything there that a start needs?
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { conclude, helpEnd, painter, writeJson } from "./output.ts";
import { BOT_ARGUMENT } from "./start.ts";
import type { CliWorld } from "./world.ts";

/** How it is asked for. */
interface DoctorFlags {
  readonly json?: boolean;
  readonly simulator?: boolean;
}

/** Adds `doctor`. */
export function addDoctor(cli: Command, world: CliWorld): void {
  const command = cli.command("doctor")
    .summary("check everything that a start needs, before anything is spent")
    .description(
      "Looks at the settings, this computer, Discord, NATS and the bot's code, says what it found and what to do " +
        "about it. Spends no identify, starts no shard, runs nothing of the bot, changes nothing. A secret is " +
        "never printed.",
    )
    .argument(...BOT_ARGUMENT)
    .option("--json", "print JSON instead of a list")
    .option("--simulator", "look as for `demo`, whatever is set")
    .action(
      world.ends((bot: string | undefined, flags: DoctorFlags) => runDoctor(bot, flags, world)),
    );
  helpEnd(command, {
    examples: [
      ["gatehouse doctor ./bot.ts", "with that bot, instead of BOT_MODULE"],
      ["gatehouse doctor", "before the first start, and when something is odd"],
      ["gatehouse doctor && gatehouse start", "starts only if nothing has failed"],
      ["gatehouse doctor --json | jq '.findings[] | select(.verdict != \"ok\")'", "for a script"],
    ],
  });
}

async function runDoctor(
  bot: string | undefined,
  { json, simulator = false }: DoctorFlags,
  world: CliWorld,
): Promise<ExitCode> {
  const [{ diagnose }, { findingLines }, { tally }] = await Promise.all([
    import("../doctor/doctor.ts"),
    import("../doctor/print.ts"),
    import("../doctor/finding.ts"),
  ]);
  const { out } = world;
  const isWatched = out.isTerminal && !json;
  if (isWatched) out.write("Looking at everything that a start needs …");
  const findings = await diagnose({ simulator, ...bot !== undefined && { bot } });
  if (isWatched) out.write("\r\x1b[K");
  const isWell = tally(findings).fail === 0;
  if (json) conclude(() => writeJson(world, { ok: isWell, findings }));
  else {
    const columns = out.isTerminal ? out.size().columns : Infinity;
    const lines = findingLines(findings, painter(world, out), columns);
    conclude(() => out.write(`${lines.join("\n")}\n`));
  }
  return isWell ? EXIT.OK : EXIT.REFUSED;
}
