/**
 * Stands in for the compiled program. Deno's runtime for those is downloaded from its releases, which tests
 * cannot do; so a script is the executable: it calls itself by its own path, and says that it is compiled,
 * as the binary does.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { BAKED_FLAGS, compileArgs, ENTRY } from "../../tools/release/compile.ts";
import { follow, type UnitProcess } from "./unit_process.ts";

/** The root of this repository, with `/` at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What stands for the binary. */
export interface Compiled {
  /** Its path: what `Deno.execPath()` gives in it. */
  readonly path: string;
  /** What `Deno.execPath()` is to be given to run it: a test may run Deno and not the script. */
  readonly args: readonly string[];
  /** Starts it, with nothing but these settings in its environment. */
  run(args: readonly string[], settings: Readonly<Record<string, string>>): UnitProcess;
}

/**
 * Makes the executable with Deno itself for a runtime: it holds what the real one holds, and is a prompt where
 * that is Gatehouse. Gives its path.
 */
export async function compiledFile(into: string): Promise<string> {
  const path = `${into}/compiled`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArgs(Deno.build.target, path),
    env: { DENORT_BIN: Deno.execPath() },
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`Cannot compile: ${new TextDecoder().decode(stderr)}`);
  return path;
}

/**
 * A binary made of the tree at `root` (default: ours), in a folder of its own.
 *
 * @param into The folder, in which a script is written.
 */
export function standIn(into: string, root = ROOT): Compiled {
  const path = `${into}/gatehouse`;
  const preload = `${into}/as_compiled.ts`;
  Deno.writeTextFileSync(
    preload,
    `Object.defineProperty(Deno, "execPath", { value: () => ${JSON.stringify(path)} });
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true } });`,
  );
  const args = [
    "run",
    "--quiet",
    `--config=${root}deno.json`,
    `--preload=${preload}`,
    ...BAKED_FLAGS,
    `${root}${ENTRY}`,
  ];
  const words = [Deno.execPath(), ...args].map((word) => `'${word}'`).join(" ");
  // The real one needs no home.
  const home = Deno.env.get("HOME") ?? "";
  Deno.writeTextFileSync(path, `#!/bin/sh\nexport HOME='${home}'\nexec ${words} "$@"\n`, {
    mode: 0o755,
  });
  return {
    path,
    args,
    run: (more, settings) =>
      follow(
        new Deno.Command(Deno.execPath(), {
          args: [...args, ...more],
          clearEnv: true,
          env: { HOME: home, ...settings },
          cwd: into,
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }).spawn(),
      ),
  };
}
