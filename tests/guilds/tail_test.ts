import assert from "node:assert/strict";
import { Tail, TailRoom } from "../../guilds/tail.ts";
import type { GuildRecord } from "../../ports/guild_log.ts";
import { Slices, type Work } from "../../guilds/slices.ts";
import { MemoryLog, SteppedClock } from "./stage.ts";

const record = (cursor: number, bytes = 100): GuildRecord => ({
  cursor,
  payload: new Uint8Array(bytes).fill(cursor),
});

function setUp(limitBytes: number, log: MemoryLog | null = null, isCut = false) {
  const clock = new SteppedClock();
  const slices = new Slices(clock);
  const room = new TailRoom(limitBytes);
  const tail = new Tail(room, log, isCut);
  const run = async <T>(work: () => Work<T>) => {
    const done = slices.do(work);
    await clock.slices();
    return await done;
  };
  const each = async (after: number, to: number) => {
    const seen: number[] = [];
    await run(() =>
      tail.each(after, to, ({ cursor, payload }) => {
        assert.ok(payload.every((byte) => byte === cursor));
        seen.push(cursor);
      })
    );
    return seen;
  };
  return { tail, room, run, each };
}

Deno.test("what came is had again, between two cursors, until everybody is done with it", async () => {
  const { tail, room, run, each } = setUp(1 << 20);
  for (const cursor of [2, 3, 5, 9]) assert.ok(tail.push(record(cursor)));
  assert.deepEqual(await each(0, 9), [2, 3, 5, 9]);
  assert.deepEqual(await each(2, 8), [3, 5]);
  assert.ok(!tail.isEmptyAfter(5) && tail.isEmptyAfter(9));
  await run(() => tail.drop(4));
  assert.deepEqual(await each(4, 99), [5, 9]);
  tail.clear();
  assert.equal(room.bytes, 0);
});

Deno.test("without a log there is an end to it", () => {
  const { tail } = setUp(1_000);
  const taken = [1, 2, 3, 4, 5, 6].map((cursor) => tail.push(record(cursor)));
  assert.deepEqual(taken, [true, true, true, true, false, false]);
});

Deno.test("with a log the newer ones are read from there, and come back into memory when there is room", async () => {
  const log = new MemoryLog();
  const { tail, room, run, each } = setUp(1_000, log);
  for (let cursor = 1; cursor <= 50; cursor++) assert.ok(tail.push(record(cursor)));
  assert.ok(room.bytes <= 1_500);
  assert.deepEqual(await each(0, 50), Array.from({ length: 50 }, (_, i) => i + 1));
  assert.deepEqual(await each(20, 22), [21, 22]);
  await run(() => tail.drop(48));
  log.records.length = 0;
  assert.deepEqual(await each(48, 50), [49, 50], "they are in memory again");
  tail.push(record(51));
  assert.deepEqual(await each(50, 51), [51]);
});

Deno.test("what comes while the log is read is not lost", async () => {
  const log = new MemoryLog();
  const { tail, run, each } = setUp(2_000, log, true);
  log.append(record(1));
  const read = log.read.bind(log);
  let isLate = true;
  log.read = (...asked) => {
    const found = read(...asked);
    if (isLate && asked[0] === 1) {
      isLate = false;
      tail.push(record(2));
    }
    return found;
  };
  await run(() => tail.drop(0));
  tail.push(record(3));
  assert.deepEqual(await each(0, 9), [1, 2, 3]);
});

Deno.test("a log of an earlier life goes on", async () => {
  const log = new MemoryLog();
  for (const cursor of [4, 6]) log.append(record(cursor));
  const { tail, run, each } = setUp(1 << 20, log, true);
  assert.ok(!tail.isEmptyAfter(9));
  assert.deepEqual(await each(4, 9), [6]);
  await run(() => tail.drop(4));
  tail.push(record(7));
  assert.deepEqual(await each(4, 9), [6, 7]);
  await run(() => tail.drop(7));
  assert.ok(tail.isEmptyAfter(7));
});

Deno.test("what is large is packed, and comes out as it was", async () => {
  const { tail, room, run, each } = setUp(1 << 20);
  for (let cursor = 1; cursor < 8; cursor++) tail.push(record(cursor, 100_000));
  assert.ok(tail.isCrowded);
  await run(() => tail.pack());
  assert.ok(room.bytes < 10_000 && !tail.isCrowded);
  assert.deepEqual(await each(0, 9), [1, 2, 3, 4, 5, 6, 7]);
  await run(() => tail.drop(9));
  assert.equal(room.bytes, 0);
});
