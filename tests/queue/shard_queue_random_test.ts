import assert from "node:assert/strict";
import fc from "fast-check";
import { RETRY_MS } from "../../queue/retry.ts";
import type { ShardQueue } from "../../queue/shard_queue.ts";
import { type EventRecord, readGap, RECORD } from "../../protocol/event_frame.ts";
import type { DiskStep } from "../support/scripted_disk.ts";
import { accept, assertEmpty, FRONT_BYTES, setUpQueue, takeRecords } from "./shard_queue_stage.ts";

/** An event's first cursor: that of a GAP is where it begins. */
function beginOf(record: EventRecord): number {
  return record.kind === RECORD.GAP ? readGap(record).from! : record.cursor;
}

/**
 * A shard's life: Discord, which sends again what is not known to be safe; the queue and its disk;
 * the bot, which must get every cursor in its turn, or a GAP that tells of it.
 */
class World {
  isFull = false;
  hasRoom = true;
  shareBytes = FRONT_BYTES;
  readonly stage = setUpQueue({
    hasRoom: () => this.hasRoom,
    shareBytes: () => this.shareBytes,
    mayWrite: () => !this.isFull,
    stored: (cursor) => this.#isStored(cursor),
    acknowledged: (cursor) => this.acknowledged = cursor,
  });
  /** Newest cursor that Discord sent. */
  sent = 0;
  /** What is written down of the bot, and of the disk. */
  acknowledged = 0;
  stored = 0;
  /** Newest cursor that the taker of the moment has. */
  taken = 0;
  #queue: ShardQueue = this.stage.live();

  get queue(): ShardQueue {
    return this.#queue;
  }

  accept(count: number, bytes: number): void {
    accept(this.#queue, this.sent + 1, this.sent + count, bytes);
    this.sent += count;
  }

  take(limitBytes: number): void {
    for (const record of takeRecords(this.#queue, limitBytes)) {
      const from = beginOf(record);
      assert.ok(record.cursor > this.taken, `${record.cursor} came after ${this.taken}`);
      assert.ok(from <= this.taken + 1, `nothing came between ${this.taken} and ${from}`);
      this.taken = record.cursor;
    }
  }

  acknowledge(behind: number): void {
    this.#queue.acknowledge(Math.max(0, this.taken - behind));
    assert.ok(this.acknowledged <= this.taken);
  }

  rewind(): void {
    this.#queue.rewind();
    this.taken = this.acknowledged;
  }

  restart(isWritten: boolean): void {
    this.stage.disk.crash(isWritten);
    this.#queue = this.stage.live(this.acknowledged);
    this.taken = this.acknowledged;
    // Discord sends again what is not known to be safe.
    accept(this.#queue, Math.max(this.acknowledged, this.stored) + 1, this.sent);
  }

  check(): void {
    assert.equal(this.stage.told.bytes, this.#queue.queuedBytes);
    assert.ok(this.#queue.queued >= 0);
    // What an earlier life left on disk waits, too, before its records have been counted.
    const waits = this.#queue.newest > this.acknowledged;
    assert.equal(this.#queue.lag.ageMs(this.stage.clock.now() + 1) > 0, waits);
    assert.ok(this.#queue.newest <= this.sent);
  }

  /** Nothing is in the way any more: everything must come, and nothing be left. */
  async end(): Promise<void> {
    const { clock, disk } = this.stage;
    this.isFull = disk.isSlow = false;
    disk.failing.clear();
    while (disk.finish());
    await clock.advance(RETRY_MS);
    for (let i = 0; i < 50 && this.taken < this.sent; i++) {
      await clock.advance(RETRY_MS);
      for (let before = -1; before < this.taken; await this.stage.settle()) {
        before = this.taken;
        this.take(Infinity);
      }
      this.acknowledge(0);
    }
    this.acknowledge(0);
    // Deletions that failed are made up for by the next one.
    this.accept(1, 1);
    this.queue.spill();
    await clock.advance(RETRY_MS);
    this.take(Infinity);
    this.acknowledge(0);
    await clock.advance(RETRY_MS);
    assert.equal(this.acknowledged, this.sent);
    assertEmpty(this.#queue, this.stage);
  }

  /** Everything from what is acknowledged to here must be on disk, without a hole. */
  #isStored(cursor: number): void {
    let safe = this.acknowledged;
    for (const record of this.stage.disk.records) {
      if (beginOf(record) <= safe + 1) safe = Math.max(safe, record.cursor);
    }
    assert.ok(safe >= cursor, `${cursor} is said to be safe, ${safe} is`);
    this.stored = Math.max(this.stored, cursor);
  }
}

type Move = (world: World) => unknown;

function move<Value>(
  weight: number,
  name: string,
  value: fc.Arbitrary<Value>,
  run: (world: World, value: Value) => unknown,
): { weight: number; arbitrary: fc.Arbitrary<Move> } {
  const arbitrary = value.map((value): Move =>
    Object.assign((world: World) => run(world, value), {
      [fc.toStringMethod]: () => `${name} ${JSON.stringify(value)}`,
    })
  );
  return { weight, arbitrary };
}

const NOTHING = fc.constant(null);

const MOVE = fc.oneof(
  move(8, "accept", fc.tuple(fc.nat(40), fc.nat(60_000)), (world, [count, bytes]) => {
    world.accept(count, bytes);
  }),
  move(6, "finish", fc.nat(3), async ({ stage }, count) => {
    for (let i = 0; i <= count && stage.disk.finish(); i++) await stage.settle();
  }),
  move(6, "take", fc.nat(1_500_000), (world, bytes) => world.take(bytes)),
  move(5, "acknowledge", fc.nat(5), (world, behind) => world.acknowledge(behind)),
  move(3, "spill", NOTHING, ({ queue }) => queue.spill()),
  move(2, "wait", fc.nat(2 * RETRY_MS), ({ stage }, delayMs) => stage.clock.advance(delayMs)),
  move(2, "rewind", NOTHING, (world) => world.rewind()),
  move(1, "restart", fc.boolean(), (world, isWritten) => world.restart(isWritten)),
  move(1, "shed", fc.nat(200_000), ({ queue }, bytes) => queue.shed(bytes)),
  move(1, "slow", fc.boolean(), ({ stage: { disk } }, isSlow) => {
    disk.isSlow = isSlow;
    while (!isSlow && disk.finish());
  }),
  move(1, "fail", fc.constantFrom<DiskStep>("append", "read", "trim"), ({ stage }, step) => {
    stage.disk.failing.add(step);
  }),
  move(1, "heal", NOTHING, ({ stage }) => stage.disk.failing.clear()),
  move(1, "room", fc.boolean(), (world, hasRoom) => world.hasRoom = hasRoom),
  move(1, "share", fc.integer({ min: 1, max: FRONT_BYTES }), (world, bytes) => {
    world.shareBytes = bytes;
  }),
  move(1, "full", fc.boolean(), (world, isFull) => world.isFull = isFull),
);

Deno.test("whatever happens to disk, bot and process, every event comes in its turn or is told of", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(MOVE, { minLength: 10, maxLength: 80, size: "max" }),
      async (moves) => {
        const world = new World();
        for (const run of moves) {
          await run(world);
          await world.stage.settle();
          world.check();
        }
        await world.end();
      },
    ),
    { numRuns: 300 },
  );
});

// Found by the test above: its dead queue tried again, and gave back memory of the living one.
Deno.test("what a queue wanted to try again dies with its process", async () => {
  const world = new World();
  const { stage: { disk, settle } } = world;
  world.accept(1, 0);
  world.queue.spill();
  await settle();
  world.take(1);
  disk.isSlow = true;
  world.accept(31, 34_937);
  world.queue.spill();
  await settle();
  world.isFull = true;
  world.rewind();
  disk.finish();
  await settle();
  world.restart(false);
  await settle();
  world.check();
  await world.end();
});
