/**
 * What a shard worker runs: waits for START, then hands every message to its bucket. An error that
 * nobody caught ends the worker, so that a clean one takes its shards over by RESUME.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import {
  type FromWorker,
  parseStamped,
  stamp,
  type ToWorker,
  type WorkerOptions,
} from "../protocol/worker_message.ts";
import { MOST_PAYLOAD_BYTES } from "../gateway/inflate.ts";
import { systemClock, threadNap } from "../ports/clock.ts";
import { logTo } from "../ports/log.ts";
import { systemRandom } from "../ports/random.ts";
import { openTelemetry } from "../ports/telemetry/telemetry.ts";
import { webSocketConnect } from "../ports/websocket/client.ts";
import { openGuildDir } from "../store/guild_files.ts";
import { guildFolder } from "../store/queue_folders.ts";
import { openSpoolDir } from "../store/spool_files.ts";
import { loadEditFilter } from "../intake/edits.ts";
import { Bucket } from "./bucket.ts";
import { eventFilter, loadWorkerHooks, shardHooks } from "./worker_hooks.ts";

let epoch = 0;
let bucket: Bucket | undefined;
/** What came before the bucket was made: a message that nobody takes would be lost. */
const early: Parameters<Bucket["receive"]>[0][] = [];

/** Handing the memory over is cheaper than a copy only from here on (`bench/worker_hop_bench.ts`). */
const TRANSFER_BYTES = 32 * 1024;

function post(message: FromWorker): void {
  const large = message.type === "EVENTS" && message.batch.length >= TRANSFER_BYTES;
  self.postMessage(stamp(epoch, message), large ? [message.batch.buffer] : []);
}

function die(error: unknown): void {
  const isUnloadable = error instanceof GatehouseError && error.code === "bad_config";
  const stack = error instanceof Error ? error.stack : undefined;
  // What a module of the user's is told of is not where in our code that was noticed.
  if (!isUnloadable) {
    const event = "worker met an error nobody caught";
    post({ type: "LOG", level: "error", event, fields: { stack } });
  }
  post({ type: "DYING", reason: messageOf(error), isUnloadable });
  self.close();
}

async function start(options: WorkerOptions): Promise<void> {
  const log = logTo((level, event, fields) => post({ type: "LOG", level, event, fields }));
  const hooks = await loadWorkerHooks(options.workerModule, log);
  const telemetry = (options.traceEventsPerSecond ?? 0) > 0 ? openTelemetry() : null;
  const keep = eventFilter(await loadEditFilter(options.editedMessages, log), hooks);
  const world = {
    ...(keep ? { keep } : {}),
    ...(telemetry ? { span: telemetry.span } : {}),
    ...shardHooks(hooks),
    clock: systemClock,
    random: systemRandom,
    nap: threadNap(),
    connect: webSocketConnect({ maxMessageBytes: MOST_PAYLOAD_BYTES }),
    ...(options.queueDir === null ? {} : {
      openSpool: openSpoolDir(options.queueDir, { log }),
      openGuilds: openGuildDir(guildFolder(options.queueDir), { log }),
    }),
  };
  bucket = new Bucket(options, world, post);
  for (const message of early.splice(0)) bucket.receive(message);
}

self.addEventListener("message", (event: Event) => {
  const message = parseStamped<ToWorker>((event as MessageEvent).data);
  if (message.type === "START") {
    epoch = message.epoch;
    systemClock.setEpoch(systemClock.wallMs() + message.epochAheadMs);
    start(message.options).catch(die);
  } else if (bucket) bucket.receive(message);
  else early.push(message);
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  die(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  die(event.reason);
});
