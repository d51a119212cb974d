import assert from "node:assert/strict";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { workerOptions } from "../../unit/worker_plan.ts";

const options = (config: Partial<Config>, workers = 1, unitName?: string) =>
  workerOptions(
    {
      config: { ...CONFIG_DEFAULTS, ...config },
      info: {
        url: "wss://gateway.test",
        shards: 4,
        sessionStartLimit: { total: 1, remaining: 1, resetAfterMs: 1, maxConcurrency: 1 },
      },
      totalShards: 4,
      clusterOfShard: { 0: 0 },
      queueDir: "/state/queue",
      ...(unitName !== undefined && { unitName }),
    },
    workers,
    "a",
  );

Deno.test("workerOptions() divides the disk among the workers", () => {
  const { queueDir, queueDiskBytes } = options({ queueDiskBytes: 1_001 }, 2);
  assert.deepEqual([queueDir, queueDiskBytes], ["/state/queue/of-4", 500]);
  assert.equal(options({ queueDiskBytes: 0 }).queueDir, null);
});

Deno.test("workerOptions() names a module by its URL, and leaves words as they are", () => {
  assert.equal(options({ editedMessages: "filter" }).editedMessages, "filter");
  assert.match(options({ editedMessages: "./decide.ts" }).editedMessages, /^file:.*decide\.ts$/);
  assert.equal(options({}).workerModule, null);
  assert.match(options({ workerModule: "./worker.ts" }).workerModule!, /^file:.*worker\.ts$/);
});

Deno.test("workerOptions() hands on what the shards go by", () => {
  const all = options({
    discordToken: "t",
    eventDelayMs: 7,
    cacheAllMembers: true,
    eventHandlerWaitMs: 20,
  });
  const { token, gatewayUrl, totalShards, eventDelayMs, cacheAllMembers, clusterOfShard } = all;
  const { stream, posts } = all;
  const told = {
    token,
    gatewayUrl,
    totalShards,
    eventDelayMs,
    posts,
    cacheAllMembers,
    clusterOfShard,
    stream,
  };
  assert.deepEqual(told, {
    token: "t",
    gatewayUrl: "wss://gateway.test",
    totalShards: 4,
    eventDelayMs: 7,
    posts: { waitMs: 20, answerMs: 10_000 },
    cacheAllMembers: true,
    clusterOfShard: { 0: 0 },
    stream: "a",
  });
});

Deno.test("workerOptions() says the name of the unit where it is one of a fleet", () => {
  assert.equal(options({}, 1, "left").unit, "left");
  assert.ok(!("unit" in options({})));
});
