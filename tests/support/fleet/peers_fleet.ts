/**
 * The clusters and services of several units on a simulated line, in virtual time. Who has what says the test.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import type { CommandResults } from "../../../protocol/command.ts";
import { type Assignment, ownerIn } from "../../../protocol/fleet.ts";
import { shardRange } from "../../../protocol/ids.ts";
import type { LinkCall, LinkReply, Verb } from "../../../protocol/link_call.ts";
import { type PeerKey, peerText } from "../../../protocol/peer.ts";
import type { Status } from "../../../protocol/status.ts";
import { decodeValue, encodeValue } from "../../../protocol/value.ts";
import { encodeError } from "../../../protocol/wire_error.ts";
import { sleep } from "../../../ports/clock.ts";
import type { ClusterExit } from "../../../clusters/place.ts";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Clusters } from "../../../unit/peers/clusters.ts";
import { FleetPeers, type PeersSeat } from "../../../unit/peers/fleet/fleet_peers.ts";
import { Peers } from "../../../unit/peers/peers.ts";
import { Services } from "../../../unit/peers/services.ts";
import { cluster } from "../peers.ts";
import { createSimBus } from "./sim_line.ts";

/** What a peer does with a call; what it throws is its answer. */
export type Answering = (verb: Verb, value: unknown) => unknown;

/** How long a service takes to end. */
export const SERVICE_STOPS_IN_MS = 500;

/** Names of the units, in their order. */
export const UNITS = ["a", "b", "c"] as const;

/**
 * Three units with two clusters each (or those of addresses), whose shards are dealt out in turn; a service `api`
 * on unit `c`.
 */
export function createPeersFleet(config: Partial<Config> = {}, total = 6) {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(1) });
  /** What each unit knows, and who wants to know. */
  const known = new Map<string, { assignment: Assignment; members: readonly string[] }>();
  const watching = new Map<string, Set<() => void>>();
  /** `a+api`, `a-api`: a service was started on a unit, or ended there. */
  const serviceLog: string[] = [];
  let members: readonly string[] = UNITS;
  let assignment: Assignment = {
    epoch: 1,
    stream: "s",
    totals: [{
      total,
      owners: shardRange(0, total - 1).map((id) => UNITS[id % 3]!),
      moves: new Map(),
    }],
    services: { api: "c" },
    clusters: Object.fromEntries(UNITS.map((unit, i) => [unit, { first: 2 * i, count: 2 }])),
  };
  function unit(name: typeof UNITS[number]) {
    const line = bus.line(name);
    const lines: string[] = [];
    const log = logTo((level, event, fields) => {
      lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
    });
    const world = { clock: line.clock, log };
    known.set(name, { assignment, members });
    watching.set(name, new Set());
    const seat: PeersSeat = {
      self: name,
      get assignment() {
        return known.get(name)!.assignment;
      },
      get members() {
        return known.get(name)!.members;
      },
      leader: null,
      term: null,
      ownerOf: (shard) => ownerIn(known.get(name)!.assignment, shard),
      watch(take) {
        watching.get(name)!.add(take);
        return () => void watching.get(name)!.delete(take);
      },
    };
    const allConfig = { ...CONFIG_DEFAULTS, botModule: "./bot.ts", totalClusters: 2, ...config };
    const fleet = new FleetPeers({ ...world, config: allConfig, line, seat });
    const { calls } = fleet;
    const statuses: Status[] = [];
    const running = {
      exited: new Promise<never>(() => {}),
      loaded: Promise.resolve(),
      stop: () => Promise.resolve(),
    };
    const services = new Services({
      ...world,
      services: [{ name: "api", module: "./api.ts" }],
      fleet,
      start(service) {
        serviceLog.push(`${name}+${service}`);
        const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
        const loaded = Promise.resolve();
        const stop = async () => {
          await sleep(line.clock, SERVICE_STOPS_IN_MS);
          serviceLog.push(`${name}-${service}`);
          resolve({ code: 0, reason: "asked to" });
        };
        return { exited, loaded, stop };
      },
      changed() {},
      refused: () => assert.fail("nobody is refused"),
    });
    const clusters = new Clusters({
      ...world,
      config: allConfig,
      random: () => 0,
      fleet,
      connect: () => assert.fail("nobody is dialled"),
      start: () => running,
      changed() {},
      refused: () => assert.fail("nobody is refused"),
    });
    const found = new Map<string, unknown>();
    /** The newest of each peer. */
    const links = new Map<string, symbol>();
    const peers = new Peers({
      ...world,
      clusters,
      services,
      fleet,
      // Whatever is up already: what is assigned counts.
      has: () => false,
      unit: (request) => ({ [`of unit ${name}`]: request }),
      cached: (wanted) => [Promise.resolve(found.get(JSON.stringify(wanted)) ?? null)],
      rest: () => Promise.resolve(Response.json({ of: "Discord" })),
      tell: (status) => statuses.push(status),
    });
    peers.plan(total, clusters.ofShards(shardRange(0, total - 1)));
    return {
      name,
      line,
      lines,
      view: seat,
      clusters,
      services,
      calls,
      fleet,
      peers,
      statuses,
      /** What the caches of its workers know. */
      found,
      /** Its shards. */
      get shardIds() {
        const { owners } = assignment.totals[0]!;
        return shardRange(0, total - 1).filter((id) => owners[id] === name);
      },
      /** Links a peer, which answers what it is asked with its name; gives what it was asked and told. */
      link(peer: PeerKey, answer: Answering = () => `${peerText(peer)} of ${name}`) {
        const told: [Verb, unknown][] = [];
        const own = Symbol();
        links.set(peerText(peer), own);
        // As the links do it: of a link that was taken over nothing counts.
        const reply = (message: LinkReply) =>
          void (links.get(peerText(peer)) === own && peers.receive(peer, message));
        peers.up({
          peer,
          values: "clone",
          send(message) {
            if (message.op !== "call") return;
            const { verb, receptive, id, value } = message as LinkCall;
            told.push([verb, decodeValue(value)]);
            if (!receptive) return;
            (async () => encodeValue(await answer(verb, decodeValue(value))))().then(
              (value) => reply({ op: "reply", id, value }),
              (error) => reply({ op: "reply", id, error: encodeError(error) }),
            );
          },
        });
        peers.link(peer, true);
        return told;
      },
      /** Links both its clusters, and has all its shards ready. */
      comeUp() {
        const told = clusters.ids.map((id) => this.link(cluster(id)));
        for (const id of this.shardIds) peers.shardReady({ total, id });
        return told;
      },
    };
  }

  return {
    clock,
    bus,
    unit,
    get assignment() {
      return assignment;
    },
    /** Three units, joined. */
    async three() {
      const all = [unit("a"), unit("b"), unit("c")] as const;
      await clock.advance(10);
      return all;
    },
    serviceLog,
    /** Another assignment, or other members, seen at once by all, or by these. */
    set(
      next: Partial<Assignment>,
      living: readonly string[] = members,
      seenBy: readonly string[] = UNITS,
    ) {
      assignment = { ...assignment, epoch: assignment.epoch + 1, ...next };
      members = living;
      for (const name of seenBy) known.set(name, { assignment, members });
      for (const name of seenBy) for (const take of [...watching.get(name) ?? []]) take();
    },
    /** The shards as these units have them, in order. */
    owned: (owners: readonly (string | null)[]) => ({
      totals: [{ total, owners, moves: new Map() }],
    }),
    /** What a promise comes to, as time passes. */
    async run<Value>(promise: Promise<Value>, limitMs = 120_000): Promise<Value> {
      let isSettled = false;
      const settle = () => void (isSettled = true);
      promise.then(settle, settle);
      await clock.runUntil(() => isSettled, limitMs);
      return await promise;
    },
  };
}

/** The answers of all, and whose errors with their codes. */
export function told({ results, errors }: CommandResults) {
  return { results, errors: errors.map((error) => [error.clusterId, Reflect.get(error, "code")]) };
}
