/**
 * `gatehouse dev`: a unit whose clusters are started again as the files of their bot change. Shards stay
 * connected; events wait, as in any restart of a cluster.
 *
 * @module
 */

import { clusterStarter } from "../../clusters/checked.ts";
import { OF_DENO, TO_DOWNLOAD } from "../../clusters/deno_config.ts";
import { variablesOf } from "../../clusters/permissions.ts";
import { sep } from "node:path";
import type { Config } from "../../config/config.ts";
import { botModules, moduleUrl, ownCode } from "../../config/module_url.ts";
import { systemClock } from "../../ports/clock.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { Unit } from "../../unit/unit.ts";
import { EXIT, type ExitCode } from "../cli/exit.ts";
import { onTerminal, type RunOptions, serveUnit, type Settled } from "../terminal/run_unit.ts";
import { stopSignals } from "../terminal/signals.ts";
import { visibleEnv } from "../visible_env.ts";
import { BotWatch } from "./bot_watch.ts";
import { FileChanges, stampOf } from "./file_changes.ts";

/** Runs a unit until a signal ends it, and its clusters anew with each change of their bot. Gives the exit code. */
export async function runDev(options: RunOptions): Promise<ExitCode> {
  return await onTerminal(options, async (settled) => {
    const { config, log } = settled;
    const signals = stopSignals();
    const changes = new Changes();
    const files = new FileChanges({ clock: systemClock, log, settled: () => changes.come() });
    const watch = watchOf(settled);
    const look = async () => {
      const modules = await watch.look();
      files.watch(watch.files);
      return modules;
    };
    const stopped = signals.next();
    const isStopped = stopped.then(() => true as const);
    if (botModules(config).length === 0) log.warn("no bot is named: there are no files to watch");
    try {
      await look();
      while (true) {
        while (!watch.isSound) {
          if (await Promise.race([isStopped, changes.next()])) return EXIT.OK;
          await look();
        }
        try {
          return await serveUnit(settled, signals, (unit) => follow(unit, settled, changes, look));
        } catch (error) {
          if (!isOfBot(error)) throw error;
          log.error(messageOf(error));
          log.info("waits until the bot's files change");
          if (await Promise.race([isStopped, changes.next()])) return EXIT.OK;
          await look();
        }
      }
    } finally {
      files.close();
    }
  });
}

/** Changes, of which those that come while nobody waits are one. */
class Changes {
  #isThere = false;
  #come = Promise.withResolvers<void>();

  come(): void {
    this.#isThere = true;
    this.#come.resolve();
    this.#come = Promise.withResolvers();
  }

  /** Resolves with `false` when there has been one that nobody has had. */
  async next(): Promise<false> {
    while (!this.#isThere) await this.#come.promise;
    return this.#isThere = false;
  }
}

function watchOf({ config, log }: Settled): BotWatch {
  const { survey } = clusterStarter({
    clock: systemClock,
    isolation: config.clusterIsolation,
    secret: [".env", config.stateDir],
  });
  const permissions = config.clusterPermissions;
  const env = visibleEnv([...OF_DENO, ...TO_DOWNLOAD, ...variablesOf(permissions)]);
  const unitUrl = `http://127.0.0.1:${config.listenPort}`;
  const ours = ownCode();
  return new BotWatch({
    modules: [...new Set(botModules(config))],
    async survey(module) {
      const found = await survey({ botModule: moduleUrl(module), permissions, env, unitUrl });
      return { ...found, files: found.files.filter((file) => !isOurs(file, ours)) };
    },
    stampOf,
    log,
  });
}

/** Gatehouse itself is not the bot's: who works on it starts the unit anew. */
function isOurs(file: string, ours: readonly string[]): boolean {
  return ours.some((path) => file === path || file.startsWith(path + sep));
}

/** Starts clusters and services of a unit anew as their modules change; the function returned ends that. */
function follow(
  unit: Unit,
  { config, log }: Settled,
  changes: Changes,
  look: () => Promise<string[]>,
): () => void {
  let isOver = false;
  (async () => {
    while (true) {
      await changes.next();
      // It is for who comes after us.
      if (isOver) return changes.come();
      const modules = await look();
      if (!isOver && modules.length > 0) await restart(unit, config, modules);
    }
  })().catch((error) => log.error("the bot cannot be started again", { error: messageOf(error) }));
  return () => isOver = true;
}

async function restart(unit: Unit, config: Config, modules: readonly string[]): Promise<void> {
  for (const { name, module } of config.services) {
    if (modules.includes(module)) await unit.services.get(name).respawn();
  }
  if (config.botModule !== null && modules.includes(config.botModule)) {
    await unit.clusters.restartAll();
  }
}

/** Whether a unit could not start because a bot could not be loaded: nothing was spent. */
function isOfBot(error: unknown): boolean {
  const setting = error instanceof GatehouseError ? error.data.setting : undefined;
  return setting === "BOT_MODULE" || setting === "SERVICES";
}
