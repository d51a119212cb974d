/**
 * Checks that everything exported is documented: every function, class, type and constant of every
 * source. `deno doc --lint` asks for a comment on every field of every type as well, even where its
 * name says it all; of it only one finding counts here: a type that users of a door meet and cannot
 * import from there.
 *
 * @module
 */

import { typescriptFiles } from "./source_files.ts";
import { DOORS, SOURCE_FOLDERS, topOf } from "./tree.ts";

/** What `deno doc --json` says, as far as it is read here. */
export interface DocTree {
  readonly nodes: Readonly<Record<string, DocModule>>;
}

interface DocModule {
  readonly module_doc?: { readonly doc?: string };
  readonly symbols?: readonly DocSymbol[];
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly DocDeclaration[];
}

interface DocDeclaration {
  readonly kind: string;
  readonly declarationKind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: { readonly doc?: string };
}

/** Every exported symbol without a comment, and every module without a first paragraph. */
export function undocumented(tree: DocTree): string[] {
  return Object.entries(tree.nodes).flatMap(([file, { module_doc, symbols = [] }]) => [
    ...(module_doc?.doc ? [] : [`${file}: the module says nothing about itself`]),
    ...symbols.flatMap(({ name, declarations }) => {
      // What is exported again (a reference) is documented where it was made.
      const exported = declarations.filter((each) =>
        each.declarationKind === "export" && each.kind !== "reference" &&
        each.location.filename === file
      );
      // Of an overloaded function one comment is enough.
      if (exported.length === 0 || exported.some((each) => each.jsDoc?.doc)) return [];
      const { filename, line } = exported[0]!.location;
      return [`${filename}:${line + 1}: ${name} is not documented`];
    }),
  ]);
}

/** What `deno doc --lint` finds about types that a user of a door meets and cannot import from it. */
export function privateTypes(lint: string): string[] {
  return lint.split(/^(?=error\[)/m).filter((part) => part.startsWith("error[private-type-ref]"))
    .map((finding) => finding.trimEnd());
}

/** Whether the type of such a finding is exported nowhere, not even by its own file. */
export function isHidden(finding: string): boolean {
  return !/^ *\d+ \| export /m.test(finding.slice(finding.indexOf("= hint")));
}

async function denoDoc(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function main(): Promise<number> {
  const files = (await typescriptFiles()).filter((path) =>
    !path.includes("/") || SOURCE_FOLDERS.includes(topOf(path))
  );
  const { stdout, stderr } = await denoDoc(["--json", ...files]);
  if (stdout === "") throw new Error(`Cannot read the documentation: ${stderr}`);
  const ours = privateTypes((await denoDoc(["--lint", ...DOORS])).stderr);
  // Tests of ours reach into the simulator: what it is made of is no promise to anybody.
  const sims = privateTypes((await denoDoc(["--lint", "sim/mod.ts"])).stderr).filter(isHidden);
  const problems = [...undocumented(JSON.parse(stdout)), ...ours, ...sims];
  for (const problem of problems) console.error(problem.replaceAll(`file://${Deno.cwd()}/`, ""));
  console.log(`docs: ${files.length} modules, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
