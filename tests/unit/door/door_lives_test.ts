/** How a door ends, and what it knows in its next life. */

import assert from "node:assert/strict";
import { memoryStore } from "../../../ports/store.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { isUnheard } from "../../../protocol/errors.ts";
import { cluster } from "../../support/peers.ts";
import { memorySpool } from "../../support/memory_spool.ts";
import { command, setUp, webhookEvent } from "./door_stage.ts";

Deno.test("Door that closes waits for what it is taking, refuses what comes, and leaves nothing running", async () => {
  const { clock, door, logged, take, answers, up, store, openSpool } = await setUp();
  take(command(clock, 0n), "one");
  await clock.advance(500);
  const closed = door.close();
  take(command(clock, 0n, 2), "two");
  await assert.rejects(door.takeHere(webhookEvent(1), "three"), isUnheard, "another unit takes it");
  await clock.advance(10_000);
  await closed;
  assert.deepEqual(answers.map(({ status }) => status), [503, 200]);
  take(command(clock, 0n, 3), "four");
  up();
  await clock.advance(10_000);
  assert.deepEqual([answers[2]!.status, logged, clock.pending], [503, [], 0]);
  const second = await setUp({ clock, store, openSpool });
  second.up();
  await clock.advance(10);
  assert.deepEqual(second.got.map(({ d }) => (d.gatehouse as { id: string }).id), ["one"]);
});

Deno.test("Door that closes on a disk that fails says so at once, and tries nothing again", async () => {
  const openSpool: OpenSpool = async (...which) => ({
    ...await memorySpool()(...which),
    append: () => Promise.reject(new Error("no room")),
  });
  const { clock, door, logged, take, answers } = await setUp({ openSpool });
  take(webhookEvent(1), "one");
  await clock.advance(100);
  const closed = door.close();
  await clock.advance(0);
  await closed;
  const { length } = logged;
  await clock.advance(10_000);
  assert.deepEqual([answers.map(({ status }) => status), logged.length], [[503], length]);
  assert.equal(clock.pending, 0);
});

Deno.test("Door tells what comes again the same, also in a later life: of a deferred interaction as well", async () => {
  const first = await setUp();
  const { clock, store, openSpool } = first;
  const event = command(clock, 0n);
  first.take(event, "one");
  await clock.advance(1_100);
  first.take(event, "one");
  await clock.advance(10);
  // Killed before anything is written down: the disk knows, too.
  const second = await setUp({ clock, store: memoryStore(), openSpool });
  second.take(event, "one");
  await clock.advance(1_000);
  await second.door.close();
  const third = await setUp({ clock, store: second.store, openSpool });
  third.take(event, "one");
  await clock.advance(1_000);
  const fourth = await setUp({ clock, store, openSpool: memorySpool() });
  fourth.take(event, "one");
  await clock.advance(10);
  const deferred = { status: 200, body: { type: 5 } };
  const all = [first, second, third, fourth].flatMap(({ answers }) => answers);
  assert.deepEqual(all, Array.from({ length: 5 }, () => deferred));
});

Deno.test("Door knows what went to a queue that is no more, and makes none for it", async () => {
  const first = await setUp();
  const { clock, store } = first;
  first.take(webhookEvent(1), "one");
  await clock.advance(10);
  first.up();
  await clock.advance(10);
  first.door.acknowledge(cluster(0), 1, { 0: first.got[0]!.cursor });
  await first.door.close();
  // The unit has another name since then, and its folder nothing of the old.
  const second = await setUp({ clock, store, firstQueueId: 2 ** 14 });
  second.take(webhookEvent(1), "one");
  await clock.advance(10);
  assert.deepEqual([second.answers, second.door.tally.repeats], [[{ status: 204 }], 1]);
});
