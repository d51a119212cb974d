import assert from "node:assert/strict";
import { memoryStore, type Store } from "../../../ports/store.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { unheard } from "../../../protocol/errors.ts";
import type { DoorEvent, FarDoor } from "../../../unit/door/door.ts";
import { cluster } from "../../support/peers.ts";
import { failingToClose, memorySpool } from "../../support/memory_spool.ts";
import { command, setUp, webhookEvent } from "./door_stage.ts";

Deno.test("Door answers once an event is on disk, and brings it to the cluster of its guild, with a note", async () => {
  const { clock, door, got, take, answers, up } = await setUp();
  up(0);
  up(1, 2);
  take(command(clock, 3n), "one");
  take(webhookEvent(1), "two");
  assert.deepEqual(answers, []);
  await clock.advance(1);
  assert.deepEqual(answers, [{ status: 202 }, { status: 204 }]);
  const shown = got.map(({ to, t, d }) => [to, t, d.gatehouse]);
  assert.deepEqual(shown.toSorted(), [
    [0, "APPLICATION_AUTHORIZED", { via: "http", id: "two", shard: "0/4" }],
    [1, "INTERACTION_CREATE", { via: "http", id: "one", shard: "3/4" }],
  ]);
  assert.deepEqual(door.tally, { interactions: 1, webhookEvents: 1, repeats: 0, refused: 0 });
});

Deno.test("Door takes what Discord sends again once, and says that it has it", async () => {
  const { clock, got, take, answers, up, door } = await setUp();
  up();
  take(webhookEvent(1), "same");
  take(webhookEvent(1), "same");
  await clock.advance(10);
  take(webhookEvent(1), "same");
  await clock.advance(10);
  assert.deepEqual(answers, [{ status: 204 }, { status: 204 }, { status: 204 }]);
  assert.equal(got.length, 1);
  assert.equal(door.tally.repeats, 2);
});

Deno.test("Door defers in the place of a bot that is away, and not of one that comes back within a second", async () => {
  const { clock, got, take, answers, up } = await setUp();
  take(command(clock, 0n, 1), "one");
  await clock.advance(500);
  up();
  await clock.advance(600);
  assert.deepEqual(answers, [{ status: 202 }]);
  const away = await setUp({ clock });
  away.take(command(clock, 0n, 2), "two");
  await clock.advance(1_100);
  assert.deepEqual(away.answers, [{ status: 200, body: { type: 5 } }]);
  assert.deepEqual(away.door.stoodIn, { deferred: 1, answered: 0, expired: 0 });
  away.up();
  await clock.advance(10);
  assert.deepEqual(away.got[0]!.d.gatehouse, {
    via: "http",
    id: "two",
    shard: "0/4",
    answered: "deferred",
  });
  assert.equal(got.length, 1);
});

Deno.test("Door of a later life brings what nobody was done with, once, in order, and takes no repeat", async () => {
  const first = await setUp();
  first.up();
  for (let n = 1; n <= 3; n++) first.take(webhookEvent(n), `${n}`);
  await first.clock.advance(10);
  first.door.acknowledge(cluster(0), 1, { 0: first.got[0]!.cursor });
  await first.clock.advance(1_000);
  const { clock, store, openSpool } = first;
  // Killed: nothing is closed.
  const second = await setUp({ clock, store, openSpool });
  second.take(webhookEvent(2), "2");
  second.take(webhookEvent(1), "1");
  second.take(webhookEvent(4), "4");
  second.up();
  await clock.advance(10);
  assert.deepEqual(second.got.map(({ d }) => d.n), [2, 3, 4]);
  const cursors = second.got.map(({ cursor }) => cursor);
  assert.deepEqual(cursors, cursors.toSorted((a, b) => a - b));
  assert.equal(second.got[0]!.cursor, first.got[1]!.cursor, "the same event has the same cursor");
  assert.deepEqual(second.answers.map(({ status }) => status), [204, 204, 204]);
});

Deno.test("Door says 503 where the disk does not take it, and 204 once it does", async () => {
  let isFull = true;
  const open = memorySpool();
  const openSpool: OpenSpool = async (...which) => {
    const spool = await open(...which);
    const append = spool.append.bind(spool);
    spool.append = (records) => isFull ? Promise.reject(new Error("no room")) : append(records);
    return spool;
  };
  const { clock, take, answers, logged } = await setUp({ openSpool });
  take(webhookEvent(1), "one");
  await clock.advance(2_000);
  assert.equal(answers[0]!.status, 503);
  assert.ok(logged.includes("what came over HTTP could not be kept on disk"));
  isFull = false;
  await clock.advance(5_000);
  take(webhookEvent(1), "one");
  await clock.advance(10);
  assert.equal(answers[1]!.status, 204);
});

Deno.test("Door takes nothing into memory without end while the disk hangs, and goes on once it does not", async () => {
  const open = memorySpool();
  const hanging: (() => void)[] = [];
  let hangs = true;
  const openSpool: OpenSpool = async (...which) => {
    const spool = await open(...which);
    const append = spool.append.bind(spool);
    spool.append = async (records) => {
      if (hangs) await new Promise<void>((resolve) => hanging.push(resolve));
      await append(records);
    };
    return spool;
  };
  const { clock, take, answers } = await setUp({ openSpool });
  const large = (n: number): DoorEvent => ({
    ...webhookEvent(n),
    payload: new TextEncoder().encode(
      `{"t":"APPLICATION_AUTHORIZED","s":null,"op":0,"d":{"n":${n},"x":"${"x".repeat(100_000)}"}}`,
    ),
  });
  for (let n = 0; n < 200; n++) {
    take(large(n), `${n}`);
    await clock.advance(0);
  }
  const { length: atOnce } = answers;
  assert.ok(atOnce > 100, `${atOnce} of 20 MB were refused at once`);
  assert.ok(answers.every(({ status }) => status === 503));
  await clock.advance(2_000);
  hangs = false;
  for (const written of hanging) written();
  await clock.advance(1_000);
  for (let n = 0; n < 200; n++) {
    take(large(n), `${n}`);
    await clock.advance(10);
  }
  assert.ok(answers.slice(200).every(({ status }) => status === 204));
  assert.equal(answers.length, 400);
});

Deno.test("Door of a later life takes again what an earlier one had in memory alone, and knows what was done with", async () => {
  const full: OpenSpool = async (...which) => ({
    ...await memorySpool()(...which),
    append: () => Promise.reject(new Error("no room")),
  });
  const first = await setUp({ openSpool: full });
  first.take(webhookEvent(1), "1");
  await first.clock.advance(2_000);
  assert.equal(first.answers[0]!.status, 503);
  const { clock, store } = first;
  // Killed: nothing is closed. The disk has room again.
  const second = await setUp({ clock, store });
  second.up();
  second.take(webhookEvent(2), "2");
  await clock.advance(10);
  second.take(webhookEvent(1), "1");
  await clock.advance(1_000);
  assert.deepEqual(second.got.map(({ d }) => d.n), [2, 1]);
  second.door.acknowledge(cluster(0), 1, { 0: second.got[1]!.cursor });
  await clock.advance(10);
  // Killed again, before it was written down that it was done with.
  const third = await setUp({ clock, store, openSpool: second.openSpool });
  third.up();
  third.take(webhookEvent(1), "1");
  await clock.advance(10);
  assert.deepEqual([third.answers, third.got], [[{ status: 204 }], []]);
});

Deno.test("Door of a later life brings what was for clusters that are no more to one that is", async () => {
  const first = await setUp();
  for (const n of [1n, 3n]) first.take(command(first.clock, n, Number(n)), `${n}`);
  await first.clock.advance(1_100);
  await first.door.close();
  const { clock, store, openSpool } = first;
  const second = await setUp({ clock, store, openSpool, clusterIds: [0], left: [0, 1, 2 ** 14] });
  second.up();
  await clock.advance(10);
  const ids = second.got.map(({ d }) => (d.gatehouse as { id: string }).id);
  assert.deepEqual([ids, second.got.map(({ to }) => to)], [["1", "3"], [0, 0]]);
  second.door.acknowledge(cluster(0), 1, { 1: second.got[1]!.cursor });
  await clock.advance(1_000);
  const third = await setUp({ clock, store, openSpool, clusterIds: [0], left: [1] });
  third.up();
  await clock.advance(10);
  assert.deepEqual(third.got, []);
});

Deno.test("Door writes down what it knows once at a time, however slow the disk is, and all of it in the end", async () => {
  const store = memoryStore();
  const writes: (() => void)[] = [];
  const slow: Store = {
    ...store,
    async save(name, value) {
      await new Promise<void>((resolve) => writes.push(resolve));
      await store.save(name, value);
    },
  };
  const { clock, take, up, door } = await setUp({ store: slow });
  up();
  for (let n = 1; n <= 10; n++) {
    take(webhookEvent(n), `${n}`);
    await clock.advance(500);
  }
  assert.equal(writes.length, 1, "nothing is heaped up behind it");
  const closed = door.close();
  for (let n = 0; n < 3; n++) {
    for (const written of writes.splice(0)) written();
    await clock.advance(10);
  }
  await closed;
  const { seen } = await store.load("door") as { seen: object };
  assert.equal(Object.keys(seen).length, 10);
});

Deno.test("Door writes nothing down once it is closed: the folder is somebody else's", async () => {
  const saves: unknown[] = [];
  const store: Store = {
    ...memoryStore(),
    save: (_, value) => (saves.push(value), Promise.resolve()),
  };
  const { clock, take, up, door, got } = await setUp({ store });
  up();
  take(webhookEvent(1), "1");
  await clock.advance(10);
  await door.close();
  const { length } = saves;
  door.acknowledge(cluster(0), 1, { 0: got[0]!.cursor });
  await clock.advance(10_000);
  assert.equal(saves.length, length);
});

Deno.test("Door takes again what it failed to take", async () => {
  const { clock, take, up, answers, door, got } = await setUp();
  up();
  const broken = { ...webhookEvent(1), payload: new TextEncoder().encode("{") };
  await assert.rejects(door.take(broken, "one"));
  take(webhookEvent(1), "one");
  await clock.advance(10);
  assert.deepEqual([answers, got.length], [[{ status: 204 }], 1]);
});

Deno.test("Door tells of an interaction whose token has died meanwhile as a GAP", async () => {
  const { clock, got, gaps, take, up } = await setUp();
  take(command(clock, 0n), "one");
  await clock.advance(16 * 60_000);
  up();
  await clock.advance(10);
  assert.deepEqual(got, []);
  assert.match(String(gaps[0]), /token of this interaction is dead/);
});

Deno.test("Door leaves to another unit what is for its clusters, and takes it where surely nobody has", async () => {
  let trouble: Error | null = null;
  const asked: string[] = [];
  const far: FarDoor = {
    take({ id, total }, { t }, key) {
      asked.push(`${id}/${total} ${t} ${key}`);
      return trouble ? Promise.reject(trouble) : Promise.resolve({ status: 202 });
    },
  };
  const { clock, got, take, answers, up } = await setUp({ far });
  up();
  take(command(clock, 2n), "one");
  await clock.advance(10);
  trouble = unheard("Cannot reach unit b: it is away");
  take(command(clock, 2n), "two");
  await clock.advance(10);
  trouble = new Error("no answer within 2700 ms");
  take(command(clock, 2n), "three");
  await clock.advance(10);
  assert.deepEqual(answers.map(({ status }) => status), [202, 202, 503]);
  assert.deepEqual(got.map(({ d }) => (d.gatehouse as { id: string }).id), ["two"]);
  assert.equal(asked[0], "2/4 INTERACTION_CREATE one");
});

Deno.test("Door that closes writes down what was done, and answers who waits, where a disk fails", async () => {
  const openSpool = memorySpool();
  const first = await setUp({ openSpool: failingToClose(0, openSpool) });
  first.up();
  first.take(webhookEvent(1), "1");
  await first.clock.advance(10);
  first.door.acknowledge(cluster(0), 1, { 0: first.got[0]!.cursor });
  await assert.rejects(first.door.close(), /the disk of shard 0 fails/);
  const second = await setUp({ clock: first.clock, store: first.store, openSpool });
  second.up();
  await second.clock.advance(10);
  assert.deepEqual([second.got, second.door.tally.repeats], [[], 0]);
  second.take(webhookEvent(1), "1");
  await second.clock.advance(10);
  assert.equal(second.door.tally.repeats, 1, "that it was taken is forgotten");
});
