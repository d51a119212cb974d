import assert from "node:assert/strict";
import { ShardPasts } from "../../dashboard/shard_pasts.ts";
import type { ShardDuty, ShardState } from "../../protocol/status.ts";

function setUp() {
  const pasts = new ShardPasts();
  const see = (
    shardId: number,
    state: ShardState,
    reason: string,
    sinceMs = 0,
    role: ShardDuty = "serves",
  ) => {
    const shard = { shardId, state, reason, sinceMs, connection: 1 };
    pasts.see({ kind: "shard", shard, totalShards: 16, role });
  };
  const told = () => pasts.takeTold().map(({ level, text, of }) => [level, text, of]);
  return { pasts, see, told };
}

Deno.test("ShardPasts tells in one sentence what happens to many shards", () => {
  const { see, told, pasts } = setUp();
  for (let id = 0; id < 16; id++) see(id, "ready", "identified");
  assert.deepEqual(told(), [], "a start is no incident");
  for (const id of [0, 1, 2, 3, 9]) see(id, "closing", "op 7", 1_000);
  for (const id of [0, 1, 2, 3, 9]) see(id, "backing off", "op 7", 1_100);
  assert.deepEqual(told(), [["warn", "shards 0-3, 9 reconnect: op 7", undefined]]);
  see(9, "ready", "resumed", 2_500);
  assert.deepEqual(told(), [["info", "shard 9 is ready again after 2 s", "9/16"]]);
  assert.deepEqual(pasts.lastErrorOf("9/16"), { atMs: 1_100, text: "op 7" });
  assert.equal(pasts.lastErrorOf("8/16"), null);
});

Deno.test("ShardPasts takes it for no error that somebody has asked a shard to reconnect", () => {
  const { see, told, pasts } = setUp();
  see(0, "ready", "identified");
  for (const state of ["closing", "backing off"] as const) see(0, state, "reconnect requested");
  assert.deepEqual(told(), [["info", "shard 0 reconnects: reconnect requested", "0/16"]]);
  assert.equal(pasts.lastErrorOf("0/16"), null);
});

Deno.test("ShardPasts knows by a shard that starts anew that its worker was lost", () => {
  const { see, told } = setUp();
  see(0, "ready", "identified");
  see(0, "connecting", "started, connecting to resume on the resume host");
  assert.deepEqual(told(), [["warn", "shard 0 reconnects: its worker was lost", "0/16"]]);
});

Deno.test("ShardPasts knows why a shard does not come up, or was given up", () => {
  const { see, pasts } = setUp();
  see(0, "backing off", "connect failed", 5);
  assert.deepEqual(pasts.lastErrorOf("0/16"), { atMs: 5, text: "connect failed" });
  see(0, "stopped", "closed 4014: disallowed intents", 9);
  assert.deepEqual(pasts.lastErrorOf("0/16"), { atMs: 9, text: "closed 4014: disallowed intents" });
});

Deno.test("ShardPasts does not tell of a stop, nor of shards that others stand in for", () => {
  const { see, told } = setUp();
  see(0, "ready", "identified");
  see(0, "closing", "stopping");
  see(2, "ready", "identified");
  see(2, "closing", "stopped");
  see(1, "ready", "identified", 0, "rises");
  see(1, "closing", "op 7", 0, "rises");
  assert.deepEqual(told(), []);
});

Deno.test("ShardPasts keeps what a shard went through, the newest first, and no more than it may", () => {
  const { see, pasts } = setUp();
  for (let i = 0; i < 1_000; i++) see(0, i % 2 ? "ready" : "closing", `no. ${i}`, i);
  const changes = pasts.changesOf("0/16");
  assert.equal(changes.length, 100);
  assert.deepEqual(changes[0], { atMs: 999, state: "ready", reason: "no. 999" });
  assert.deepEqual(pasts.changesOf("1/16"), []);
});

Deno.test("ShardPasts keeps fewer of each where there are many", () => {
  const { see, pasts } = setUp();
  for (let round = 0; round < 40; round++) {
    for (let id = 0; id < 2_000; id++) see(id, round % 2 ? "ready" : "closing", "op 7");
  }
  assert.equal(pasts.changesOf("0/16").length, 16);
});

Deno.test("ShardPasts forgets shards that are no more", () => {
  const { see, pasts } = setUp();
  see(0, "ready", "identified");
  see(1, "ready", "identified");
  pasts.blame("1/16", { atMs: 1, text: "its disk is full" });
  pasts.keep((key) => key === "0/16");
  assert.equal(pasts.size, 1);
  assert.equal(pasts.lastErrorOf("1/16"), null);
});
