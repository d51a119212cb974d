/**
 * The command line without a process: what it prints, and what it ends with.
 *
 * @module
 */

import { main } from "../../app/cli/main.ts";
import { createWorld, type WorldParts } from "../../app/cli/world.ts";
import { control } from "../../app/http/control.ts";
import { STATUS } from "../../app/http/status.ts";
import { loadHono } from "../../deps.ts";
import { type Clock, systemClock } from "../../ports/clock.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import type { Snapshot } from "../../protocol/status.ts";
import type { MethodsUnit } from "../../unit/methods.ts";

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

/** A clock whose timers ring at once, and that has gone on by so much then. */
export function hastyClock(): Clock {
  let nowMs = 0;
  return {
    ...systemClock,
    now: () => nowMs,
    after: (delayMs, task) =>
      systemClock.soon(() => {
        nowMs += delayMs;
        task();
      }),
  };
}

/** Has `/control/state` answer with one snapshot after another, then with the last again; `null`: nobody answers. */
export function statesAt(...states: readonly (Snapshot | null)[]): typeof fetch {
  let asked = 0;
  return () => {
    const state = states[Math.min(asked++, states.length - 1)]!;
    return state === null
      ? Promise.reject(new TypeError("Connection refused (os error 111)"))
      : Promise.resolve(Response.json(state));
  };
}

/** A world in which nothing is set, and nobody answers. */
export function testWorld(): WorldParts {
  return {
    out: keptStream(),
    err: keptStream(),
    env: () => undefined,
    clock: systemClock,
    settings: () => Promise.resolve({}),
    stopped: () => new Promise(() => {}),
    request: () => Promise.reject(new TypeError("Connection refused (os error 111)")),
  };
}

/**
 * Has the real `/control` of `unit` answer at `origin`.
 *
 * @param secret What it wants to be shown; default: nothing.
 */
export async function unitAt(
  origin: string,
  unit: MethodsUnit & { readonly snapshot: Snapshot },
  secret: string | null = null,
): Promise<typeof fetch> {
  const { Hono } = await loadHono();
  const app = control(new Hono(), unit);
  app.onError((error, c) => {
    const code = error instanceof GatehouseError ? STATUS[error.code] : undefined;
    return c.json({ error: error.message }, code ?? 500);
  });
  return (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    if (new URL(request.url).origin !== origin) {
      return Promise.reject(new TypeError("Connection refused (os error 111)"));
    }
    if (secret !== null && request.headers.get("authorization") !== secret) {
      return Promise.resolve(Response.json({ error: "Authorization is wrong" }, { status: 401 }));
    }
    const path = `${pathname.replace(/^\/control/, "")}${search}`;
    return Promise.resolve(app.request(path, new Request(request)));
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
  const world = createWorld({
    ...testWorld(),
    out,
    err,
    env: (name) => env[name],
    settings: () => Promise.resolve(env),
    ...parts,
  });
  const code = await main(args, world);
  return { code, out: out.text(), err: err.text() };
}
