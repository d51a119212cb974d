/**
 * What a command line asks for, as far as it decides what the program may do. Everything else about it is
 * read, and complained about, by the program itself.
 *
 * @module
 */

import type { Asked, ProgramName } from "../../config/permissions.ts";
import { emptyIn } from "../cli/arguments.ts";

/** The program of each subcommand. */
const PROGRAM_OF: ReadonlyMap<string, ProgramName> = new Map([
  ["start", "unit"],
  ["demo", "demo"],
  ["dev", "unit"],
  ["rest", "rest"],
  ["sim", "sim"],
  ["status", "ask"],
  ["top", "ask"],
  ["reshard", "ask"],
  ["restart", "ask"],
  ["doctor", "doctor"],
  ["init", "init"],
  ["bench", "clone"],
  ["soak", "clone"],
]);

/** Subcommands whose argument is the bot's module. */
const TAKES_BOT: readonly string[] = ["start", "demo", "dev", "doctor"];

/** What is only told, by whatever subcommand. */
const TELLS: readonly string[] = ["-h", "--help", "-V", "--version"];

/** Options with a value that the permissions depend on. */
const VALUED = { url: "--url", secretFromEnv: "--secret-from-env" } as const;

/** What `args` ask for. What is unknown may do nothing but complain. */
export function askedOf(args: readonly string[]): Asked {
  if (args.some((arg) => TELLS.includes(arg)) || emptyIn(args) !== undefined) {
    return { program: "words" };
  }
  const [first = ""] = args;
  const name = first === "" || first.startsWith("-") ? "start" : first;
  const rest = name === first ? args.slice(1) : args;
  const asked = PROGRAM_OF.get(name) ?? "words";
  const program = asked === "unit" && args.includes("--simulator") ? "demo" : asked;
  const argument = rest.find((arg) => !arg.startsWith("-"));
  if (program === "ask") return { program, ...valuesIn(rest) };
  if (program === "init") return { program, folder: argument ?? "." };
  return {
    program,
    ...argument !== undefined && TAKES_BOT.includes(name) && { bot: argument },
  };
}

function valuesIn(args: readonly string[]): Pick<Asked, "url" | "secretFromEnv"> {
  const valueOf = (option: string) => {
    const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
    if (at < 0) return undefined;
    return args[at] === option ? args[at + 1] : args[at]!.slice(option.length + 1);
  };
  const pairs = Object.entries(VALUED).flatMap(([name, option]) => {
    const value = valueOf(option);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}
