/** The identify queue under random schedules: what must hold whatever the shards do. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  IDENTIFY_SLACK_MS,
  IdentifyQueue,
  PERMIT_EXPIRES_MS,
} from "../../../gateway/identify/queue.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const SPACING_MS = 5000 + IDENTIFY_SLACK_MS;
const RESERVE = 2;

const MOVE = fc.record({
  kind: fc.constantFrom("request", "request", "sent", "sent", "release", "lost", "wait", "wait"),
  shardId: fc.nat(11),
  forMs: fc.oneof(fc.nat(6_000), fc.nat(50_000)),
});

Deno.test("whatever shards do, key, group and reserve hold, and who stays is served", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 3, max: 16 }),
      fc.array(MOVE, { maxLength: 60 }),
      checkSchedule,
    ),
    { numRuns: 200 },
  );
});

async function checkSchedule(
  maxConcurrency: number,
  remaining: number,
  moves: readonly { kind: string; shardId: number; forMs: number }[],
): Promise<void> {
  const waiting = new Set<number>();
  const held = new Map<number, { permit: number; expiresMs: number }>();
  const lastUsedMs = new Map<number, number>();
  let used = 0;
  const group = (shardId: number) => Math.floor(shardId / maxConcurrency);
  const use = (shardId: number, atMs: number) => {
    held.delete(shardId);
    lastUsedMs.set(shardId % maxConcurrency, atMs);
    used++;
  };
  const expire = () => {
    for (const [id, { expiresMs }] of held) if (expiresMs <= clock.now()) use(id, expiresMs);
  };
  const clock = createVirtualClock();
  const queue = new IdentifyQueue({
    clock,
    maxConcurrency,
    budget: { total: 1000, remaining, resetAtMs: Number.MAX_SAFE_INTEGER },
    reserve: RESERVE,
    spent() {},
    allow({ id: shardId }, permit) {
      expire();
      assert.ok(waiting.delete(shardId), "a permit that nobody asked for");
      const key = shardId % maxConcurrency;
      assert.ok(clock.now() - (lastUsedMs.get(key) ?? -Infinity) >= SPACING_MS, "too early");
      for (const other of held.keys()) assert.notEqual(other % maxConcurrency, key, "two of a key");
      const lowest = Math.min(...[...waiting, ...held.keys()].map(group));
      assert.ok(group(shardId) <= lowest, "a lower group waits");
      held.set(shardId, { permit, expiresMs: clock.now() + PERMIT_EXPIRES_MS });
      assert.ok(used + held.size <= remaining - RESERVE, "the reserve is touched");
    },
  });
  const act = (kind: string, shardId: number) => {
    const permit = held.get(shardId)?.permit;
    if (kind === "sent" && permit === undefined) return;
    if (permit !== undefined && kind !== "release") use(shardId, clock.now());
    if (kind === "request") waiting.add(shardId);
    else waiting.delete(shardId);
    if (kind === "release") held.delete(shardId);
    // Those of two totals: an id is a shard of one of them here.
    const shard = { total: shardId % 2 === 0 ? 12 : 24, id: shardId };
    if (kind === "sent") queue.sent(shard, permit!);
    else if (kind === "lost") queue.lost([shard]);
    else queue[kind as "request" | "release"](shard);
  };
  for (const { kind, shardId, forMs } of moves) {
    if (kind !== "wait") act(kind, shardId);
    else await clock.advance(forMs);
    expire();
  }
  for (let i = 0; i < 24; i++) {
    for (const shardId of [...held.keys()]) act("sent", shardId);
    await clock.advance(SPACING_MS);
  }
  assert.ok(waiting.size === 0 || used === remaining - RESERVE, `${[...waiting]} starve`);
  queue.stop();
}
