import assert from "node:assert/strict";
import { Members } from "../../../gateway/members/bucket_members.ts";
import { silentLog } from "../../../ports/log.ts";
import type { WorkerOptions } from "../../../protocol/worker_message.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** The members of shards 0 and 1 of two, and what the shards have sent. */
function setUp({ random = 0.5, cacheAllMembers = true } = {}) {
  const sent: { shardId: number; guildId: string; nonce: string }[] = [];
  const told: string[] = [];
  const members = new Members({
    worker: { totalShards: 2, intents: 3, cacheAllMembers } as WorkerOptions,
    clock: createVirtualClock(),
    random: () => random,
    log: silentLog,
    newest: (shardId) => 10 + shardId,
    complete: (shardId, cursor) => told.push(`${shardId} complete at ${cursor}`),
    cached: (shardId) => told.push(`${shardId} cached`),
  });
  for (const shardId of [0, 1]) {
    members.add(shardId, {
      status: { shardId, state: "ready", reason: "", sinceMs: 0, connection: 1 },
      turn(_, make) {
        const { guild_id, nonce } = make()?.d as { guild_id: string; nonce: string };
        sent.push({ shardId, guildId: guild_id, nonce });
      },
    });
  }
  return { members, sent, told };
}

/** The least guild id of a shard of two. */
const guildOf = (shardId: number) => String(BigInt(shardId) << 22n);
const NO_EVENT = new TextEncoder().encode("{}");

Deno.test("Members asks on the shard of a guild, and knows no other shard", () => {
  const { members, sent } = setUp({ cacheAllMembers: false });
  for (const shardId of [1, 0]) {
    members.of(shardId)!.request({ guildId: guildOf(shardId) }).catch(() => {});
    members.of(shardId)!.stopped("the test is over");
  }
  assert.deepEqual(sent.map(({ shardId, guildId }) => [shardId, guildId]), [
    [1, guildOf(1)],
    [0, guildOf(0)],
  ]);
  assert.equal(members.of(2), undefined);
});

Deno.test("Members never uses a nonce twice, whatever the shard and the life of the worker", () => {
  const nonces = [0, 0.5, 0.999_999_999].flatMap((random) => {
    const { members, sent } = setUp({ random, cacheAllMembers: false });
    for (const shardId of [0, 1, 0]) {
      members.of(shardId)!.request({ guildId: guildOf(shardId), userIds: ["5"] }).catch(() => {});
    }
    for (const shardId of [0, 1]) members.of(shardId)!.stopped("the test is over");
    return sent.map(({ nonce }) => nonce);
  });
  assert.equal(new Set(nonces).size, 9);
  for (const nonce of nonces) assert.ok(nonce.length <= 32, `Discord drops ${nonce}`);
});

Deno.test("Members tells which shard is complete, with its own newest cursor", () => {
  const { members, told } = setUp();
  const { all } = members.of(1)!;
  all!.changed({ kind: "session", guildIds: [] });
  members.of(1)!.see("READY", NO_EVENT);
  assert.deepEqual(told, ["1 complete at 11"]);
  all!.acknowledged(11);
  assert.deepEqual(told, ["1 complete at 11", "1 cached"]);
});
