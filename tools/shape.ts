/**
 * Checks the shape of the repository: no circle of imports, no folder and no file too long, every
 * source with its test, no words that mean "later", no address of a registry in the lock file. Prints
 * everything that is wrong.
 *
 * @module
 */

import { circleProblems } from "./circles.ts";
import { pageFiles, typescriptFiles } from "./source_files.ts";
import { floorOf, topOf } from "./tree.ts";

/** Longest file, in lines. A whole that reads well beats fragments: do not split to be shorter. */
export const MAX_LINES = 400;

/** Most files in one folder; who looks for something reads them all. */
export const MAX_FILES = 20;

/** This tool and its test have to name the words that they look for. */
const NAMES_STUBS = /^(tools|tests\/tools)\/shape(_test)?\.ts$/;
const STUB = /\b(TODO|FIXME|XXX|HACK)\b|\b(not|un)[ -]?implemented\b/i;

/** A file as the checks see it: path from the root, text. */
export type Texts = ReadonlyMap<string, string>;

/** Everything that is wrong, one line each. */
export function shapeProblems(texts: Texts): string[] {
  const ofFiles = [...texts].flatMap(([path, text]) => [
    ...tooLong(path, text),
    ...stubs(path, text),
    ...withoutTest(path, text, texts),
  ]);
  return [...ofFiles, ...tooFull([...texts.keys()]), ...circleProblems(texts)];
}

/** All lock files; `CONTRIBUTING.md` says what each is for. */
const LOCKS = ["deno.lock", "fleet/deno.lock", "app/cli/deno.lock", "tools/deno.lock"];

/** What a lock file must not hold: it would tie everybody to somebody's registry. */
export function lockProblems(lock: string, path = "deno.lock"): string[] {
  const addresses = new Set(lock.match(/https?:\/\/[^"\s]+/g) ?? []);
  return [...addresses].map((address) => `${path}: names ${address}`);
}

/** What `deps.ts` loads in sight of Deno is what a start downloads; what else is locked at the root is for nobody. */
export function startProblems(lock: string, deps: string): string[] {
  const { specifiers } = JSON.parse(lock) as {
    readonly specifiers: Readonly<Record<string, string>>;
  };
  const loaded = [...deps.matchAll(/import\("(npm:[^"]+)"\);$/gm)].map(([, name]) => name!);
  return Object.keys(specifiers).filter((name) => !loaded.includes(name))
    .map((name) => `deno.lock: locks ${name}, so that each start downloads it; give --lock`);
}

function tooLong(path: string, text: string): string[] {
  const lines = text.split("\n").length - 1;
  return lines > MAX_LINES
    ? [`${path}: ${lines} lines, at most ${MAX_LINES}; is it two things?`]
    : [];
}

/** Tests stand where their sources do, however many each has. */
function tooFull(paths: readonly string[]): string[] {
  const folders = Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf("/") + 1));
  return [...folders].flatMap(([folder, { length }]) =>
    length > MAX_FILES && topOf(folder) !== "tests"
      ? [`${folder}: ${length} files, at most ${MAX_FILES}; which of them are a room of their own?`]
      : []
  );
}

function stubs(path: string, text: string): string[] {
  if (NAMES_STUBS.test(path)) return [];
  return text.split("\n").flatMap((line, index) => {
    const found = STUB.exec(line);
    return found ? [`${path}:${index + 1}: says "${found[0]}"`] : [];
  });
}

function withoutTest(path: string, text: string, texts: Texts): string[] {
  if (floorOf(topOf(path)) === undefined || !hasCode(path, text)) return [];
  const test = path.replace(/\.[jt]s$/, "_test.ts");
  // A shell around sockets, processes or threads is tested with real ones.
  const parts = test.split("/");
  const wired = [1, 2].map((last) => `tests/wire/${parts.slice(-last).join("/")}`);
  const wanted = [`tests/${test}`, ...wired];
  return wanted.some((each) => texts.has(each)) ? [] : [`${path}: no test at ${wanted[0]}`];
}

/** What draws the page, and is not code: a browser tests the whole. */
const DRAWS = /^dashboard\/page\/(?!model\/)|\.(css|html|svg)$/;

/** Whether there is anything to run: a file of types has no test. */
function hasCode(path: string, text: string): boolean {
  if (DRAWS.test(path) || path.endsWith(".d.ts")) return false;
  return /^export (async )?(function|class|const|let)\b/m.test(text);
}

async function main(): Promise<number> {
  const texts = new Map<string, string>();
  for (const path of [...await typescriptFiles(), ...await pageFiles()]) {
    texts.set(path, await Deno.readTextFile(path));
  }
  const problems = shapeProblems(texts);
  for (const path of LOCKS) problems.push(...lockProblems(await Deno.readTextFile(path), path));
  const [root, deps] = ["deno.lock", "deps.ts"].map((path) => Deno.readTextFileSync(path));
  problems.push(...startProblems(root!, deps!));
  for (const problem of problems) console.error(problem);
  console.log(`shape: ${texts.size} files, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
