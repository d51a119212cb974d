/**
 * nirn-proxy, unmodified, for the benchmark of REST: found or built, and started so that it can
 * reach nothing but our upstream on loopback. It knows one address only, `https://discord.com`, but
 * it honours `HTTPS_PROXY`, and the upstream takes a CONNECT to any host for itself.
 *
 * It is started from a program of its own, which alone may run it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { answerQuestions, startProgram } from "../program.ts";
import { BOT_ID, CERTIFICATE } from "./upstream.ts";

/** How to run one. */
export interface NirnQuestion {
  /** Port of the upstream that takes CONNECT. */
  readonly httpsPort: number;
  readonly port: number;
  readonly metricsPort: number;
  /** Not its default, but what it is fastest with. */
  readonly http2: boolean;
}

/** Starts nirn-proxies. */
export interface NirnStarter {
  /** The process, or why there is none. */
  start(question: NirnQuestion): Promise<{ readonly pid: number } | { readonly skipped: string }>;
  /** Ends all that it has started. */
  end(): Promise<void>;
}

const NAME = "nirn-proxy";

/** Looks for nirn-proxy: `NIRN_PROXY`, `PATH`, `~/go/bin`; else Go builds one for the time being. */
export function createNirnStarter(): NirnStarter {
  const folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/gatehouse-bench-${crypto.randomUUID()}`;
  const paths = [...placesOfNirn(), `${folder}/${NAME}`];
  const runner = startProgram(new URL(import.meta.url), paths, [`--allow-run=${paths}`]);
  // Deno lets nobody write what he may run: so who builds is another.
  const gos = foldersOfPath().map((path) => `${path}/go`);
  const builder = startProgram(new URL("./nirn_build.ts", import.meta.url), [folder, ...gos], [
    `--allow-run=${gos}`,
    `--allow-write=${folder}`,
  ]);
  return {
    async start(question) {
      const pid = await runner.ask<number | null>(question);
      if (pid !== null) return { pid };
      if (Deno.env.get("NIRN_PROXY")) return { skipped: "NIRN_PROXY names nothing that runs" };
      const problem = await builder.ask<string | null>(null);
      if (problem !== null) return { skipped: `it is not on PATH, and ${problem}` };
      const built = await runner.ask<number | null>(question);
      return built === null ? { skipped: "what Go has built does not run" } : { pid: built };
    },
    async end() {
      await runner.end();
      await builder.end();
    },
  };
}

function placesOfNirn(): string[] {
  const named = Deno.env.get("NIRN_PROXY");
  if (named) return [named];
  return [...foldersOfPath(), `${Deno.env.get("HOME")}/go/bin`].map((path) => `${path}/${NAME}`);
}

function foldersOfPath(): string[] {
  return (Deno.env.get("PATH") ?? "").split(":").filter((path) => path.startsWith("/"));
}

/** In the program: starts the first of `paths` that there is. */
function spawnFirst(paths: readonly string[], question: NirnQuestion): Deno.ChildProcess | null {
  for (const path of paths) {
    try {
      return spawn(path, question);
    } catch (error) {
      const isNone = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.PermissionDenied;
      if (!isNone) throw error;
    }
  }
  return null;
}

function spawn(path: string, question: NirnQuestion): Deno.ChildProcess {
  const { httpsPort, port, metricsPort, http2 } = question;
  return new Deno.Command(path, {
    // It reads `.env` where it stands, and ours may hold a token.
    cwd: "/",
    clearEnv: true,
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${httpsPort}`,
      SSL_CERT_FILE: fileURLToPath(CERTIFICATE),
      // It trusts our certificate and no other: to the real Discord it could not even talk.
      SSL_CERT_DIR: "/nonexistent",
      BIND_IP: "127.0.0.1",
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: "error",
      BOT_RATELIMIT_OVERRIDES: `${BOT_ID}:1000000`,
      DISABLE_HTTP_2: String(!http2),
    },
    stdin: "null",
    stdout: "null",
  }).spawn();
}

if (import.meta.main) {
  const running = new Set<Deno.ChildProcess>();
  addEventListener("unload", () => running.forEach((child) => child.kill("SIGKILL")));
  await answerQuestions((question: NirnQuestion) => {
    const child = spawnFirst(Deno.args, question);
    if (!child) return null;
    running.add(child);
    child.status.then(() => running.delete(child));
    return child.pid;
  });
}
