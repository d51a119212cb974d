/**
 * Reads what a bot imports before it is started, by asking Deno, which runs nothing of it. What is to be
 * downloaded is downloaded here.
 *
 * @module
 */

import { resolve } from "node:path";
import { ownCode } from "../config/module_url.ts";
import { messageOf } from "../protocol/errors.ts";
import { inOneLine } from "../ports/user_module.ts";
import { configOf, folderOf, isThere, passedOn } from "./deno_config.ts";
import { type Importable, type Reached, reachedIn, refusedImport } from "./imports.ts";
import { clusterPermissions, withOurAdvice } from "./permissions.ts";
import type { StartClusterOptions } from "./place.ts";

/** What is to be started. */
export interface Program
  extends Omit<StartClusterOptions, "clock" | "log" | "peer" | "credential"> {
  /** The address of the module that imports the bot. */
  readonly main: string;
  /** The module whose `deno.json` governs: the bot's own, or the program's whose thread it becomes. */
  readonly governedBy: string;
  /** Folders and files that no bot gets. */
  readonly secret: readonly string[];
}

/**
 * Why a bot may not run, in one line; `undefined` where it may. Who asks for the same while it is looked at
 * gets the same answer: all clusters of a unit start at once.
 */
export function importCheck(): (program: Program) => Promise<string | undefined> {
  const underWay = new Map<string, Promise<Reached>>();
  return async (program) => {
    const { main, botModule } = program;
    const reading = underWay.get(main) ?? readGraph(program).finally(() => underWay.delete(main));
    underWay.set(main, reading);
    const { imports, missing } = await reading;
    const why = missing[0] ?? refusedImport(imports, importable(program));
    return why && `Cannot load ${botModule}: ${withOurAdvice(inOneLine(why))}`;
  };
}

async function readGraph(program: Program): Promise<Reached> {
  try {
    return reachedIn(await denoInfo(program));
  } catch (error) {
    const why = inOneLine(messageOf(error));
    throw new Error(`Cannot read what ${program.botModule} imports: ${why}`);
  }
}

async function denoInfo({ main, governedBy, permissions, env }: Program): Promise<string> {
  // There the executable is the program, which would run once more.
  if (Deno.build.standalone) throw new Error("a compiled program has no deno to ask");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "info",
      "--json",
      `--config=${configOf(governedBy, isThere)}`,
      ...permissions.filter((flag) => /^--(allow|deny)-import/.test(flag)),
      main,
    ],
    env: { ...passedOn(env), NO_COLOR: "1" },
    clearEnv: true,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return text(stdout);
  throw new Error(text(stderr));
}

function importable(program: Program): Importable {
  const { botModule, permissions, unitUrl, secret } = program;
  const read = clusterPermissions(unitUrl, permissions).allow.get("read") ?? [];
  const folder = folderOf(botModule, isThere);
  return {
    ours: ownCode().flatMap(asNamedAndReal),
    folder: folder === null ? null : realPath(folder) ?? folder,
    readable: read === "any" ? read : read.map((path) => resolve(path)),
    secret: secret.flatMap(asNamedAndReal),
    realPath,
  };
}

function asNamedAndReal(path: string): string[] {
  const named = resolve(path);
  return [...new Set([named, realPath(named) ?? named])];
}

function realPath(path: string): string | null | undefined {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
