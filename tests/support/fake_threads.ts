/**
 * Worker threads that do nothing by themselves: the test reads what they are told and speaks for
 * them.
 *
 * @module
 */

import { tokenHosts } from "../../protocol/discord/token_hosts.ts";
import {
  type FromWorker,
  parseStamped,
  stamp,
  type ToWorker,
  type WorkerOptions,
} from "../../protocol/worker_message.ts";
import type { SpawnThread } from "../../workers/slot.ts";

/** A thread that was started. */
export interface FakeThread {
  /** What it was told, in order. */
  readonly told: ToWorker[];
  terminated: boolean;
  /** Says something, stamped with the epoch that it was started with. */
  say(message: FromWorker, epoch?: number): void;
  /** Hands over what no worker of ours would say. */
  sayRaw(data: unknown): void;
  fail(reason: string): void;
}

/** What a worker is started with; nobody connects with it. */
export const WORKER: WorkerOptions = {
  workerId: 0,
  token: "token",
  gatewayUrl: "wss://gateway.test",
  tokenHosts: tokenHosts("https://gateway.test", ["test"]),
  intents: 1,
  totalShards: 4,
  compression: "none",
  eventDelayMs: 4,
  posts: { waitMs: 0, answerMs: 10_000 },
  queueMemoryBytes: 1 << 20,
  queueOverflow: "drop-cheap",
  guildLoadedDd: false,
  cache: [],
  cacheAllMembers: false,
  editedMessages: "all",
  workerModule: null,
  queueDir: null,
  queueDiskBytes: 1 << 30,
  clusterOfShard: { 0: 0, 1: 0, 2: 1, 3: 1 },
  stream: "a",
  reportIntervalMs: 1_000,
};

/** Threads in the order in which they were started. */
export function fakeThreads(): { spawn: SpawnThread; threads: FakeThread[] } {
  const threads: FakeThread[] = [];
  const spawn: SpawnThread = ({ message, failed }) => {
    const told: ToWorker[] = [];
    let epochOfStart = 0;
    const thread: FakeThread = {
      told,
      terminated: false,
      say: (words, epoch = epochOfStart) => message(stamp(epoch, words)),
      sayRaw: message,
      fail: failed,
    };
    threads.push(thread);
    return {
      post(data) {
        const { v: _, epoch, ...words } = parseStamped<ToWorker>(data);
        epochOfStart = epoch;
        told.push(words as ToWorker);
      },
      terminate: () => void (thread.terminated = true),
    };
  };
  return { spawn, threads };
}
