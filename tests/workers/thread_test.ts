import assert from "node:assert/strict";
import {
  type FromWorker,
  parseStamped,
  stamp,
  type ToWorker,
} from "../../protocol/worker_message.ts";
import { spawnWorker } from "../../workers/thread.ts";
import { WORKER } from "../support/fake_threads.ts";

const START: ToWorker = { type: "START", options: WORKER, epochAheadMs: 0 };

/** A real worker, and what it says and how it fails, in order. */
function realThread(permissions: "least" | "inherit") {
  const words: string[] = [];
  const waiting: { predicate: () => boolean; resolve: () => void }[] = [];
  const hear = (word: string) => {
    words.push(word);
    for (const { predicate, resolve } of waiting) if (predicate()) resolve();
  };
  const thread = spawnWorker(permissions, null)({
    message(data) {
      const message = parseStamped<FromWorker>(data);
      hear(message.type === "DYING" ? `DYING: ${message.reason}` : message.type);
    },
    failed: (reason) => hear(`failed: ${reason}`),
  });
  const until = (predicate: () => boolean) =>
    new Promise<void>((resolve) => {
      if (predicate()) resolve();
      else waiting.push({ predicate, resolve });
    });
  return { thread, words, until };
}

for (const permissions of ["least", "inherit"] as const) {
  Deno.test(`spawnWorker() with permissions to ${permissions} runs a shard worker`, async () => {
    const { thread, words, until } = realThread(permissions);
    thread.post(stamp(1, START));
    // It came before the worker could take it: it must not be lost.
    thread.post(stamp(1, { type: "GET_SHARD_INFO", nonce: 1, shardId: 0 }));
    await until(() => words.includes("NONCE_REPLY"));
    assert.deepEqual(words, ["STARTED", "NONCE_REPLY"]);
    thread.terminate();
  });
}

Deno.test("spawnWorker() hears of an error that nobody caught, and lives on itself", async () => {
  const { thread, words, until } = realThread("least");
  thread.post(stamp(1, START));
  await until(() => words.includes("STARTED"));
  thread.post(stamp(1, { type: "CRASH", how: "throw" }));
  await until(() => words.some((word) => word.startsWith("DYING")));
  assert.deepEqual(words.slice(1), ["LOG", "DYING: crash requested"]);
  thread.terminate();
});
