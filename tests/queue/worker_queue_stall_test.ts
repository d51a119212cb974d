import assert from "node:assert/strict";
import fc from "fast-check";
import { MOST_READ_BYTES, type Outcome, play, type Stall } from "./stall_stage.ts";

const MIB = 1024 * 1024;

/** What was tried by hand, on `/gateway`: eight libraries stop reading for 20 s. */
const TRIED: Stall = {
  shards: 8,
  sessions: 8,
  memoryBytes: 64 * MIB,
  eventBytes: 3_000,
  eventsPerSecond: 2_000,
  durationMs: 25_000,
  deaf: () => [1_000, 21_000],
  ackEveryMs: 1_000,
  writeMs: () => 10,
};

function assertWhole({ dropped, mostBytes }: Outcome, { memoryBytes, shards, eventBytes }: Stall) {
  assert.equal(dropped, 0);
  // A read that is under way when the sockets are paused ends, and a record goes whatever its size.
  const moreBytes = shards * (MOST_READ_BYTES + eventBytes);
  assert.ok(mostBytes <= memoryBytes + moreBytes, `${mostBytes} of ${memoryBytes} bytes`);
}

Deno.test("consumers that stop reading lose nothing while the disk has room", async () => {
  const outcome = await play(TRIED);
  assert.equal(outcome.sent, 50_000);
  assert.equal(outcome.dropped, 0);
  assert.ok(outcome.mostBytes <= TRIED.memoryBytes, `${outcome.mostBytes} bytes in memory`);
  assert.equal(outcome.pausedMs, 0, "the disk keeps up");
});

Deno.test("a disk that stalls has Discord wait, and nothing is dropped", async () => {
  const stall: Stall = {
    ...TRIED,
    memoryBytes: 16 * MIB,
    durationMs: 12_000,
    writeMs: (nowMs) => Math.max(10, nowMs < 5_000 ? 0 : 10_000 - nowMs),
  };
  const outcome = await play(stall);
  assertWhole(outcome, stall);
  assert.ok(outcome.pausedMs > 2_000, `${outcome.pausedMs} ms`);
});

Deno.test("many shards, many consumers and little memory lose nothing either", async () => {
  const stall: Stall = {
    ...TRIED,
    shards: 256,
    sessions: 256,
    memoryBytes: 4 * MIB,
    durationMs: 5_000,
    deaf: () => [1_000, 4_000],
  };
  assertWhole(await play(stall), stall);
});

Deno.test("one consumer that does not read does not hold up the others", async () => {
  const stall: Stall = {
    ...TRIED,
    shards: 4,
    sessions: 4,
    memoryBytes: 4 * MIB,
    durationMs: 10_000,
    deaf: (session) => session === 0 ? [0, 10_000] : [0, 0],
    ackEveryMs: 100,
  };
  const outcome = await play(stall);
  assertWhole(outcome, stall);
  assert.ok(outcome.lateMs[1]! < 1_000, `${outcome.lateMs} ms`);
});

const STALL = fc.record({
  shards: fc.integer({ min: 1, max: 48 }),
  perSession: fc.integer({ min: 1, max: 48 }),
  memoryBytes: fc.integer({ min: 4 * MIB, max: 12 * MIB }),
  eventBytes: fc.oneof(fc.integer({ min: 100, max: 3_000 }), fc.constant(60_000)),
  bytesPerSecond: fc.integer({ min: 500_000, max: 12_000_000 }),
  deaf: fc.array(fc.tuple(fc.nat(3_000), fc.nat(5_000)), { minLength: 1, maxLength: 4 }),
  ackEveryMs: fc.constantFrom(20, 500, 4_000),
  relinkEveryMs: fc.constantFrom(0, 0, 300, 2_000),
  /** How long a write takes, and whether it fails, by the second in which it begins. */
  writeMs: fc.array(fc.constantFrom(1, 5, 30, 200, 1_000, 3_000, -5), {
    minLength: 1,
    maxLength: 6,
  }).filter((all) => all.some((ms) => ms > 0)),
});

Deno.test("whatever stalls, with any memory, shards and consumers: nothing is dropped while the disk has room", async () => {
  await fc.assert(
    fc.asyncProperty(STALL, async (drawn) => {
      const { shards, perSession, eventBytes, bytesPerSecond, deaf, writeMs } = drawn;
      const stall: Stall = {
        ...drawn,
        sessions: Math.ceil(shards / perSession),
        eventsPerSecond: bytesPerSecond / eventBytes,
        durationMs: 5_000,
        deaf: (session) => {
          const [fromMs, forMs] = deaf[session % deaf.length]!;
          return [fromMs, fromMs + forMs];
        },
        writeMs: (nowMs) => writeMs[Math.floor(nowMs / 1_000) % writeMs.length]!,
      };
      assertWhole(await play(stall), stall);
    }),
    { numRuns: 25 },
  );
});
