import assert from "node:assert/strict";
import { MemoryBound } from "../../queue/memory_bound.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

/** A queue that holds so many bytes, and gives them up when it is told to. */
class Holder {
  unsentBytes = 0;
  pendingBytes = 0;
  readonly told: string[] = [];
  readonly #account: (bytes: number) => void;
  readonly #hasDisk: boolean;

  constructor(account: (bytes: number) => void, hasDisk: boolean) {
    this.#account = account;
    this.#hasDisk = hasDisk;
  }

  get spillableBytes(): number {
    return this.#hasDisk && this.pendingBytes === 0 ? this.unsentBytes : 0;
  }

  take(bytes: number): void {
    this.unsentBytes += bytes;
    this.#account(bytes);
  }

  spill(): void {
    this.told.push("spill");
    this.pendingBytes = this.unsentBytes;
  }

  written(): void {
    const bytes = this.pendingBytes;
    this.pendingBytes = 0;
    this.unsentBytes -= bytes;
    this.#account(-bytes);
  }

  shed(bytes: number): number {
    this.told.push("shed");
    this.unsentBytes -= bytes;
    this.#account(-bytes);
    return bytes;
  }
}

/** Two queues, and a bound of 1,600 bytes. */
function setUp(hasDisk = true) {
  const paused: boolean[] = [];
  const account = (bytes: number) => memory.account(bytes);
  const [full, low] = [new Holder(account, hasDisk), new Holder(account, hasDisk)];
  const memory: MemoryBound<Holder> = new MemoryBound<Holder>({
    clock: createVirtualClock(),
    limitBytes: 1_600,
    hasDisk,
    queues: () => [low, full],
    shed: () => {},
    pause: (isPaused) => paused.push(isPaused),
  });
  return { memory, full, low, paused };
}

Deno.test("MemoryBound moves the fullest queue to disk when memory is half full", () => {
  const { memory, full, low } = setUp();
  low.take(100);
  full.take(700);
  memory.look();
  assert.deepEqual([full.told, memory.hasRoom], [[], false]);
  full.take(50);
  memory.look();
  assert.deepEqual([full.told, low.told], [["spill"], []]);
});

Deno.test("MemoryBound leaves Discord unread while the disk is behind, and reads on when it is not", () => {
  const { memory, full, low, paused } = setUp();
  full.take(900);
  memory.look();
  low.take(150);
  memory.look();
  assert.deepEqual([paused, memory.isPaused], [[true], true]);
  full.written();
  assert.deepEqual([paused, memory.hasRoom], [[true, false], true]);
});

Deno.test("MemoryBound drops nothing before memory is three quarters full, and only without a disk", () => {
  const { memory, full, low } = setUp(false);
  low.take(100);
  full.take(1_100);
  memory.look();
  assert.deepEqual(full.told, []);
  full.take(20);
  memory.look();
  assert.deepEqual([full.told, low.told], [["shed"], []]);
});

Deno.test("MemoryBound lets many queues read less ahead, each", () => {
  const { memory } = setUp();
  assert.deepEqual([memory.pieceBytes(1), memory.pieceBytes(4)], [200, 50]);
});
