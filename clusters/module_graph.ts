/**
 * Reads what a bot imports before it is started, by asking Deno, which runs nothing of it. What is to be
 * downloaded is downloaded here.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ownCode } from "../config/module_url.ts";
import type { Clock } from "../ports/clock.ts";
import { messageOf } from "../protocol/errors.ts";
import { inOneLine } from "../ports/user_module.ts";
import { configFlags, folderOf, isThere, passedOn, TO_DOWNLOAD } from "./deno_config.ts";
import { ownExecutable } from "./executable.ts";
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

/** What it takes to read what a program imports. */
type Read = Pick<Program, "main" | "governedBy" | "botModule" | "permissions" | "env">;

/** What there is to say of a bot before it runs. */
export interface Survey {
  /** Why it would not run, as {@linkcode ImportCheck.examine} tells it. */
  readonly problem: string | undefined;
  /** The files of this machine that it is made of, there or not; empty where that cannot be known. */
  readonly files: readonly string[];
}

/** Looks at what bots import. */
export interface ImportCheck {
  /**
   * Why a bot may not run, in one line; `undefined` where it may. Who asks for the same while it is looked
   * at gets the same answer: all clusters of a unit start at once.
   */
  check(program: Program): Promise<string | undefined>;
  /** {@linkcode ImportCheck.check}, and what Deno would tell only once it runs: what is not there or no code. */
  examine(program: Program): Promise<string | undefined>;
  /** The same, with the files that it looked at. Never rejects. */
  survey(program: Program): Promise<Survey>;
  /** Begins with what will be asked for, once. */
  foresee(program: Read): void;
}

/** What was foreseen longer ago is looked at anew: the code may have changed. */
const FRESH_MS = 10_000;

/** Looks by asking Deno. */
export function importCheck(clock: Clock): ImportCheck {
  const underWay = new Map<
    string,
    { readonly sinceMs: number; readonly reached: Promise<Reached> }
  >();
  const read = (program: Read) => {
    const known = underWay.get(program.main);
    const nowMs = clock.now();
    if (known && nowMs - known.sinceMs < FRESH_MS) return known.reached;
    const reached = readGraph(program);
    underWay.set(program.main, { sinceMs: nowMs, reached });
    return reached;
  };
  const look = async (program: Program, faultsOf: (reached: Reached) => readonly string[]) => {
    const { main, botModule } = program;
    const reached = await read(program).finally(() => underWay.delete(main));
    const why = faultsOf(reached)[0] ?? refusedImport(reached.imports, importable(program));
    const problem = why && `Cannot load ${botModule}: ${withOurAdvice(inOneLine(why))}`;
    const files = reached.imports.filter(({ specifier }) => specifier.startsWith("file:"));
    return { problem, files: files.map(({ specifier }) => fileURLToPath(specifier)) };
  };
  const every = ({ missing, broken }: Reached) => [...broken, ...missing];
  return {
    check: async (program) => (await look(program, ({ missing }) => missing)).problem,
    examine: async (program) => (await look(program, every)).problem,
    survey: (program) =>
      look(program, every).catch((error) => ({ problem: messageOf(error), files: [] })),
    foresee(program) {
      // Who asks for it will be told.
      read(program).catch(() => {});
    },
  };
}

/**
 * What is left of that in a compiled Gatehouse, which has no Deno to ask: the bot's own module may be none
 * that no bot gets. What it imports is not looked at.
 */
export function nameCheck(): ImportCheck {
  const cannot = (botModule: string, why: string | undefined) =>
    Promise.resolve(why && `Cannot load ${botModule}: ${why}`);
  const refusal = (program: Program) =>
    program.botModule.startsWith("file:")
      ? refusedImport([{ specifier: program.botModule, from: "" }], importable(program))
      : "a compiled Gatehouse loads modules from files alone";
  const examine = (program: Program) => {
    const { botModule } = program;
    const isGone = botModule.startsWith("file:") && !isThere(fileURLToPath(botModule));
    return cannot(botModule, refusal(program) ?? (isGone ? "there is no such file" : undefined));
  };
  return {
    check: (program) => cannot(program.botModule, refusal(program)),
    examine,
    async survey(program) {
      const files = program.botModule.startsWith("file:") ? [fileURLToPath(program.botModule)] : [];
      return { problem: await examine(program), files };
    },
    foresee() {},
  };
}

async function readGraph(program: Read): Promise<Reached> {
  try {
    const [graph] = await Promise.all([denoInfo(program), download(program)]);
    return reachedIn(graph);
  } catch (error) {
    const why = inOneLine(messageOf(error));
    throw new Error(`Cannot read what ${program.botModule} imports: ${why}`);
  }
}

/**
 * What the program imports, its types as well. Packages are left out: Deno would download those of types, too,
 * and lock them, so that each start from then on would download them.
 */
function denoInfo(program: Read): Promise<string> {
  return deno(["info", "--json", "--no-npm"], program, program.main);
}

/** Has Deno download what the program runs, for which nothing of it has to run. */
function download(program: Read): Promise<string> {
  const source = `export const load = () => import(${JSON.stringify(program.main)});`;
  const main = `data:application/typescript,${encodeURIComponent(source)}`;
  return deno(["run", "--no-prompt", "--quiet"], program, main);
}

async function deno(
  [command = "", ...flags]: readonly string[],
  { governedBy, permissions, env }: Read,
  main: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(ownExecutable(), {
    args: [
      command,
      ...flags,
      ...configFlags(governedBy, isThere),
      ...permissions.filter((flag) => /^--(allow|deny)-import/.test(flag)),
      main,
    ],
    env: { ...passedOn(env, TO_DOWNLOAD), NO_COLOR: "1" },
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
