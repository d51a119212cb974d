/**
 * A unit on this computer: real time, real sockets, real workers, the HTTP port open.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "../ports/clock.ts";
import { systemRandom } from "../ports/random.ts";
import { nativeConnect } from "../ports/socket_native.ts";
import { wsConnect } from "../ports/socket_ws.ts";
import { memoryStore } from "../ports/store.ts";
import { authorizeRest, authorizeUnit, type AuthRules } from "../rest/auth.ts";
import { createRestProxy } from "../rest/proxy.ts";
import { openStateDir } from "../store/state_dir.ts";
import { type RunningCluster, startCluster } from "../workers/cluster_handle.ts";
import { spawnWorker } from "../workers/thread.ts";
import { type Config, isLoopback } from "./config.ts";
import type { UnitLog } from "./log.ts";
import { serveUnit } from "./server.ts";
import { Unit } from "./unit.ts";

/** What it takes beside the settings. */
export interface OpenUnitOptions {
  readonly config: Config;
  readonly log: UnitLog;
  /** `least` needs `"unstable": ["worker-options"]` in the `deno.json` of the program. */
  readonly workerPermissions: "least" | "inherit";
}

/** A unit with its port open and nothing connected yet. */
export interface OpenUnit {
  readonly unit: Unit;
  /** `http://host:port`. */
  readonly url: string;
  /** Stops the unit, then closes the port. */
  stop(reason: string): Promise<void>;
}

/**
 * Opens the state folder and the port.
 *
 * @throws {GatehouseError} `bad_config` when either cannot be opened.
 */
export async function openUnit(options: OpenUnitOptions): Promise<OpenUnit> {
  const { config, log, workerPermissions } = options;
  const clock = systemClock;
  let url = "";
  const unit = new Unit({
    config,
    log,
    clock,
    random: systemRandom,
    cores: navigator.hardwareConcurrency,
    store: config.mode === "simulator" ? memoryStore() : await openStateDir(config.stateDir),
    // Only remote clusters are dialled from here; without them the library need not be loaded.
    connect: config.eventHandlerUrls.length > 0 ? await wsConnect() : nativeConnect,
    fetch,
    spawn: spawnWorker(workerPermissions),
    startCluster: (clusterId, credential) => {
      log.keepSecret(credential);
      return startBuiltIn(options, clusterId, credential, url);
    },
  });
  const rules = authRules(config, unit, () => url);
  const server = await serveUnit({
    hostname: config.listenHost,
    port: config.listenPort,
    unit,
    log,
    allowFaults: config.allowFaults,
    authorize: (request) => authorizeUnit(request.headers, rules()),
    rest: createRestProxy({
      upstream: new URL(config.discordApiUrl),
      token: config.discordToken,
      fetch,
      authorize: (request) => authorizeRest(request.headers, rules()),
      log,
    }),
  });
  url = server.url;
  return {
    unit,
    url,
    async stop(reason) {
      await unit.stop(reason);
      await server.stop();
    },
  };
}

function authRules(config: Config, unit: Unit, url: () => string): () => AuthRules {
  const loopback = isLoopback(config.listenHost);
  return () => {
    const { port } = new URL(url());
    const names = ["127.0.0.1", "localhost", "[::1]", config.listenHost];
    return {
      secret: config.restAuthorization ?? undefined,
      credentials: unit.credentials,
      loopback,
      ownHosts: new Set(names.map((name) => `${name}:${port}`.toLowerCase())),
    };
  };
}

function startBuiltIn(
  { config, log }: OpenUnitOptions,
  clusterId: number,
  credential: string,
  unitUrl: string,
): RunningCluster {
  return startCluster({
    clusterId,
    unitUrl,
    credential,
    botModule: moduleUrl(config.botModule!),
    isolation: config.clusterIsolation,
    permissions: config.clusterPermissions,
    env: Deno.env.toObject(),
    clock: systemClock,
    log,
  });
}

/** A path or an address as an address. */
function moduleUrl(module: string): string {
  return /^[a-z][a-z+]+:/i.test(module) ? module : pathToFileURL(resolve(module)).href;
}
