import assert from "node:assert/strict";
import fc from "fast-check";
import { readBatch, RECORD } from "../../protocol/event_frame.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import { peerText } from "../../protocol/peer.ts";
import type { OpenSpool, Spool } from "../../ports/spool.ts";
import type { Safety } from "../../queue/worker_world.ts";
import { EventQueue } from "../../queue/worker_queue.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster, reader } from "../support/peers.ts";

const BOT = cluster(0);
const LOGGER = reader(0, "logger", 1);
const AUDIT = reader(0, "audit", 1);
const MEMORY_BYTES = 400_000;

/** Shard 0, its bot and who reads beside it, each of whom must get every event in its turn. */
class World {
  readonly clock = createVirtualClock();
  readonly openSpool: OpenSpool;
  /** By the text of the peer: the last cursor that it was sent, and that it has acknowledged. */
  readonly takers = new Map<string, { peer: PeerKey; taken: number; done: number; link: number }>();
  /** As the estate has it. */
  saved: Safety = { acknowledged: 0, readers: {}, done: 0, safe: 0 };
  sent = 0;
  queue: EventQueue;
  #link = 0;
  #life = 0;
  #isOpen = false;

  /** Whose disk has not been looked at. */
  constructor() {
    this.openSpool = memorySpool();
    this.queue = this.#live();
    this.#taker(BOT, 0);
  }

  static async create(): Promise<World> {
    const world = new World();
    await world.#open(0);
    return world;
  }

  accept(count: number, bytes = 100): void {
    for (let i = 0; i < count; i++) this.queue.accept(0, ++this.sent, new Uint8Array(bytes));
  }

  async begin(peer: typeof LOGGER): Promise<void> {
    if (this.takers.has(peerText(peer))) return;
    const newest = this.sent;
    await this.queue.read(peer);
    this.#taker(peer, newest);
  }

  async dismiss(peer: typeof LOGGER): Promise<void> {
    this.link(peer, false);
    this.takers.delete(peerText(peer));
    await this.queue.dismiss(peer);
  }

  link(peer: PeerKey, isUp: boolean): void {
    const taker = this.takers.get(peerText(peer));
    if (!taker) return;
    taker.link = isUp ? ++this.#link : 0;
    taker.taken = taker.done;
    this.queue.link(peer, isUp ? taker.link : null, 1 << 30);
  }

  acknowledge(peer: PeerKey, behind = 0): void {
    const taker = this.takers.get(peerText(peer));
    if (!taker?.link) return;
    taker.done = Math.max(taker.done, taker.taken - behind);
    this.queue.acknowledge(peer, taker.link, { 0: taker.done });
  }

  /** With what is in memory written down first, or not. */
  async restart(isClean: boolean): Promise<void> {
    const { saved, queue } = this;
    if (isClean) await queue.close();
    const { acknowledged, readers, safe } = isClean ? this.saved : saved;
    this.queue = this.#live();
    for (const taker of this.takers.values()) {
      const { peer } = taker;
      const name = peer.kind === "consumer" ? peer.reader! : null;
      assert.equal(name === null ? acknowledged : readers[name], taker.done, peerText(peer));
      if (peer.kind === "consumer") await this.queue.read(peer as typeof LOGGER, taker.done);
      this.link(peer, false);
    }
    assert.equal(Object.keys(readers).length, this.takers.size - 1);
    await this.#open(acknowledged);
    for (let cursor = safe + 1; cursor <= this.sent; cursor++) {
      this.queue.accept(0, cursor, new Uint8Array(100));
    }
  }

  /** Whoever is there takes and acknowledges until nothing comes any more. */
  async drain(...peers: PeerKey[]): Promise<void> {
    for (let before = -1; before !== this.#progress(); await this.clock.advance(1_000)) {
      before = this.#progress();
      await this.clock.advance(0);
      for (const peer of peers) this.acknowledge(peer);
    }
  }

  bytes(peer: PeerKey): { memory: number; disk: number } {
    const { queuedBytes, diskBytes } = peer.kind === "cluster"
      ? this.queue.of(0)
      : this.queue.reader(peer as typeof LOGGER)!;
    return { memory: queuedBytes, disk: diskBytes };
  }

  taken(peer: PeerKey): number {
    return this.takers.get(peerText(peer))!.taken;
  }

  /** Before that nothing is written down: of who is still being opened nothing can be said. */
  async #open(acknowledged: number): Promise<void> {
    await this.queue.open(0, acknowledged);
    this.#isOpen = true;
    this.saved = this.queue.safety(0);
  }

  #progress(): number {
    return [...this.takers.values()].reduce((sum, { taken, done }) => sum + taken + done, 0);
  }

  #taker(peer: PeerKey, from: number): void {
    this.takers.set(peerText(peer), { peer, taken: from, done: from, link: 0 });
  }

  #live(): EventQueue {
    const life = ++this.#life;
    this.#isOpen = false;
    const isAlive = () => life === this.#life;
    const queue: EventQueue = new EventQueue({
      clock: this.clock,
      totalShards: 1,
      clusterOfShard: { 0: 0 },
      limitBytes: MEMORY_BYTES,
      openSpool: async (...whose) => whileAlive(await this.openSpool(...whose), isAlive),
      changed: () => isAlive() && this.#isOpen && (this.saved = queue.safety(0)),
      send: (peer, link, batch) => {
        const taker = this.takers.get(peerText(peer))!;
        if (!isAlive() || link !== taker.link) return;
        for (const { cursor, kind } of readBatch(batch).records) {
          assert.equal(kind, RECORD.DISPATCH);
          assert.equal(cursor, taker.taken + 1, `${peerText(peer)} misses some, or has them again`);
          taker.taken = cursor;
        }
      },
    });
    return queue;
  }
}

/** What a process that was killed still says does not reach the disk. */
function whileAlive(spool: Spool, isAlive: () => boolean): Spool {
  const never = new Promise<never>(() => {});
  return new Proxy(spool, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => isAlive() ? value.apply(target, args) : never;
    },
  });
}

Deno.test("EventQueue brings a shard's events to its bot and to who reads beside it, from the newest on", async () => {
  const world = await World.create();
  world.link(BOT, true);
  world.accept(3);
  await world.begin(LOGGER);
  world.link(LOGGER, true);
  world.accept(2);
  await world.clock.advance(0);
  assert.deepEqual([world.taken(BOT), world.taken(LOGGER)], [5, 5]);
  world.acknowledge(BOT);
  assert.deepEqual(world.saved, { acknowledged: 5, readers: { logger: 3 }, done: 3, safe: 3 });
  world.acknowledge(LOGGER);
  assert.deepEqual(world.saved, { acknowledged: 5, readers: { logger: 5 }, done: 5, safe: 5 });
});

Deno.test("EventQueue takes what a reader is done with for nobody else's", async () => {
  const world = await World.create();
  await world.begin(LOGGER);
  for (const peer of [BOT, LOGGER]) world.link(peer, true);
  world.accept(4);
  await world.clock.advance(0);
  world.acknowledge(LOGGER);
  assert.equal(world.queue.of(0).queued, 4);
  assert.equal(world.saved.safe, 0);
});

Deno.test("EventQueue lets a slow reader wait on disk, within its bounds, and no one for it", async () => {
  const world = await World.create();
  await world.begin(LOGGER);
  for (const peer of [BOT, LOGGER]) world.link(peer, true);
  let most = 0;
  for (let moment = 0; moment < 300; moment++) {
    world.accept(20, 1_000);
    await world.clock.advance(0);
    assert.equal(world.taken(BOT), world.sent, "the bot gets each at once");
    world.acknowledge(BOT);
    most = Math.max(most, world.bytes(LOGGER).memory);
    await world.clock.advance(100);
  }
  assert.equal(world.queue.isPaused, false);
  assert.ok(most < MEMORY_BYTES, `${most} bytes in memory`);
  assert.ok(world.bytes(LOGGER).disk > 5_000_000);
  assert.deepEqual(world.bytes(BOT), { memory: 0, disk: 0 });
  await world.drain(LOGGER);
  assert.equal(world.taken(LOGGER), 6_000);
  assert.deepEqual(world.bytes(LOGGER), { memory: 0, disk: 0 });
});

Deno.test("EventQueue gives back what it held for a reader that has ended, and begins anew with its next", async () => {
  const world = await World.create();
  await world.begin(LOGGER);
  world.accept(500, 1_000);
  await world.clock.advance(3_000);
  assert.ok(world.bytes(LOGGER).disk > 0);
  await world.dismiss(LOGGER);
  const left = await world.openSpool(0, "logger");
  assert.deepEqual([left.first, left.bytes], [null, 0]);
  assert.deepEqual(world.saved.readers, {});
  await world.begin(LOGGER);
  world.link(LOGGER, true);
  world.accept(1);
  await world.clock.advance(0);
  assert.equal(world.taken(LOGGER), 501);
});

Deno.test("EventQueue resumes after what all are done with, and gives nobody what it has had", async () => {
  const world = await World.create();
  await world.begin(LOGGER);
  for (const peer of [BOT, LOGGER]) world.link(peer, true);
  world.accept(10);
  await world.clock.advance(0);
  world.acknowledge(BOT);
  world.acknowledge(LOGGER, 6);
  await world.restart(false);
  assert.equal(world.queue.of(0).queued, 0);
  for (const peer of [BOT, LOGGER]) world.link(peer, true);
  world.accept(1);
  await world.drain(BOT, LOGGER);
  assert.deepEqual([world.taken(BOT), world.taken(LOGGER)], [11, 11]);
});

Deno.test("EventQueue gives what is for somebody who reads no more to all who are there", async () => {
  const world = await World.create();
  for (const peer of [LOGGER, AUDIT]) await world.begin(peer);
  for (const peer of [BOT, LOGGER, AUDIT]) world.link(peer, true);
  const come = (name: string) => {
    world.queue.accept(0, ++world.sent, new Uint8Array(10), () => new Set([name]));
  };
  come("logger");
  await world.clock.advance(0);
  assert.deepEqual([BOT, LOGGER, AUDIT].map((peer) => world.taken(peer)), [0, 1, 0]);
  world.acknowledge(LOGGER);
  await world.dismiss(LOGGER);
  for (const peer of [BOT, AUDIT]) world.takers.get(peerText(peer))!.taken = 1;
  come("logger");
  await world.clock.advance(0);
  assert.deepEqual([BOT, AUDIT].map((peer) => world.taken(peer)), [2, 2]);
});

const PEER = fc.constantFrom<PeerKey>(BOT, LOGGER, AUDIT);
const READER = fc.constantFrom(LOGGER, AUDIT);

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

const MOVE = fc.oneof(
  move(6, "accept", fc.tuple(fc.nat(60), fc.nat(3_000)), (world, [count, bytes]) => {
    world.accept(count, bytes);
  }),
  move(5, "acknowledge", fc.tuple(PEER, fc.nat(20)), (world, [peer, behind]) => {
    world.acknowledge(peer, behind);
  }),
  move(4, "wait", fc.nat(2_500), ({ clock }, delayMs) => clock.advance(delayMs)),
  move(4, "link", fc.tuple(PEER, fc.boolean()), (world, [peer, isUp]) => world.link(peer, isUp)),
  move(3, "begin", READER, (world, peer) => world.begin(peer)),
  move(1, "dismiss", READER, (world, peer) => world.dismiss(peer)),
  move(1, "restart", fc.boolean(), (world, isClean) => world.restart(isClean)),
);

Deno.test("EventQueue loses nothing of bot and readers that come, go, are slow and outlive it", async () => {
  const property = fc.asyncProperty(
    fc.array(MOVE, { minLength: 20, maxLength: 80 }),
    async (moves) => {
      const world = await World.create();
      for (const each of moves) {
        await each(world);
        await world.clock.advance(0);
        assert.ok(world.queue.safety(0).safe <= world.sent);
      }
      const peers = [...world.takers.values()].map(({ peer }) => peer);
      for (const peer of peers) world.link(peer, true);
      await world.drain(...peers);
      for (const peer of peers) {
        assert.equal(world.taken(peer), world.sent, peerText(peer));
        assert.deepEqual(world.bytes(peer), { memory: 0, disk: 0 });
      }
      assert.equal(world.queue.safety(0).done, world.sent);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});
