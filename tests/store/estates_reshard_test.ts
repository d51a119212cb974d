/** Estates of shards of two totals that live side by side. */

import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import {
  cursorFloor,
  NO_ESTATE,
  withCursor,
  withPresence,
  withSafe,
  withSession,
} from "../../protocol/estate.ts";
import { type ShardKey, shardRange } from "../../protocol/ids.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";

const INTENTS = 1;
const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] };
const clock = createVirtualClock();

const of = (id: number, total: number): ShardKey => ({ total, id });

function begins(estates: Estates, key: ShardKey): number {
  const base = cursorFloor(estates.of(key));
  const session = {
    shardId: key.id,
    totalShards: key.total,
    intents: INTENTS,
    sessionId: `${key.id}/${key.total} from ${base}`,
    resumeUrl: null,
    seq: 0,
    base,
  };
  estates.change(key, (it) => withSession(it, { session, facts: FACTS }));
  return base;
}

/** A life of a unit with the shards of a total, or in the midst of a reshard. */
async function live(store: Store, ...totals: [number, number?]) {
  const estates = await Estates.open({ store, clock, log: silentLog, newStream: "new" });
  const [total, beside] = totals;
  if (beside === undefined) await estates.begin(total, shardRange(0, total - 1), INTENTS);
  else await estates.goOn([total, beside], INTENTS);
  return estates;
}

const sessionOf = (estates: Estates, ...key: [number, number]) =>
  estates.of(of(...key)).session?.sessionId ?? null;

Deno.test("Estates takes each of two totals up by itself: neither is the other's heir", async () => {
  const store = memoryStore();
  const first = await live(store, 4);
  for (const id of [0, 3]) begins(first, of(id, 4));
  for (const id of [0, 3]) first.rise(of(id, 8), [of(id % 4, 4)]);
  const bases = [begins(first, of(0, 8)), begins(first, of(3, 8))];
  await first.close();
  const second = await live(store, 4, 8);
  assert.deepEqual(Object.fromEntries(second.sessions), { 4: 2, 8: 2 });
  assert.deepEqual([sessionOf(second, 0, 4), sessionOf(second, 3, 4)], [
    "0/4 from 0",
    "3/4 from 0",
  ]);
  assert.deepEqual(
    [sessionOf(second, 0, 8), sessionOf(second, 3, 8)],
    [`0/8 from ${bases[0]}`, `3/8 from ${bases[1]}`],
  );
  await second.close();
  const other = await live(store, 8, 4);
  assert.equal(sessionOf(other, 0, 4), "0/4 from 0", "whichever of them comes first");
  assert.equal(sessionOf(other, 0, 8), `0/8 from ${bases[0]}`);
});

Deno.test("Estates.rise() gives a shard its parents' presence, and their readers from its beginning on", async () => {
  const estates = await live(memoryStore(), 2);
  begins(estates, of(0, 2));
  estates.change(of(0, 2), (it) => withSafe(it, { acknowledged: 9, readers: { logger: 5 } }));
  estates.change(of(0, 2), (it) => withPresence(it, { status: "idle" }));
  for (const id of [0, 2]) estates.rise(of(id, 4), [of(0, 2)]);
  for (const id of [0, 2]) {
    const { readers, presence, session, acknowledged, highest } = estates.of(of(id, 4));
    assert.deepEqual([presence, session], [{ status: "idle" }, null]);
    assert.deepEqual(readers, { logger: cursorFloor(estates.of(of(id, 4))) });
    assert.equal(acknowledged, highest ?? 0, "what it gave out before is nobody's any more");
  }
  assert.ok(begins(estates, of(2, 4)) > 0, "that it was not there before can be told");
});

Deno.test("Estates.rise() leaves one that is up as it is, but for readers that have come since", async () => {
  const store = memoryStore();
  const first = await live(store, 2);
  begins(first, of(0, 2));
  first.rise(of(0, 4), [of(0, 2)]);
  const base = begins(first, of(0, 4));
  first.change(of(0, 4), (it) => withCursor(it, base + 7));
  await first.close();
  const second = await live(store, 2, 4);
  second.change(of(0, 2), (it) => withSafe(it, { readers: { logger: 5 } }));
  second.rise(of(0, 4), [of(0, 2)]);
  assert.equal(sessionOf(second, 0, 4), `0/4 from ${base}`);
  assert.deepEqual(second.of(of(0, 4)).readers, { logger: base + 7 });
});

Deno.test("Estates.forget() leaves how far the cursors have come, and no file", async () => {
  const store = memoryStore();
  const estates = await live(store, 4);
  begins(estates, of(3, 4));
  estates.change(of(3, 4), (it) => withCursor(it, 70));
  estates.change(of(3, 4), (it) => withPresence(it, { status: "idle" }));
  await estates.saved();
  assert.notEqual(await store.load("estate-3-of-4"), undefined);
  estates.forget(of(3, 4));
  await clock.advance(500);
  assert.equal(await store.load("estate-3-of-4"), undefined);
  assert.deepEqual(await store.load("presences"), {});
  assert.deepEqual([sessionOf(estates, 3, 4), estates.of(of(3, 4)).highest], [null, 70]);
  await estates.close();
  const next = await live(store, 4);
  assert.deepEqual([sessionOf(next, 3, 4), next.of(of(3, 4)).highest], [null, 70]);
  assert.equal(cursorFloor(next.of(of(3, 4))) > 70, true, "although it was given up");
});

Deno.test("Estates does not make anybody the heir of a shard that was given up", async () => {
  const store = memoryStore();
  const first = await live(store, 4);
  begins(first, of(0, 4));
  first.rise(of(0, 8), [of(0, 4)]);
  assert.ok(begins(first, of(0, 8)) > 2 ** 32, "above all that 0/4 will come to meanwhile");
  first.forgetAll(8);
  await first.close();
  assert.equal(sessionOf(await live(store, 4), 0, 4), "0/4 from 0");
});

Deno.test("Estates does not find a session again that was ended just before another rose", async () => {
  const store = memoryStore();
  const first = await live(store, 4);
  begins(first, of(0, 4));
  await first.saved();
  first.forget(of(0, 4));
  first.rise(of(0, 4), []);
  await first.close();
  assert.equal(sessionOf(await live(store, 4), 0, 4), null);
  const second = await live(store, 4);
  begins(second, of(1, 4));
  await second.saved();
  // Killed after the points were written, before the file was removed.
  const killed: Store = { ...store, remove: () => new Promise(() => {}) };
  const third = await live(killed, 4);
  third.forget(of(1, 4));
  await clock.advance(500);
  const fourth = await live(store, 4);
  assert.equal(sessionOf(fourth, 1, 4), null);
  await fourth.close();
  assert.equal(sessionOf(await live(store, 4), 1, 4), null);
});

Deno.test("Estates lets the cursors of a shard grow, however often its total is left and come back to", async () => {
  const store = memoryStore();
  const newest = new Map<string, number>();
  const note = (estates: Estates, id: number, total: number) => {
    const base = begins(estates, of(id, total));
    const key = `${id}/${total}`;
    assert.ok(base >= (newest.get(key) ?? 0), `${key} begins at ${base}`);
    newest.set(key, base + 50);
    estates.change(of(id, total), (it) => withCursor(it, base + 50));
  };
  let [from, to] = [2, 4];
  let estates = await live(store, from);
  for (const id of shardRange(0, from - 1)) note(estates, id, from);
  for (let i = 0; i < 6; i++) {
    estates.forgetAll(to);
    for (const id of shardRange(0, to - 1)) {
      estates.rise(of(id, to), shardRange(0, from - 1).map((it) => of(it, from)));
      note(estates, id, to);
    }
    await estates.close();
    estates = await live(store, from, to);
    for (const id of shardRange(0, from - 1)) estates.forget(of(id, from));
    await estates.close();
    [from, to] = [to, from];
    // Every other time the operator has it begin with the other total by a restart.
    estates = await live(store, i % 2 === 0 ? from : to);
    if (i % 2 === 0) continue;
    [from, to] = [to, from];
    for (const id of shardRange(0, from - 1)) note(estates, id, from);
  }
});

Deno.test("Estates goes on with what is live of a total whose other shards were given up", async () => {
  const store = memoryStore();
  const first = await live(store, 2);
  for (const id of [0, 1]) begins(first, of(id, 2));
  for (const id of [0, 2]) {
    first.rise(of(id, 4), [of(0, 2)]);
    begins(first, of(id, 4));
  }
  first.forget(of(0, 2));
  await first.close();
  const second = await live(store, 2, 4);
  assert.deepEqual(
    [sessionOf(second, 0, 2), sessionOf(second, 1, 2), sessionOf(second, 2, 4)],
    [null, "1/2 from 0", `2/4 from ${cursorFloor({ ...NO_ESTATE, highest: 0 })}`],
  );
  assert.deepEqual([second.isOver(of(0, 2)), second.isOver(of(1, 2))], [true, false]);
  // The way back: it is above what the one of its id has given out meanwhile.
  const { highest } = second.of(of(0, 4));
  second.rise(of(0, 2), [of(0, 4), of(2, 4)]);
  assert.ok(begins(second, of(0, 2)) > highest!);
});

Deno.test("Estates makes nobody an heir where none is to be, and lets cursors grow all the same", async () => {
  const store = memoryStore();
  const first = await live(store, 4);
  for (const id of [0, 1]) begins(first, of(id, 4));
  first.rise(of(0, 8), [of(0, 4)]);
  begins(first, of(0, 8));
  first.forget(of(1, 4));
  await first.close();
  const second = await Estates.open({ store, clock, log: silentLog, newStream: "new" });
  await second.begin(4, shardRange(0, 3), INTENTS, false, false);
  assert.equal(sessionOf(second, 0, 4), "0/4 from 0");
  assert.deepEqual([sessionOf(second, 1, 4), second.of(of(1, 4)).highest], [null, 0]);
});
