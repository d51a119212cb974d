/**
 * How subcommands print: colours only where they are wanted, help in one form.
 *
 * @module
 */

import { styleText } from "node:util";
import type { Command } from "../../deps.ts";
import type { CliWorld, Stream } from "./world.ts";

/** Styles that the subcommands use. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "inverse";

/** Paints text, or leaves it as it is. */
export type Paint = (style: Style | readonly Style[], text: string) => string;

/**
 * Whether a stream gets colours: a terminal does, unless `NO_COLOR` is set; `FORCE_COLOR` has any stream get them
 * (`0` and `false`: none). See [no-color.org](https://no-color.org).
 */
export function hasColor({ env }: Pick<CliWorld, "env">, stream: Pick<Stream, "isTerminal">) {
  const force = env("FORCE_COLOR");
  if (env("NO_COLOR") || force === "0" || force === "false") return false;
  return force ? true : stream.isTerminal && env("TERM") !== "dumb";
}

/** How texts for a stream are painted. */
export function painter(world: Pick<CliWorld, "env">, stream: Pick<Stream, "isTerminal">): Paint {
  if (!hasColor(world, stream)) return (_, text) => text;
  return (style, text) => styleText(style as Style, text, { validateStream: false });
}

/** What who types here writes for `deno`: so it is set by `npx`, which is for who has no Deno of their own. */
export function denoCommand({ env }: Pick<CliWorld, "env">): string {
  return env("npm_command") === "exec" ? `npx --yes deno@${Deno.version.deno}` : "deno";
}

/** Prints what a script reads. */
export function writeJson({ out }: Pick<CliWorld, "out">, value: unknown): void {
  out.write(`${JSON.stringify(value, null, out.isTerminal ? 2 : undefined)}\n`);
}

/** Prints what was found, at the end. That nobody reads all of it, as after `| head -1`, changes no exit code. */
export function conclude(print: () => void): void {
  try {
    print();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** What stands at the end of a subcommand's help. */
export interface HelpEnd {
  /** The URL that it opens. */
  readonly opens?: string;
  /** Command lines, with what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
}

/** Adds examples, and what is opened, to a command's help. */
export function helpEnd(command: Command, { opens, examples }: HelpEnd): Command {
  const lines = examples.map(([line, does]) => `  ${line}\n      ${does}`);
  const opening = opens === undefined ? "" : `\nOpens ${opens}\n`;
  return command.addHelpText("after", `${opening}\nExamples:\n${lines.join("\n")}`);
}
