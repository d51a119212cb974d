/**
 * The program of a built-in cluster that is a process. It runs under the bot's own `deno.json`, so
 * nothing in its module graph may need an import map or a package. Its main module is written by
 * `process.ts`.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { botOf } from "../../bot/bot.ts";
import { logTo } from "../../ports/log.ts";
import { stackOf, surviveMistakes } from "../../ports/mistakes.ts";
import { loadModule } from "../../ports/user_module.ts";
import { processFigures } from "../../ports/figures.ts";
import { withoutCacheApi } from "./without_cache_api.ts";
import { type ClusterWord, encodeWord } from "../words.ts";
import { runCluster } from "./run.ts";
import { settingsFromEnv } from "./settings.ts";

const encoder = new TextEncoder();
const say = (word: ClusterWord) =>
  void Deno.stdout.writeSync(encoder.encode(encodeWord(word) + "\n"));
const log = logTo((level, event, fields) => say({ type: "LOG", line: { level, event, fields } }));

/** Runs the bot whose module `load` gives, until it is asked to stop; then the process ends. */
export async function runProcess(load: () => Promise<unknown>): Promise<void> {
  withoutCacheApi();
  // A terminal sends Ctrl-C to the whole group; the unit, which gets it too, stops us in its turn.
  Deno.addSignalListener("SIGINT", () => {});
  try {
    await run(load);
  } catch (error) {
    say({ type: "EXITED", code: 1, reason: messageOf(error), ...stackOf(error) });
    Deno.exit(1);
  }
}

async function run(load: () => Promise<unknown>): Promise<void> {
  const settings = settingsFromEnv((name) => Deno.env.get(name));
  const { botModule } = settings;
  const bot = botOf(await loadModule(botModule, load), botModule);
  say({ type: "LOADED" });
  const stopCluster = await runCluster(settings, bot, log, processFigures);
  // A promise that an author forgot to wait for must not end the cluster: the event behind it would be
  // sent again, and end the next one.
  surviveMistakes(log);
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
