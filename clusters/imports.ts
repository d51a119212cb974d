/**
 * What a bot's modules may import. Deno asks for no permission where an import is written out in full, so
 * `import env from "/srv/.env" with { type: "text" }` would read that file for whoever may read nothing.
 *
 * @module
 */

import { basename, isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** An import that is written out in full, wherever in the graph. */
export interface Import {
  /** Address of what is imported. */
  readonly specifier: string;
  /** Module, line and column where it stands; empty for the first module. */
  readonly from: string;
  /** `text`, `json` or `bytes`; none for code. */
  readonly type?: string;
}

/** As far as we read what `deno info --json` writes. */
interface Graph {
  readonly roots: readonly string[];
  readonly modules: readonly Module[];
  readonly redirects?: Readonly<Record<string, string>>;
}

interface Module {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly Dependency[];
}

interface Dependency {
  /** None where only types are imported. */
  readonly code?: { readonly specifier?: string; readonly span?: Span };
  readonly isDynamic?: boolean;
  readonly assertionType?: string;
}

interface Span {
  readonly start: { readonly line: number; readonly character: number };
}

/** The modules that a program reaches. */
export interface Reached {
  /** All that it imports for more than its types. */
  readonly imports: readonly Import[];
  /** What of it cannot be had from elsewhere, and cannot be done without; in Deno's words. */
  readonly missing: readonly string[];
  /** The same, of what is on this machine: Deno tells it again when it runs. */
  readonly broken: readonly string[];
}

/** Reads what `deno info --json` wrote of a program whose own imports are those of the bot. */
export function reachedIn(json: string): Reached {
  const graph = JSON.parse(json) as Graph;
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  // The program imports the bot dynamically, and needs it all the same.
  const needed = walk(graph, modules, (from, { isDynamic }) => !isDynamic || from === undefined);
  const faultsOf = (isOurs: RegExp) =>
    needed.filter(({ specifier }) => isOurs.test(specifier)).flatMap(({ specifier, from }) => {
      const error = modules.get(specifier)?.error;
      if (error === undefined) return [];
      // Our own program, which is an address, is nobody's to mend; a mistake of syntax tells its place.
      const isPlaced = from === "" || from.startsWith("data:") || error.includes(" at file:");
      return [isPlaced ? error : `${error} at ${from}`];
    });
  return {
    imports: walk(graph, modules, () => true),
    missing: faultsOf(/^https?:/),
    broken: faultsOf(/^file:/),
  };
}

/** Every import that is reached over what `follows`; `from` is `undefined` in the first module. */
function walk(
  { roots, redirects = {} }: Graph,
  modules: ReadonlyMap<string, Module>,
  follows: (from: string | undefined, dependency: Dependency) => boolean,
): Import[] {
  const found = new Map<string, Import>();
  const waiting: Import[] = roots.map((specifier) => ({ specifier, from: "" }));
  for (const each of waiting) {
    const specifier = redirected(each.specifier, redirects);
    const key = `${each.type ?? ""} ${specifier}`;
    if (found.has(key)) continue;
    found.set(key, { ...each, specifier });
    for (const dependency of modules.get(specifier)?.dependencies ?? []) {
      const { code, assertionType: type } = dependency;
      const isFirst = roots.includes(specifier);
      if (!code?.specifier || !follows(isFirst ? undefined : specifier, dependency)) continue;
      const from = placeOf(specifier, code.span);
      waiting.push({ specifier: code.specifier, from, ...(type !== undefined && { type }) });
    }
  }
  return [...found.values()];
}

function redirected(specifier: string, redirects: Graph["redirects"] = {}): string {
  const seen = new Set<string>();
  for (let next = redirects[specifier]; next !== undefined && !seen.has(next);) {
    seen.add(specifier = next);
    next = redirects[specifier];
  }
  return specifier;
}

function placeOf(module: string, span: Span | undefined): string {
  return span ? `${module}:${span.start.line + 1}:${span.start.character + 1}` : module;
}

/** What may be imported. All paths are absolute. */
export interface Importable {
  /** Folders and files of Gatehouse itself. */
  readonly ours: readonly string[];
  /** The bot's own folder, without symbolic links; `null` where it comes from elsewhere. */
  readonly folder: string | null;
  /** What `CLUSTER_PERMISSIONS` lets it read. */
  readonly readable: readonly string[] | "any";
  /** Folders and files that no bot gets: the state, and the file with the token. */
  readonly secret: readonly string[];
  /**
   * A path without symbolic links; `undefined` where there is nothing, `null` where we may not look.
   */
  realPath(path: string): string | null | undefined;
}

/** Why a bot with these imports may not run; `undefined` where it may. */
export function refusedImport(
  imports: readonly Import[],
  importable: Importable,
): string | undefined {
  for (const each of imports) {
    if (!each.specifier.startsWith("file:")) continue;
    const path = fileURLToPath(each.specifier);
    const why = refused(path, each, importable);
    if (why !== undefined) return `it imports ${path}, ${why}${each.from && ` at ${each.from}`}`;
  }
  return undefined;
}

function refused(path: string, { type }: Import, importable: Importable): string | undefined {
  const { ours, folder, readable, secret, realPath } = importable;
  const isSecret = (path: string) => ENV_FILE.test(basename(path)) || isIn(path, secret);
  if (isIn(path, ours)) return undefined;
  if (isSecret(path)) return NOBODY;
  if (readable === "any" || isIn(path, readable)) return undefined;
  const real = realPath(path);
  // Deno says in which line what is not there was wanted.
  if (real === undefined) return undefined;
  if (real !== null && isSecret(real)) return NOBODY;
  const isOwn = real !== null && isIn(real, folder === null ? ours : [...ours, folder]);
  // What packages import Deno lets them only where they may read.
  const isPackage = real !== null && type === undefined && real.split(sep).includes("node_modules");
  if (isOwn || isPackage) return undefined;
  const outside = folder === null ? "a file of this machine" : `which is not in ${folder}`;
  return `${outside}; add --allow-read=${path} to CLUSTER_PERMISSIONS`;
}

/** `.env`, `.env.local`, `production.env`: where secrets are kept. */
const ENV_FILE = /^\.env|\.env$/i;

const NOBODY = "which no bot gets";

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => {
    const way = relative(place, path);
    return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  });
}
