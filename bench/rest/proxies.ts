/**
 * The proxies that the benchmark of REST compares, as processes: how each is started, and what
 * processor time it has taken.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { NirnStarter } from "./nirn.ts";
import { CERTIFICATE, type Upstream } from "./upstream.ts";

/** A proxy that runs. */
export interface Proxy {
  /** What it listens at: `http://127.0.0.1:1234`. */
  readonly origin: string;
  readonly pid: number;
  /** Ends it. */
  end(): void;
}

/** The bot's token, of Gatehouse and of whoever it talks to. */
export const TOKEN = "bench";

/** What runs, with `rest`: the REST proxy by itself. */
const GATEHOUSE = new URL("../../app/cli/entry.ts", import.meta.url);
const READY_MS = 10_000;
const POLL_MS = 20;
/** Of Linux, for what it tells to programs. */
const TICKS_PER_SECOND = 100;

/**
 * Starts Gatehouse's REST proxy, as the bot of {@linkcode TOKEN}, between `upstream` and a port of its
 * own. `settings` are its environment besides; by default the global limit never holds it up, because
 * most upstreams here have none.
 */
export async function startGatehouse(
  upstream: string,
  settings: Readonly<Record<string, string>> = { REST_GLOBAL_PER_SECOND: "1000000" },
): Promise<Proxy> {
  const port = freePort();
  const env = {
    DISCORD_TOKEN: TOKEN,
    DISCORD_API_URL: `${upstream}/api`,
    LISTEN_PORT: String(port),
    ...settings,
  };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      `--allow-env=${Object.keys(env)}`,
      "--allow-net=127.0.0.1",
      `--allow-read=${fileURLToPath(new URL("../..", import.meta.url))}`,
      fileURLToPath(GATEHOUSE),
      "rest",
    ],
    // It reads `.env` where it stands: not the one of who runs this.
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    // Deno itself reads these: what to trust besides the machine's certificates, and that no proxy
    // of the machine's is in the way.
    env: { ...env, DENO_CERT: fileURLToPath(CERTIFICATE), NO_PROXY: "127.0.0.1" },
    stdin: "null",
    stdout: "null",
  }).spawn();
  const end = killer(child);
  try {
    await listening(port);
  } catch (error) {
    end();
    throw error;
  }
  return { origin: `http://127.0.0.1:${port}`, pid: child.pid, end };
}

/** Starts nirn-proxy, which ends with `starter`; or says why it cannot. */
export async function startNirn(
  starter: NirnStarter,
  { httpsPort }: Upstream,
  http2: boolean,
): Promise<Proxy | { readonly skipped: string }> {
  const port = freePort();
  const started = await starter.start({ httpsPort, port, metricsPort: freePort(), http2 });
  if ("skipped" in started) return started;
  await listening(port);
  return { origin: `http://127.0.0.1:${port}`, pid: started.pid, end() {} };
}

/**
 * Processor time of a process so far, all its threads, in µs; to ten thousand of them. Its children
 * are not in it: neither proxy has any.
 */
export async function cpuUsOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).output();
  // The name comes second, in brackets, and may hold anything.
  const fields = new TextDecoder().decode(stdout).split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1e6 / TICKS_PER_SECOND;
}

/** What ends `child`, unless it has ended. */
export function killer(child: Deno.ChildProcess): () => void {
  let isRunning = true;
  child.status.then(() => isRunning = false);
  return () => {
    if (isRunning) child.kill("SIGKILL");
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resolves as soon as there is somebody at `port`. */
async function listening(port: number): Promise<void> {
  const endMs = performance.now() + READY_MS;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
