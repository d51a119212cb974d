/**
 * A program on a terminal: what it draws, what keys and signals do to it, and how it leaves the terminal.
 *
 * @module
 */

import { eachLine, until } from "./unit_process.ts";

const PYTHON = "python3";
const SCRIPT = new URL("./on_terminal.py", import.meta.url).pathname;

/** Why there is no terminal to test with; `null`: there is. */
export const LACKS_TERMINAL: string | null = lacks();

/** A program that runs on a terminal. */
export interface OnTerminal {
  /** Everything that it has written. */
  output(): string;
  /** Waits for `pattern` in what it writes from now on. */
  sees(pattern: RegExp): Promise<void>;
  keys(text: string): Promise<void>;
  size(rows: number, columns: number): Promise<void>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGCONT"): Promise<void>;
  /** Closes the terminal, as who closes its window does: there is nothing to restore then. */
  close(): Promise<void>;
  /** Its exit code, and whether the terminal is set as it was before. */
  readonly ended: Promise<{ readonly code: number; readonly restored: boolean }>;
}

/** Runs `argv` on a terminal of this size, with nothing but `env` in its environment. */
export function onTerminal(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  [rows, columns]: readonly [number, number] = [24, 100],
): OnTerminal {
  const child = new Deno.Command(PYTHON, {
    args: [SCRIPT, String(rows), String(columns), ...argv],
    clearEnv: true,
    env: { ...env, TERM: "xterm-256color" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const commands = child.stdin.getWriter();
  const command = (what: object) =>
    commands.write(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
  let output = "";
  let ended: { code: number; restored: boolean } | undefined;
  const reading = eachLine(child.stdout, (line) => {
    const { out = "", ...end } = JSON.parse(line);
    output += out;
    if ("code" in end) ended = end;
  });
  return {
    output: () => output,
    async sees(pattern) {
      const from = output.length;
      await until(() => pattern.test(output.slice(from)), 20_000, () => `no ${pattern}: ${output}`);
    },
    keys: (keys) => command({ keys }),
    size: (...size) => command({ size }),
    signal: (signal) => command({ signal }),
    close: () => command({ close: true }),
    ended: reading.then(async () => {
      await commands.close().catch(() => {});
      await child.status;
      return ended!;
    }),
  };
}

function lacks(): string | null {
  if (Deno.build.os === "windows") return "Windows has other terminals";
  try {
    new Deno.Command(PYTHON, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`${PYTHON} is not here: tests on a terminal are skipped`);
    return `there is no ${PYTHON}`;
  }
}
