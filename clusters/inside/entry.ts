/**
 * The program of a built-in cluster that is a process. It runs under the bot's own `deno.json`, so
 * nothing in its module graph may need an import map or a package. Its main module is written by
 * `process.ts`.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { logTo } from "../../ports/log.ts";
import { encodeLogLine } from "../log.ts";
import { processFigures } from "../../ports/figures.ts";
import { type ClusterSettings, runCluster } from "./run.ts";

const encoder = new TextEncoder();
const log = logTo((level, event, fields) => {
  Deno.stdout.writeSync(encoder.encode(encodeLogLine({ level, event, fields }) + "\n"));
});

function settingsFromEnv(): ClusterSettings {
  const need = (name: string) => {
    const value = Deno.env.get(name);
    if (value === undefined) throw new Error(`Cannot start cluster: ${name} is not set`);
    return value;
  };
  const service = Deno.env.get("SERVICE_NAME");
  return {
    peer: service === undefined
      ? { kind: "cluster", id: Number(need("CLUSTER_ID")) }
      : { kind: "service", name: service },
    unitUrl: need("GATEHOUSE_URL"),
    credential: need("GATEHOUSE_CREDENTIAL"),
    botModule: need("BOT_MODULE"),
  };
}

/**
 * A promise that an author forgot to wait for must not end the cluster: the event behind it would
 * be sent again, and end the next one.
 */
function surviveMistakes(): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { reason } = event;
    log.error("rejection without a handler", { error: messageOf(reason), ...stackOf(reason) });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("uncaught error", { error: event.message, stack: event.error?.stack });
  });
}

function stackOf(thrown: unknown): { stack?: string | undefined } {
  return thrown instanceof Error ? { stack: thrown.stack } : {};
}

/** Runs the bot whose module `load` gives, until it is asked to stop; then the process ends. */
export async function runProcess(load: () => Promise<unknown>): Promise<void> {
  // A terminal sends Ctrl-C to the whole group; the unit, which gets it too, stops us in its turn.
  Deno.addSignalListener("SIGINT", () => {});
  try {
    await run(load);
  } catch (error) {
    log.error("cluster cannot start", { error: messageOf(error), ...stackOf(error) });
    Deno.exit(1);
  }
}

async function run(load: () => Promise<unknown>): Promise<void> {
  const stopCluster = await runCluster(settingsFromEnv(), await load(), log, processFigures);
  surviveMistakes();
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info("cluster stops", { reason });
    try {
      await stopCluster();
    } catch (error) {
      log.error("shutdown failed", { error: messageOf(error) });
    }
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGTERM", () => stop("asked to"));
  for await (const _ of Deno.stdin.readable);
  await stop("the unit is gone");
}
