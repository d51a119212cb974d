/**
 * What a subcommand has of the world: where it writes, what the environment says, and how it ends. Tests
 * bring worlds of their own.
 *
 * @module
 */

import { type Clock, systemClock } from "../../ports/clock.ts";
import { type Env, readEnv } from "../../config/parse.ts";
import { type Signals, stopSignals } from "../terminal/signals.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** Where text goes. */
export interface Stream {
  readonly isTerminal: boolean;
  /** Width and height in characters; of what is no terminal 80 and 24. */
  size(): { readonly columns: number; readonly rows: number };
  write(text: string): void;
}

/** All that the subcommands share. */
export interface CliWorld {
  readonly out: Stream;
  readonly err: Stream;
  /** A variable of the process's environment. */
  env(name: string): string | undefined;
  readonly clock: Clock;
  /** Every variable that is set, in the environment or in `.env`. */
  settings(): Promise<Env>;
  /** Asks a unit that runs. Never Discord: what goes there passes the REST proxy. */
  readonly request: typeof fetch;
  /**
   * Resolves with the name of the next signal that asks the program to stop. Once it has been asked for none ends
   * the process by itself any more.
   */
  stopped(): Promise<string>;
  /** What the program will end with. */
  readonly code: ExitCode;
  /**
   * Makes an action of commander's of one that gives its exit code:
   * `cli.command("status").action(world.ends(async (options: Options) => EXIT.OK))`. It fails with a `CliFailure`,
   * or with any error, which ends the program with `EXIT.REFUSED` and its message.
   */
  ends<Given extends unknown[]>(
    act: (...given: Given) => ExitCode | Promise<ExitCode>,
  ): (...given: Given) => Promise<void>;
}

/** The parts of a world that differ between the process's own and a test's. */
export type WorldParts = Pick<
  CliWorld,
  "out" | "err" | "env" | "clock" | "settings" | "request" | "stopped"
>;

/** A world of these parts. */
export function createWorld(parts: WorldParts): CliWorld {
  let code: ExitCode = EXIT.OK;
  return {
    ...parts,
    get code() {
      return code;
    },
    ends: (act) => async (...given) => {
      code = await act(...given);
    },
  };
}

/** This process's. */
export function systemWorld(): CliWorld {
  let signals: Signals | undefined;
  return createWorld({
    out: streamOf(Deno.stdout),
    err: streamOf(Deno.stderr),
    env: (name) => Deno.env.get(name),
    clock: systemClock,
    settings: () => readEnv(),
    request: fetch,
    stopped: () => (signals ??= stopSignals()).next(),
  });
}

function streamOf(file: typeof Deno.stdout | typeof Deno.stderr): Stream {
  const encoder = new TextEncoder();
  const isTerminal = file.isTerminal();
  return {
    isTerminal,
    size: () => isTerminal ? Deno.consoleSize() : { columns: 80, rows: 24 },
    write(text) {
      for (let bytes = encoder.encode(text); bytes.length > 0;) {
        bytes = bytes.subarray(file.writeSync(bytes));
      }
    },
  };
}
