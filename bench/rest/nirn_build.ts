/**
 * Builds nirn-proxy with Go, for the benchmark of REST: a program that answers its one question with
 * `null`, or with why it could not. Arguments are the folder to build in, which goes when the program
 * ends, and where Go may be.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { answerQuestions } from "../program.ts";

const MODULE = "github.com/germanoeich/nirn-proxy@latest";
/** Go keeps what it has built so far: a second try goes on from there. */
const BUILD_MS = 40_000;

async function build(folder: string, gos: readonly string[]): Promise<string | null> {
  for (const go of gos) {
    try {
      const { success, signal, stderr } = await new Deno.Command(go, {
        args: ["install", MODULE],
        cwd: "/",
        env: { GOBIN: folder },
        stdin: "null",
        signal: AbortSignal.timeout(BUILD_MS),
      }).output();
      if (success) return null;
      if (signal) return `go install took longer than ${BUILD_MS / 1000} s; a second try may do`;
      return `go install failed: ${inOneLine(new TextDecoder().decode(stderr))}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return messageOf(error);
    }
  }
  return "there is no Go to build it with";
}

function inOneLine(text: string): string {
  const lines = text.trim().split("\n").filter((line) => !line.startsWith("go: downloading "));
  return lines.map((line) => line.trim()).join("; ");
}

function remove(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) {
  const [folder, ...gos] = Deno.args as [string, ...string[]];
  addEventListener("unload", () => remove(folder));
  await answerQuestions(() => build(folder, gos));
}
