/**
 * What a shard worker runs: waits for START, then hands every message to its bucket. An error that
 * nobody caught ends the worker, so that a clean one takes its shards over by RESUME.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { messageOf } from "../protocol/errors.ts";
import {
  type FromWorker,
  parseStamped,
  stamp,
  type Stamped,
  type ToWorker,
} from "../protocol/worker_message.ts";
import { systemClock } from "../ports/clock.ts";
import { systemRandom } from "../ports/random.ts";
import { wsConnect } from "../ports/socket_ws.ts";
import { Bucket } from "./bucket.ts";

let epoch = 0;
let bucket: Bucket | undefined;

function post(message: FromWorker): void {
  self.postMessage(stamp(epoch, message));
}

function die(error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined;
  post({
    type: "LOG",
    level: "error",
    event: "worker met an error nobody caught",
    fields: { stack },
  });
  post({ type: "DYING", reason: messageOf(error) });
  self.close();
}

async function receive(message: Stamped<ToWorker>): Promise<void> {
  if (message.type !== "START") return bucket?.receive(message);
  epoch = message.epoch;
  const world = { clock: systemClock, random: systemRandom, connect: await wsConnect() };
  bucket = new Bucket(message.options, world, post);
}

self.addEventListener("message", (event: Event) => {
  receive(parseStamped<ToWorker>((event as MessageEvent).data)).catch(die);
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  die(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  die(event.reason);
});
