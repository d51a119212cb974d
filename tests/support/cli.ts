/**
 * The command line without a process: what it prints, and what it ends with.
 *
 * @module
 */

import { main } from "../../app/cli/main.ts";
import { createWorld, type WorldParts } from "../../app/cli/world.ts";
import { systemClock } from "../../ports/clock.ts";

/** What a run came to. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A stream that is kept. */
export function keptStream(isTerminal = false) {
  let text = "";
  return {
    isTerminal,
    size: () => ({ columns: 100, rows: 24 }),
    write: (more: string) => void (text += more),
    text: () => text,
  };
}

/** Runs the program with these arguments, on no terminal, in an environment with nothing but `env`. */
export async function runCli(
  args: readonly string[],
  { env = {}, isTerminal = false, ...parts }: Partial<Omit<WorldParts, "env">> & {
    readonly env?: Readonly<Record<string, string>>;
    readonly isTerminal?: boolean;
  } = {},
): Promise<CliRun> {
  const out = keptStream(isTerminal);
  const err = keptStream(isTerminal);
  const world = createWorld({ out, err, env: (name) => env[name], clock: systemClock, ...parts });
  const code = await main(args, world);
  return { code, out: out.text(), err: err.text() };
}
