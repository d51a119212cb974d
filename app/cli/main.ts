/**
 * The program: one subcommand per file, which adds itself. No subcommand means `start`.
 *
 * @module
 */

import { type Command, loadCommander } from "../../deps.ts";
import { messageOf } from "../../protocol/errors.ts";
import { VERSION } from "../../protocol/discord/user_agent.ts";
import { addBench } from "./clone/bench.ts";
import { addDemo } from "./demo.ts";
import { addDev } from "./dev.ts";
import { addDoctor } from "./doctor.ts";
import { emptyIn } from "./arguments.ts";
import { CliFailure, EXIT } from "./exit.ts";
import { addInit } from "./init.ts";
import { hasColor, painter } from "./output.ts";
import { addReshard } from "./reshard.ts";
import { addRest } from "./rest.ts";
import { addRestart } from "./restart.ts";
import { addSim } from "./sim.ts";
import { addSoak } from "./clone/soak.ts";
import { addStart } from "./start.ts";
import { addStatus } from "./status.ts";
import { addTop } from "./top.ts";
import { type CliWorld, systemWorld } from "./world.ts";

/** Adds a subcommand to the program. */
type AddCommand = (cli: Command, world: CliWorld) => void;

/** In the order of the help. */
const SUBCOMMANDS: readonly AddCommand[] = [
  addStart,
  addDev,
  addDemo,
  addSim,
  addRest,
  addStatus,
  addTop,
  addReshard,
  addRestart,
  addDoctor,
  addInit,
  addBench,
  addSoak,
];

/** Where the help lists what has no place of its own. */
export const OTHERS = "More:";

/** Where the help lists a subcommand. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Run:": ["start", "dev", "demo", "sim", "rest"],
  "Look at a unit that runs, and steer it:": ["status", "top", "reshard", "restart"],
  "A new bot, and its health:": ["init", "doctor"],
  "Measure Gatehouse itself:": ["bench", "soak"],
};

/** Runs what `args` ask for. Gives the exit code. */
export async function main(
  args: readonly string[],
  world: CliWorld = systemWorld(),
): Promise<number> {
  const { Command, CommanderError } = await loadCommander();
  const cli = program(new Command("gatehouse"), world);
  try {
    const wrong = wrongAtOnce(args);
    if (wrong !== null) cli.error(`error: ${wrong}`);
    await cli.parseAsync(withSubcommand(args, cli), { from: "user" });
    return world.code;
  } catch (error) {
    // Commander has printed why.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    // `| head` has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.OK;
    world.err.write(`${painter(world, world.err)("red", "error")}: ${messageOf(error)}\n`);
    return error instanceof CliFailure ? error.code : EXIT.REFUSED;
  }
}

/** The whole program: every subcommand with its options and its help. */
export function program(cli: Command, world: CliWorld): Command {
  const { out, err } = world;
  const style = painter(world, out);
  cli.description("Keeps a Discord bot's shards alive and forwards every event to its code.")
    .version(versionLine(), "-V, --version", "the version, and of what it runs on")
    .helpOption("-h, --help", "this help; of a subcommand: gatehouse status --help")
    .commandsGroup(OTHERS)
    .helpCommand("help [command]", "the same as --help")
    .usage("[subcommand] [options]")
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHelpWidth: () => out.size().columns,
      getErrHelpWidth: () => err.size().columns,
      getOutHasColors: () => hasColor(world, out),
      getErrHasColors: () => hasColor(world, err),
      outputError: (text, write) =>
        write(text.replace(/^error/, painter(world, err)("red", "error"))),
    })
    .configureHelp({
      styleTitle: (text) => style("bold", text),
      styleCommandText: (text) => style("cyan", text),
      styleSubcommandText: (text) => style("cyan", text),
      styleOptionText: (text) => style("cyan", text),
    })
    .showHelpAfterError("`--help` tells what there is.")
    .addHelpText(
      "after",
      "\nWithout a subcommand it is `start`. Settings come from the environment and from .env:\n" +
        "docs/operations.md has them all, docs/command-line.md the exit codes.",
    )
    .exitOverride();
  for (const add of SUBCOMMANDS) add(cli, world);
  for (const command of cli.commands) {
    const [heading] = Object.entries(GROUPS).find(([, names]) => names.includes(command.name())) ??
      [];
    command.helpOption("-h, --help", "this help");
    if (heading !== undefined) command.helpGroup(heading);
  }
  return cli;
}

/** What is wrong with `args` whatever the subcommand; `null`: nothing. */
function wrongAtOnce(args: readonly string[]): string | null {
  if (emptyIn(args) !== undefined) {
    const typed = args.map((arg) => arg === "" ? '""' : arg).join(" ");
    return `an argument is empty: ${typed}\n(Is a variable of a script not set?)`;
  }
  const [first = ""] = args;
  // No subcommand is written like a file.
  const isFile = !first.startsWith("-") && /[./]/.test(first);
  return isFile ? `unknown command '${first}'\n(Did you mean start ${first}?)` : null;
}

/** No subcommand means `start`, unless it is the program itself that is asked. Help on what there is not is that. */
function withSubcommand(args: readonly string[], cli: Command): string[] {
  const [first, about] = args;
  if (first === undefined) return ["start"];
  if (first === "help" && about !== undefined && !about.startsWith("-")) {
    return cli.commands.some((command) => command.name() === about) ? [...args] : [about];
  }
  const isOwn = ["-h", "--help", "-V", "--version"].includes(first);
  return first.startsWith("-") && !isOwn ? ["start", ...args] : [...args];
}

function versionLine(): string {
  return `gatehouse ${VERSION} (Deno ${Deno.version.deno}, ${Deno.build.target})`;
}
