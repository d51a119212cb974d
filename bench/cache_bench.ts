/**
 * Claims about the guilds that a worker keeps: what they take in memory, that nothing waits for them, and
 * what they add to an event.
 *
 * @module
 */

import { ShardGuilds } from "../guilds/shard_guilds.ts";
import { Slices } from "../guilds/slices.ts";
import { TailRoom } from "../guilds/tail.ts";
import type { GuildExtra } from "../guilds/kept.ts";
import { EventQueue } from "../queue/worker_queue.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { CONTENT_IN_WORDS, makeWorld, type World } from "./cache/guild_payloads.ts";
import {
  compare,
  costTable,
  figure,
  median,
  printTables,
  type Table,
  type Work,
} from "./measure.ts";
import { collectGarbage, cpuUs } from "./program.ts";

const GUILDS = 1_000;
const SHARDS = 3;
const EVENTS_PER_S = 500;
/** What a consumer is given at a time. */
const PIECE_BYTES = 256 * 1024;
const ROUNDS = 5;
const ALL: readonly GuildExtra[] = ["members", "presences", "voice"];
const INTENTS = 0xffff;
const TERMS = { intents: INTENTS, largeThreshold: 250 };
/** What gateway-proxy says of itself, for a shard with its full cache. */
const RIVAL_MB = 52;

/** A shard's guilds, and how far its events have come. */
class Shard {
  readonly guilds: ShardGuilds;
  cursor = 0;

  constructor(slices: Slices, extras = ALL, clock: Clock = systemClock) {
    this.guilds = new ShardGuilds({
      clock,
      slices,
      room: new TailRoom(1 << 30),
      extras,
      intents: () => INTENTS,
      log: null,
      lost: (reason) => console.error(`guilds were lost: ${reason}`),
    });
  }

  see(t: string, payload: Uint8Array): void {
    this.guilds.see(++this.cursor, t, payload);
    this.guilds.acknowledged(this.cursor);
  }
}

async function settled(slices: Slices): Promise<void> {
  while (!slices.isIdle) await turn();
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function load({ ready, creates }: World, slices: Slices, extras = ALL): Promise<Shard> {
  const shard = new Shard(slices, extras);
  shard.see("READY", ready);
  for (const create of creates) {
    shard.see("GUILD_CREATE", create);
    await settled(slices);
  }
  return shard;
}

/** Bytes of the heap and beside it that are in use. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

async function memory(world: World): Promise<Table> {
  const rows: string[][] = [];
  // All of them to the end: what is given back in the midst would be counted for the next.
  const kept: Shard[][] = [];
  const rawBytes = world.creates.reduce((sum, { length }) => sum + length, 0);
  const contents: [string, readonly GuildExtra[]][] = [
    ["guilds", []],
    ["guilds, members, voice", ["members", "voice"]],
    ["guilds, members, presences, voice", ALL],
  ];
  for (const [name, extras] of contents) {
    const slices = new Slices(systemClock);
    const before = await usedBytes();
    const shards: Shard[] = [];
    for (let i = 0; i < SHARDS; i++) shards.push(await load(world, slices, extras));
    kept.push(shards);
    const idle = (await usedBytes() - before) / SHARDS;
    for (const shard of shards) {
      for (const { t, payload } of world.events) shard.see(t, payload);
    }
    await settled(slices);
    const busy = (await usedBytes() - before) / SHARDS;
    rows.push([
      `\`CACHE=${name.replaceAll(" ", "")}\``,
      figure(rawBytes / GUILDS / 1e3),
      figure(idle / GUILDS / 1e3),
      figure(idle / 1e6),
      figure(busy / 1e6),
    ]);
  }
  if (kept.length !== contents.length) throw new Error("Cannot count memory: shards are missing");
  rows.push(["gateway-proxy, as it says of itself", "–", "–", figure(RIVAL_MB), "–"]);
  return {
    title: `Memory of ${GUILDS} guilds: ${CONTENT_IN_WORDS}`,
    columns: ["content", "KB JSON per guild", "KB per guild", "MB per shard", "after its events"],
    rows,
  };
}

/**
 * The longest time that the thread was not to be had, in every round: by the clock, and in processor time,
 * which other processes do not add to, though the garbage collector's other threads do.
 */
async function pauses(shard: Shard, world: World, slices: Slices, asks: boolean) {
  const longest: number[] = [];
  const longestCpu: number[] = [];
  let took = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let isDone = false;
    const startMs = performance.now();
    const asking = (asks ? snapshot(shard) : new Promise((resolve) => setTimeout(resolve, 500)))
      .then(() => isDone = true);
    let [sent, longestMs, lastMs] = [0, 0, startMs];
    let [longestUs, lastUs] = [0, cpuUs()];
    while (!isDone) {
      const due = (performance.now() - startMs) * EVENTS_PER_S / 1e3;
      for (; sent < due; sent++) {
        const { t, payload } = world.events[sent % world.events.length]!;
        shard.see(t, payload);
      }
      await turn();
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
      const nowUs = cpuUs();
      longestUs = Math.max(longestUs, nowUs - lastUs);
      lastUs = nowUs;
    }
    await asking;
    await settled(slices);
    longest.push(longestMs);
    longestCpu.push(longestUs / 1e3);
    took += (lastMs - startMs) / ROUNDS;
  }
  return { longest, longestCpu, took };
}

async function snapshot(shard: Shard): Promise<void> {
  const { cursor } = shard;
  for (let after = 0; after < GUILDS;) {
    const question = { shardId: 0, cursor, terms: TERMS, after, limitBytes: PIECE_BYTES };
    const piece = await shard.guilds.piece(question);
    if (!piece) throw new Error("Cannot take a snapshot: the guilds are not known");
    after += piece.bodies.length;
  }
}

async function waiting(world: World): Promise<Table> {
  const slices = new Slices(systemClock);
  const shard = await load(world, slices);
  const row = async (name: string, asks: boolean) => {
    const { longest, longestCpu, took } = await pauses(shard, world, slices, asks);
    return [name, figure(median(longest)), figure(median(longestCpu)), figure(took)];
  };
  return {
    title: `Longest pause of the thread under ${EVENTS_PER_S} events/s, median of ${ROUNDS} rounds`,
    columns: ["while", "ms", "CPU ms of all threads", "a round took ms"],
    rows: [
      await row("nobody asks", false),
      await row(`a consumer takes ${GUILDS} guilds`, true),
    ],
  };
}

const CLUSTER = { kind: "cluster", id: 0 } as const;
const PER_TURN = 64;
let sink: unknown;

/** The way of an event through a worker, from the queue to its acknowledgement, with guilds or without. */
function throughWorker(world: World, extras: readonly GuildExtra[] | null): Work {
  const turns: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    soon(task) {
      turns.push(task);
      return () => void turns.splice(turns.indexOf(task), 1);
    },
  };
  const queue = new EventQueue({
    clock,
    totalShards: 1,
    clusterOfShard: { 0: 0 },
    limitBytes: 64 << 20,
    send: (_peer, _link, batch) => sink = batch,
  });
  queue.link(CLUSTER, 1, 64 << 20);
  const slices = new Slices(clock);
  const shard = extras ? new Shard(slices, extras, clock) : null;
  let cursor = 0;
  const pass = (t: string, payload: Uint8Array) => {
    cursor++;
    shard?.guilds.see(cursor, t, payload);
    queue.accept(0, cursor, payload);
  };
  const acknowledge = async () => {
    while (turns.length > 0) {
      for (const flush of turns.splice(0)) flush();
      await null;
    }
    queue.acknowledge(CLUSTER, 1, { 0: cursor });
    shard?.guilds.acknowledged(cursor);
  };
  let begun: Promise<void> | null = null;
  const begin = async () => {
    pass("READY", world.ready);
    for (const create of world.creates) {
      pass("GUILD_CREATE", create);
      await acknowledge();
    }
  };
  return async (count) => {
    await (begun ??= begin());
    for (let i = 0; i < count; i++) {
      const { t, payload } = world.events[i % world.events.length]!;
      pass(t, payload);
      if (i % PER_TURN === PER_TURN - 1 || i === count - 1) await acknowledge();
    }
    await acknowledge();
  };
}

async function cost(world: World): Promise<Table> {
  const off = "without";
  const costs = await compare({
    [off]: throughWorker(world, null),
    "`CACHE=guilds`": throughWorker(world, []),
    "`CACHE=guilds,members,voice`": throughWorker(world, ["members", "voice"]),
    "`CACHE=guilds,members,presences,voice`": throughWorker(world, ALL),
  });
  return costTable("An event in the worker, from queue to acknowledgement", costs, off);
}

/** Memory, pauses, cost. */
export async function run(): Promise<Table[]> {
  const world = makeWorld(GUILDS, 20_000);
  return [await memory(world), await waiting(world), await cost(world)];
}

if (import.meta.main) {
  printTables(await run());
  if (sink === undefined) throw new Error("nothing was measured");
  Deno.exit(0);
}
