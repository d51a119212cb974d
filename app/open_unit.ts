/**
 * A unit on this computer: real time, real sockets, real workers, the HTTP port open.
 *
 * @module
 */

import { resolve } from "node:path";
import { systemClock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { endAfter, endInTurn } from "../ports/lives/ending.ts";
import { systemRandom } from "../ports/random.ts";
import { messageOf } from "../protocol/errors.ts";
import { memoryStore } from "../ports/store.ts";
import { webSocketConnect } from "../ports/websocket/client.ts";
import {
  authorizePlace,
  authorizeRest,
  authorizeUnit,
  type AuthRules,
  isConsumerToken,
  mayKnowWhy,
} from "../rest/auth.ts";
import { botIdentity, openStateDir } from "../store/state_dir.ts";
import { type Lock, lockStateDir } from "../store/lock.ts";
import { makeStateDir } from "../store/disk.ts";
import { joinNats } from "./join_nats.ts";
import { clusterStarter } from "../clusters/checked.ts";
import { OF_DENO, TO_DOWNLOAD } from "../clusters/deno_config.ts";
import { variablesOf } from "../clusters/permissions.ts";
import { spawnWorker } from "../workers/thread.ts";
import { FleetPermits } from "../rest/limits/fleet/fleet_permits.ts";
import type { Config } from "../config/config.ts";
import type { Controllers } from "../unit/controllers.ts";
import { botModules, moduleUrl, workerFolders } from "../config/module_url.ts";
import { NO_IDENTIFIES } from "../unit/blank.ts";
import { Unit } from "../unit/unit.ts";
import type { UnitLog } from "./terminal/log.ts";
import { authRules, openRest } from "./open_rest.ts";
import { heardLog, openDashboard } from "./open_dashboard.ts";
import { SeatedPermits } from "./seated_permits.ts";
import { trustOf } from "./http/public_address.ts";
import { serveUnit } from "./http/server.ts";
import { tellMetrics } from "./tell_metrics.ts";
import { visibleEnv } from "./visible_env.ts";
import type { Words } from "./http/words.ts";

/** What it takes beside the settings. */
export interface OpenUnitOptions {
  readonly config: Config;
  readonly log: UnitLog;
  /** Takes what bots log and print. Default: `log`. */
  readonly botLog?: Log;
  /** `least` needs `"unstable": ["worker-options"]` in the `deno.json` of the program. */
  readonly workerPermissions: "least" | "inherit";
  /** Replaced methods; by default each is as it is by itself. */
  readonly controllers?: Controllers;
  /** How the port calls settings, where that is not by their variables. */
  readonly words?: Words;
}

/** Why a unit stops that somebody wants drained. */
export const DRAINED = "an operator drains it";

/** A unit with its port open and nothing connected yet. */
export interface OpenUnit {
  readonly unit: Unit;
  /** `http://host:port`. */
  readonly url: string;
  /** Resolves when an operator has it drained: it stops then, and its process is to end well. */
  readonly drained: Promise<void>;
  /**
   * Stops the unit, then closes the port. Calling it again waits for the same.
   *
   * @throws What failed, once all the rest is done; the log says it, too.
   */
  stop(reason: string): Promise<void>;
}

/**
 * Opens the state folder and the port.
 *
 * @throws {GatehouseError} `bad_config` when either cannot be opened, `state_locked` when another
 * unit has the folder.
 */
export async function openUnit(options: OpenUnitOptions): Promise<OpenUnit> {
  const { mode, stateDir } = options.config;
  const lock = mode === "simulator" ? null : await lockStateDir(stateDir, systemClock);
  try {
    return await openLocked(options, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function openLocked(options: OpenUnitOptions, lock: Lock | null): Promise<OpenUnit> {
  const { config, workerPermissions } = options;
  const { mode } = config;
  const log = heardLog(options.log);
  const clock = systemClock;
  const queueDir = lock && resolve(config.stateDir, "queue");
  let url = "";
  const drained = Promise.withResolvers<void>();
  // Workers may use this folder, and not the one that it is in.
  if (queueDir !== null) await makeStateDir(queueDir);
  const builtIn = clusterStarter({
    clock,
    isolation: config.clusterIsolation,
    secret: [".env", config.stateDir],
  });
  const code = (module: string) => ({
    botModule: moduleUrl(module),
    permissions: config.clusterPermissions,
    env: visibleEnv([...OF_DENO, ...TO_DOWNLOAD, ...variablesOf(config.clusterPermissions)]),
  });
  // In the simulator there is no token to be found.
  if (Deno.build.standalone && config.botModule !== null && mode !== "simulator") {
    log.warn("what bots import is not looked at: a compiled Gatehouse has no Deno to ask", {
      nextStep: "run bots whose code you do not trust with the token by Deno; docs/install.md",
    });
  }
  // While Discord is asked, which comes first.
  for (const module of new Set(botModules(config))) builtIn.foresee(code(module));
  const restVerdict = (request: Request) => authorizeRest(request.headers, rules());
  const store = mode === "simulator" ? memoryStore() : await openStateDir({
    dir: config.stateDir,
    bot: botIdentity(config.discordToken),
    clock,
    log,
  });
  const fleet = await joinNats({ config, store, clock, random: systemRandom, log });
  let permits: SeatedPermits | undefined;
  const rest = await openRest({
    config,
    log,
    authorize: restVerdict,
    // Asked with each request.
    maxConcurrency: () => unit.gateway?.maxConcurrency ?? NO_IDENTIFIES.maxConcurrency,
    ...fleet && {
      permits: (limits) =>
        permits = new SeatedPermits(() =>
          new FleetPermits({ ...limits, bus: fleet.line.bus, view: unit.seat!, log })
        ),
    },
  });
  const unit = new Unit({
    config,
    ...fleet,
    rest: rest.proxy,
    ...(options.controllers && { controllers: options.controllers }),
    log,
    clock,
    random: systemRandom,
    cores: navigator.hardwareConcurrency,
    store,
    drain: drained.resolve,
    connect: webSocketConnect(),
    queueDir,
    consumerDoor: {
      url: () => (config.publicUrl ?? url).replace(/^http/i, "ws"),
      isSecret: (token) => isConsumerToken(token, rules()),
      // What comes from here on waits for the next unit, where its socket is there already.
      leave: () => void (config.listenFd !== null && server.leave()),
    },
    spawn: spawnWorker(workerPermissions, queueDir, workerFolders(config)),
    startCluster: ({ peer, module }, credential) => {
      options.log.keepSecret(credential);
      // What a bot tells is the bot's, and no incident of the unit's.
      const life = { peer, unitUrl: url, credential, clock, log: options.botLog ?? options.log };
      return builtIn.start({ ...code(module), ...life });
    },
  });
  let known: AuthRules | undefined;
  const rules = (): AuthRules => known ??= authRules(config, url, unit.credentials);
  const place = { publicUrl: config.publicUrl, trusts: trustOf(config.trustedProxies) };
  const dashboard = openDashboard({ config, unit, log, rules, place });
  const server = await serveUnit({
    hostname: config.listenHost,
    port: config.listenPort,
    fd: config.listenFd,
    connections: config.listenConnections,
    clock,
    unit,
    log,
    authorize: (request) => authorizeUnit(request.headers, rules()),
    mayKnowWhy: (request) => mayKnowWhy(request.headers, rules()),
    authorizePlace: (request) => authorizePlace(request.headers, rules()),
    place,
    publicKey: config.discordPublicKey,
    dashboard: (request, peer) => dashboard.answer(request, peer),
    ...options.words && { words: options.words },
    metricsPerShard: config.metricsPerShard,
    restVerdict,
    rest: (request) => unit.controllers.rest.handle(request),
  }).catch((error) => endAfter(error, dashboard.stop, () => fleet?.line.close(), rest.close));
  url = server.url;
  const silence = tellMetrics(unit, config.metricsPerShard);
  const stop = (reason: string) =>
    endInTurn(
      () => permits?.leave(),
      () => unit.stop(reason),
      () => permits?.close(),
      () => fleet?.line.close(),
      dashboard.stop,
      silence,
      server.stop,
      rest.close,
      () => lock?.release(),
    ).catch((error) => {
      log.error("the unit did not stop as it should", { error: messageOf(error) });
      throw error;
    });
  let stopped: Promise<void> | undefined;
  const stopOnce = (reason: string) => stopped ??= stop(reason);
  // What fails then, the log says.
  drained.promise.then(() => stopOnce(DRAINED)).catch(() => {});
  return { unit, url, drained: drained.promise, stop: stopOnce };
}
