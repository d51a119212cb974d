/**
 * A real NATS server on a free port of this machine, with a folder of its own, which is killed, started again
 * with what it kept, and stopped in the middle of its work.
 *
 * @module
 */

import { systemClock } from "../../ports/clock.ts";
import { NATS_PATHS } from "../../tools/nats_paths.ts";

/** A program that is a NATS server. */
export interface NatsProgram {
  readonly path: string;
  /** Such as `2.9.10`. */
  readonly version: string;
}

/** A server that was started. */
export interface NatsServer extends AsyncDisposable {
  readonly port: number;
  /** `nats://127.0.0.1:port`. */
  readonly url: string;
  /** What it has written to its log since it was started last. */
  log(): string;
  /** Kills it; what it had not written to its disk it may have lost. */
  kill(): Promise<void>;
  /** Tells it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again, with what it kept. */
  start(): Promise<void>;
  /** Forgets what it kept; while it does not run. */
  lose(): Promise<void>;
  /** It does nothing more, as if its computer stood still, or goes on. */
  pause(isPaused: boolean): void;
}

/** Longer than what is waited for should take, also on a computer that has much to do. */
const START_DEADLINE_MS = 30_000;
const POLL_MS = 20;

/** The servers of this machine, one of each version. */
export const NATS_PROGRAMS: readonly NatsProgram[] = found();

/** Has tests made for each server that there is; where there is none, that is said. */
export function ofEachNats(
  what: string,
  test: (program: NatsProgram, title: string) => void,
): void {
  for (const program of NATS_PROGRAMS) test(program, `${what} ${program.version}`);
  if (NATS_PROGRAMS.length === 0) Deno.test.ignore(`${what} (no nats-server)`, () => {});
}

function found(): NatsProgram[] {
  const byVersion = new Map<string, NatsProgram>();
  for (const path of NATS_PATHS) {
    const version = versionOf(path);
    if (version !== null && !byVersion.has(version)) byVersion.set(version, { path, version });
  }
  return [...byVersion.values()];
}

function versionOf(path: string): string | null {
  try {
    const { stdout } = new Deno.Command(path, { args: ["--version"] }).outputSync();
    return /v(\d+\.\d+\.\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? null;
  } catch {
    // Deno says of a program that is not there that it may not be run.
    return null;
  }
}

/** How a server is to be. */
export interface NatsOptions {
  /** More of what keeps, such as `max_file: 1MB`. */
  readonly jetstream?: string;
  /** The port; default: a free one. */
  readonly port?: number;
}

/** Starts three of one cluster, each of which keeps a copy. */
export async function startNatsCluster(program: NatsProgram): Promise<NatsServer[]> {
  const routes = [freePort(), freePort(), freePort()];
  const all = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
  return await Promise.all(routes.map((port, n) =>
    startNats(
      program,
      `server_name: "n${n}"\ncluster { name: fleet, listen: "127.0.0.1:${port}", routes: [${all}] }`,
    )
  ));
}

/**
 * Starts one with JetStream.
 *
 * @param config More of its configuration, in its own language.
 */
export async function startNats(
  { path }: NatsProgram,
  config = "",
  { jetstream = "", port = freePort() }: NatsOptions = {},
): Promise<NatsServer> {
  const folder = await Deno.makeTempDir({ prefix: "gatehouse-nats-" });
  const file = `${folder}/server.conf`;
  const store = `${folder}/store`;
  await Deno.writeTextFile(
    file,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${store}", ${jetstream} }\n${config}\n`,
  );
  let child: Deno.ChildProcess | null = null;
  let log = "";
  let reading: Promise<void> = Promise.resolve();

  async function start(): Promise<void> {
    const started = child = new Deno.Command(path, {
      args: ["-c", file],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      env: {},
      clearEnv: true,
    }).spawn();
    log = "";
    reading = read(started);
    await until(() => log.includes("Server is ready"), () => `no server at ${port}: ${log}`);
  }

  async function read({ stderr }: Deno.ChildProcess): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stderr) log += decoder.decode(bytes, { stream: true });
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const ended = child;
    child = null;
    if (ended === null) return;
    ended.kill("SIGCONT");
    ended.kill(signal);
    await ended.status;
    await reading;
  }

  await start();
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    log: () => log,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    start,
    lose: () => Deno.remove(store, { recursive: true }),
    pause: (isPaused) => child?.kill(isPaused ? "SIGSTOP" : "SIGCONT"),
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Waits until something is so. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  why: () => string = () => "it never came to be so",
  limitMs = START_DEADLINE_MS,
): Promise<void> {
  const lastMs = systemClock.now() + limitMs;
  while (!await isSo()) {
    if (systemClock.now() > lastMs) throw new Error(why());
    await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
