/**
 * `gatehouse init`: a folder for a new bot.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { VERSION } from "../../protocol/discord/user_agent.ts";
import { filesOf, type NewFile } from "../init/files.ts";
import { type GatehousePlace, placeFor, quoted } from "../init/place.ts";
import { writeFiles } from "../init/write.ts";
import { EXIT } from "./exit.ts";
import { denoCommand, helpEnd, type Paint, painter } from "./output.ts";
import type { CliWorld } from "./world.ts";

/** Our door, which a bot imports as `gatehouse`. */
const DOOR = new URL("../../mod.ts", import.meta.url).href;

/** Adds `init`. */
export function addInit(cli: Command, world: CliWorld): void {
  const command = cli.command("init")
    .summary("write the folder of a new bot")
    .description(
      "Writes bot.ts, deno.json, .env.example and .gitignore, and says what to type next. The folder works at " +
        "once, against the embedded simulator. Nothing that is there is replaced.",
    )
    .argument("[folder]", "where to; it is made if it is not there", ".")
    .option("--force", "replace what is there")
    .action(world.ends(async (folder: string, { force = false }: { readonly force?: boolean }) => {
      const files = filesOf(ownPlace(folder));
      await writeFiles(folder, files, force);
      world.out.write(`${told(folder, files, world).join("\n")}\n`);
      return EXIT.OK;
    }));
  helpEnd(command, {
    examples: [
      ["gatehouse init my-bot", "makes the folder my-bot"],
      ["gatehouse init", "fills the current one"],
    ],
  });
}

/** A compiled Gatehouse starts bots itself; only the types are from elsewhere. */
function ownPlace(folder: string): GatehousePlace {
  if (!Deno.build.standalone) return placeFor(DOOR, folder);
  return { module: `jsr:@gatehouse/gatehouse@^${VERSION}`, command: "gatehouse" };
}

function told(
  folder: string,
  files: readonly NewFile[],
  world: Pick<CliWorld, "env" | "out">,
): string[] {
  const paint = painter(world, world.out);
  const deno = denoCommand(world);
  const next: [string, string][] = [
    [`${deno} task dev`, "plays against a Discord of its own until there is a token"],
    ["cp .env.example .env", "then write the token into .env"],
    [`${deno} task doctor`, "says what is missing, before anything is spent"],
    [`${deno} task start`, "runs it"],
  ];
  const enter: [string, string][] = folder === "." ? [] : [[`cd ${quoted(folder)}`, ""]];
  const names = files.map(({ name, means }): [string, string] => [name, means]);
  return [
    `Wrote a new bot${folder === "." ? "" : ` to ${folder}`}:`,
    ...columns(names, paint),
    "",
    "Next:",
    ...columns([...enter, ...next], paint),
  ];
}

function columns(rows: readonly [string, string][], paint: Paint): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => {
    const gap = " ".repeat(width - left.length);
    return `  ${paint("cyan", left)}${right === "" ? "" : `${gap}  ${right}`}`;
  });
}
