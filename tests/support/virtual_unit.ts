/**
 * A whole unit in virtual time, against the simulator: one remote cluster and one service, whose
 * links are in this process, shard workers in this thread, no port.
 *
 * @module
 */

import { CONFIG_DEFAULTS, type Settings } from "../../config/config.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import {
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  parseLinkMessage,
} from "../../protocol/event_frame.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";
import { decodeError } from "../../protocol/wire_error.ts";
import { createSimulator, createVirtualClock, simConnect } from "../../sim/mod.ts";
import type { Controllers } from "../../unit/controllers.ts";
import { Unit, type UnitParts } from "../../unit/unit.ts";
import { inProcessThreads } from "./in_process_thread.ts";
import { simProxy } from "./sim_proxy.ts";
import { snapshot } from "./snapshots.ts";

/** What a unit is made with. */
export interface VirtualUnitOptions {
  readonly shards?: number;
  readonly controllers?: Controllers;
  readonly allowFaults?: boolean;
  readonly services?: Settings["services"];
  readonly startCluster?: UnitParts["startCluster"];
  /** Default: an empty one. */
  readonly store?: Store;
}

/** Makes a unit; nothing connects before `start()`. */
export function createVirtualUnit(options: VirtualUnitOptions = {}) {
  const { shards = 1, allowFaults = false, controllers } = options;
  const clock = createVirtualClock();
  const sim = createSimulator({ clock, shards, maxConcurrency: shards, guilds: 4 });
  const random = seededRandom(7);
  const connect = simConnect(sim, { latencyMs: 5 });
  const { rest } = snapshot();
  let looks = 0;
  const logged: { level: string; event: string; fields: Record<string, unknown> }[] = [];
  const unit: Unit = new Unit({
    config: {
      ...CONFIG_DEFAULTS,
      discordToken: sim.settings.token,
      gatewayHosts: ["gateway.sim"],
      intents: 0x331_ffff,
      gatewayCompression: "none",
      totalWorkers: 1,
      services: options.services ?? [{ name: "api", module: "none" }],
      statsIntervalMs: 0,
      allowFaults,
    },
    ...(controllers && { controllers }),
    cores: 1,
    clock,
    random,
    log: logTo((level, event, fields) => logged.push({ level, event, fields })),
    store: options.store ?? memoryStore(),
    rest: {
      get snapshot() {
        looks++;
        return rest;
      },
      ask: simProxy(sim.rest, clock, sim.settings.token).ask,
      handle: () => Promise.resolve(new Response("by the proxy")),
    },
    queueDir: null,
    drain: () => void unit.stop("an operator drains it"),
    consumerDoor: { url: () => "ws://gatehouse.test/", isSecret: () => true, leave() {} },
    connect,
    spawn: inProcessThreads({ clock, random, connect }).spawn,
    startCluster: options.startCluster ?? (() => ({
      exited: new Promise(() => {}),
      loaded: Promise.resolve(),
      stop: () => Promise.resolve(),
    })),
  });
  /** What `promise` gives; time passes meanwhile. */
  async function run<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await clock.runUntil(() => isSettled, 60_000);
    return await promise;
  }
  return {
    unit,
    sim,
    clock,
    logged,
    run,
    /** How often everything was looked at. */
    looks: () => looks,
    start: () => run(unit.start()),
    /** Links the cluster and the service; each gives the way to call the unit. */
    link: () => ({
      cluster: linkTo(unit, { clusterId: 0 }),
      service: linkTo(unit, { service: "api" }),
    }),
    /** Waits until every shard is ready. */
    ready: () =>
      clock.runUntil(() => unit.snapshot.shards.every(({ state }) => state === "ready"), 60_000),
  };
}

function linkTo(
  unit: Unit,
  who: { readonly clusterId: number } | { readonly service: string },
): (request: unknown) => Promise<unknown> {
  const waiting = new Map<number, ReturnType<typeof Promise.withResolvers<unknown>>>();
  const link = unit.gateway!.links.accept({
    send(text) {
      const reply = parseLinkMessage(text);
      if (reply.op !== "reply") return;
      if ("error" in reply) waiting.get(reply.id)!.reject(decodeError(reply.error));
      else waiting.get(reply.id)!.resolve(decodeValue(reply.value));
    },
    sendBytes() {},
    close() {},
  });
  const windowBytes = 1024 * 1024;
  link.text(
    encodeLinkMessage({
      op: "hello",
      v: EVENT_LINK_VERSION,
      ...who,
      windowBytes,
      values: "clone",
    }),
  );
  let id = 0;
  return (request) => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(++id, answer);
    const value = encodeValue(request);
    link.text(encodeLinkMessage({ op: "call", id, verb: "unit", receptive: true, value }));
    return answer.promise;
  };
}
