/**
 * A shard worker in the test's own thread and time: the same bucket behind the same messages, each
 * cloned as `postMessage` would. When it is terminated, or crashes, its sockets are cut and its
 * timers never fire. One that hangs is deaf and dumb, and its sockets stay open whatever is done.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Connect, Socket } from "../../ports/socket.ts";
import {
  type FromWorker,
  parseStamped,
  stamp,
  type ToWorker,
  type WorkerOptions,
} from "../../protocol/worker_message.ts";
import { Bucket } from "../../workers/bucket.ts";
import type { BucketWorld } from "../../workers/bucket_world.ts";
import type { SpawnThread } from "../../workers/slot.ts";

/** A thread that runs. */
export interface Mortal {
  /** Ends without a word, as a crash does. */
  die(): void;
  /** Begins an endless loop: it cannot be ended any more. */
  hang(): void;
}

/** What each thread has of disks, by what it is started with: shards of two totals share none. */
export type DisksOf = (options: WorkerOptions) => Pick<BucketWorld, "openSpool" | "openGuilds">;

/** Threads that share the test's world. */
export function inProcessThreads(
  world: BucketWorld,
  disksOf: DisksOf = () => ({}),
): { spawn: SpawnThread; alive: Set<Mortal> } {
  const alive = new Set<Mortal>();
  const spawn: SpawnThread = ({ message }) => {
    let dead = false;
    let epoch = 0;
    let bucket: Bucket | undefined;
    const sockets = new Set<Socket>();
    const own: BucketWorld = {
      ...world,
      clock: mortalClock(world.clock, () => dead),
      connect: mortalConnect(world.connect, sockets, () => dead),
    };
    const later = (task: () => void) => void own.clock.after(0, task);
    const post = (words: FromWorker) => {
      const cloned = structuredClone(stamp(epoch, words));
      later(() => message(cloned));
    };
    const receive = (data: unknown) => {
      const words = parseStamped<ToWorker>(data);
      if (words.type !== "START") return bucket?.receive(words);
      epoch = words.epoch;
      bucket = new Bucket(words.options, { ...own, ...disksOf(words.options) }, post);
    };
    const thread = {
      die() {
        if (dead) return;
        thread.hang();
        for (const socket of sockets) socket.destroy();
      },
      hang() {
        dead = true;
        alive.delete(thread);
      },
    };
    alive.add(thread);
    return {
      post: (data) => {
        const cloned = structuredClone(data);
        later(() => receive(cloned));
      },
      terminate: () => thread.die(),
    };
  };
  return { spawn, alive };
}

/** A clock whose tasks do not run once their owner is dead. */
export function mortalClock(clock: Clock, isDead: () => boolean): Clock {
  const guard = (task: () => void) => () => {
    if (!isDead()) task();
  };
  return {
    now: () => clock.now(),
    wallMs: () => clock.wallMs(),
    epochMs: () => clock.epochMs(),
    setEpoch: (epochMs) => clock.setEpoch(epochMs),
    after: (delayMs, task) => clock.after(delayMs, guard(task)),
    soon: (task) => clock.soon(guard(task)),
  };
}

/** Sockets, noted in `sockets`, that say nothing once their owner is dead. */
export function mortalConnect(
  connect: Connect,
  sockets: Set<Socket>,
  isDead: () => boolean,
): Connect {
  return (url, events, options) => {
    const socket = connect(url, {
      open: () => isDead() || events.open(),
      message: (data, isText) => isDead() || events.message(data, isText),
      closed: (code, reason) => isDead() || events.closed(code, reason),
      failed: (reason) => isDead() || events.failed(reason),
    }, options);
    sockets.add(socket);
    return socket;
  };
}
