import assert from "node:assert/strict";
import { isTold, lineWords } from "../../dashboard/log_words.ts";
import type { LogFields } from "../../ports/log.ts";

const said = (event: string, fields: LogFields = {}) => {
  const { text, about, of } = lineWords("warn", event, fields, (id) => `${id}/16`);
  return [text, about, of];
};

Deno.test("lineWords() names whom a line is about, says why, and leaves the rest in brackets", () => {
  assert.deepEqual(
    said("worker was lost, its shards resume in a new one", {
      workerId: 2,
      reason: "silent for 15 s",
      delayMs: 1500,
    }),
    [
      "worker 2 was lost, its shards resume in a new one: silent for 15 s (delay 2 s)",
      "worker",
      "2",
    ],
  );
  assert.deepEqual(said("shard stopped for good", { shardId: 7, reason: "closed 4004" }), [
    "shard 7 stopped for good: closed 4004",
    "shard",
    "7/16",
  ]);
  assert.deepEqual(said("events could not be kept on disk", { shardId: 7, workerId: 1 }), [
    "events could not be kept on disk (shard 7)",
    "shard",
    "7/16",
  ]);
  assert.deepEqual(said("service is away, commands to it fail", { service: "api" }), [
    "service api is away, commands to it fail",
    "service",
    "api",
  ]);
});

Deno.test("lineWords() says what to do", () => {
  const fields = { shardId: 0, guilds: 2100, limit: 2500, advice: "reshard" };
  assert.equal(
    said("a shard is near the limit of guilds", fields)[0],
    "shard 0 is near the limit of guilds; reshard (guilds 2100, limit 2500)",
  );
});

Deno.test("lineWords() finds out by the words what a line is about that names nobody", () => {
  assert.equal(said("reshard failed")[1], "reshard");
  assert.equal(said("shards serve in place of others")[1], "reshard");
  assert.equal(said("NATS is away")[1], "fleet");
  assert.equal(said("the shards are dealt")[1], "fleet");
  assert.equal(said("invalid requests were counted")[1], "rest");
  assert.equal(said("discord cannot be reached")[1], "rest");
  assert.equal(said("uncaught error")[1], "unit");
});

Deno.test("isTold() leaves out what is for readers of the log, and what anybody can make us write", () => {
  assert.ok(isTold("error", "cluster has ended"));
  assert.ok(!isTold("info", "cluster is linked"));
  assert.ok(!isTold("warn", "request refused"));
  assert.ok(!isTold("warn", "cluster prints"));
});
