/**
 * A unit as its users run it: `deno task start` in a process of its own.
 *
 * @module
 */

import { systemClock } from "../../ports/clock.ts";
import { launchCommand } from "../../app/launcher/command.ts";
import type { Child, HeldPort } from "./held_port.ts";

/** A unit that was started. */
export interface UnitProcess {
  readonly pid: number;
  /** Lines of its log, parsed. */
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /** What it wrote to the error output. */
  errors(): string;
  /** `http://127.0.0.1:port`, once it listens. */
  url(): Promise<string>;
  /** Resolves when `/readyz` answers 200. */
  ready(limitMs?: number): Promise<void>;
  control(method: string, path: string): Promise<Response>;
  signal(signal: "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void;
  /** Sends a signal, unless it has ended already, and gives the exit code. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number>;
  readonly exited: Promise<number>;
}

/**
 * Starts a unit with nothing but these settings in its environment: what the launcher runs, without the
 * launcher, which would not pass a SIGKILL on.
 *
 * @param how `descriptors`: how many it may have open; needs Linux's `prlimit`. Default: what we may.
 * `held`: the socket that it is to take its connections from; default: it listens itself.
 */
export function startUnit(
  settings: Record<string, string>,
  how: HowToStart = {},
): Promise<UnitProcess> {
  return start(settings, ["start"], how);
}

interface HowToStart {
  readonly descriptors?: number | undefined;
  readonly held?: HeldPort | undefined;
}

/** Starts a unit against the simulator: what `deno task demo` runs. */
export function startDemo(settings: Record<string, string>): Promise<UnitProcess> {
  return start(settings, ["demo"]);
}

/** Starts a program of the tests' as a unit against the simulator is started. */
export async function startAsDemo(
  program: URL,
  settings: Record<string, string>,
): Promise<UnitProcess> {
  const place = { door: DOOR, executable: Deno.execPath() };
  const { args } = await launchCommand(["demo"], settings, place);
  // The last is the program's own argument, and the one before it the program.
  return follow(deno([...args.slice(0, -2), program.pathname], settings).spawn());
}

/** Starts a REST proxy by itself: what `deno task rest` runs. */
export function startRest(settings: Record<string, string>): Promise<UnitProcess> {
  return start(settings, ["rest"]);
}

const DOOR = new URL("../../mod.ts", import.meta.url).href;

async function start(
  settings: Record<string, string>,
  what: readonly string[],
  { descriptors, held }: HowToStart = {},
): Promise<UnitProcess> {
  const executable = Deno.execPath();
  const launched = await launchCommand(what, settings, { door: DOOR, executable });
  const args = [...launched.args];
  if (held) {
    const listen = { LISTEN_PORT: String(held.port), LISTEN_FD: "3" };
    return follow(held.spawn(executable, args, { ...inherited(), ...settings, ...listen }));
  }
  if (descriptors === undefined) return follow(deno(args, settings).spawn());
  const limit = `--nofile=${descriptors}:${descriptors}`;
  return follow(command("prlimit", [limit, executable, ...args], settings).spawn());
}

/** Starts a unit by a task of `deno.json`. */
export function startTask(task: string, settings: Record<string, string>): UnitProcess {
  return follow(deno(["task", "--quiet", task], settings).spawn());
}

function deno(args: string[], settings: Record<string, string>): Deno.Command {
  return command(Deno.execPath(), args, settings);
}

function command(program: string, args: string[], settings: Record<string, string>): Deno.Command {
  return new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { ...inherited(), ...settings },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

function inherited(): Record<string, string> {
  return {
    HOME: Deno.env.get("HOME") ?? "",
    PATH: Deno.env.get("PATH") ?? "",
    // A bot's packages may have to come from a registry whose certificate only the system knows.
    DENO_TLS_CA_STORE: "mozilla,system",
  };
}

/** Follows a unit that was started. */
export function follow(child: Child): UnitProcess {
  const lines: UnitProcess["lines"] = [];
  let errors = "";
  const reading = Promise.all([
    eachLine(child.stdout, (line) => {
      if (line.startsWith("{")) lines.push(JSON.parse(line));
    }),
    eachLine(child.stderr, (line) => void (errors += `${line}\n`)),
  ]);
  let hasEnded = false;
  const exited = child.status.then(async ({ code }) => {
    hasEnded = true;
    await reading;
    return code;
  });
  const unit: UnitProcess = {
    pid: child.pid,
    lines,
    errors: () => errors,
    exited,
    async url() {
      const listening = () => lines.find((line) => line.message === "listening");
      await until(() => listening() !== undefined, 20_000, () => `it did not listen: ${errors}`);
      return listening()!.fields.url as string;
    },
    async ready(limitMs = 30_000) {
      const url = await unit.url();
      let answer = "";
      await until(
        async () => {
          if (hasEnded) throw new Error(`it has ended: ${JSON.stringify(lines.at(-1))} ${errors}`);
          const response = await fetch(`${url}/readyz`).catch(() => null);
          answer = await response?.text() ?? "no answer";
          return response?.status === 200;
        },
        limitMs,
        () => `not ready: ${answer} ${errors}`,
      );
    },
    control: async (method, path) => await fetch(`${await unit.url()}/control${path}`, { method }),
    signal: (signal) => child.kill(signal),
    async end(signal) {
      if (!hasEnded) child.kill(signal);
      return await exited;
    },
  };
  return unit;
}

/** Waits in real time: these tests have real sockets. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
  what: () => string = () => "it did not happen",
): Promise<void> {
  const from = performance.now();
  while (!await holds()) {
    if (performance.now() - from > limitMs) throw new Error(`${what()} (after ${limitMs} ms)`);
    await new Promise<void>((resolve) => void systemClock.after(50, resolve));
  }
}

/** Calls `take` with each line of a stream, until it ends. */
export async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  }
  if (rest) take(rest);
}
