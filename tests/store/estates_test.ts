import assert from "node:assert/strict";
import { logTo, silentLog } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import {
  cursorFloor,
  NO_ESTATE,
  withCursor,
  withMark,
  withPresence,
  withSafe,
  withSession,
} from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { stoppingStore } from "../support/stopping_store.ts";

const INTENTS = 1;
const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] };
const GUILDS = { guildIds: ["3"], loadingGuildIds: [] };
const NEVER = new AbortController().signal;

/** Shard `id` of `total`, and a session of it. */
const of = (id: number, total = 4) => ({ total, id });
const began = (id: number, total = 4, base = 0) => {
  const ids = { shardId: id, totalShards: total, intents: INTENTS, sessionId: `${id}/${total}` };
  return { session: { ...ids, resumeUrl: "wss://r.test", seq: 0, base }, facts: FACTS };
};

const clock = createVirtualClock();

/** A life of a unit with these shards. */
async function live(store: Store, { total = 4, shardIds = [0, 1, 2, 3], intents = INTENTS } = {}) {
  const lines: string[] = [];
  const log = logTo((level, event, fields) =>
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`)
  );
  const estates = await Estates.open({ store, clock, log, newStream: "new" });
  await estates.begin(total, shardIds, intents);
  return { estates, lines };
}

/** A store with shard 3 of 4, which is acknowledged up to 107 and has given out 150. */
async function livedStore(): Promise<Store> {
  const store = memoryStore();
  const { estates } = await live(store);
  estates.change(of(3), (it) => withSession(it, began(3, 4, 100)));
  estates.change(of(3), (it) => withSafe(it, { acknowledged: 107, guilds: GUILDS }));
  estates.change(of(3), (it) => withCursor(it, 150));
  estates.change(of(3), (it) => withMark(it, { cursor: 140, mark: "answered", atMs: 5 }));
  await estates.close();
  return store;
}

Deno.test("Estates keeps presences in one file, which is written when one has changed", async () => {
  const base = await livedStore();
  const store = stoppingStore(base, 1_000);
  const first = await live(store);
  const set = (id: number, status: string | null) =>
    first.estates.change(of(id), (it) => withPresence(it, status === null ? null : { status }));
  for (const id of [0, 1, 3]) set(id, "idle");
  set(1, null);
  await first.estates.close();
  assert.deepEqual(store.writes, ["estates", "presences"]);
  const second = await live(store);
  assert.deepEqual(second.estates.of(of(3)).presence, { status: "idle" });
  assert.equal(second.estates.of(of(1)).presence, null);
  assert.equal(second.estates.of(of(3)).acknowledged, 107);
  await second.estates.close();
  assert.deepEqual(store.writes.slice(2), ["estates"]);
  // A shard of another total shows what the one of its id did, and so does the one after it.
  const third = await live(store, { total: 8 });
  assert.deepEqual(third.estates.of(of(3, 8)).presence, { status: "idle" });
  third.estates.change(of(3, 8), (it) => withSession(it, began(3, 8, 2_000_000)));
  await third.estates.close();
  const fourth = await live(store, { total: 8 });
  assert.deepEqual(fourth.estates.of(of(3, 8)).presence, { status: "idle" });
});

Deno.test("Estates writes presences again that could not be written, and reads none that is none", async () => {
  const base = memoryStore();
  let isFull = true;
  const store: Store = {
    ...base,
    save: (name, value) =>
      name === "presences" && isFull
        ? Promise.reject(new Error("disk is full"))
        : base.save(name, value),
  };
  const { estates, lines } = await live(store);
  estates.change(of(0), (it) => withPresence(it, { status: "idle" }));
  await clock.advance(1_000);
  assert.match(lines.at(-1)!, /disk is full/);
  isFull = false;
  await estates.close();
  assert.deepEqual(await base.load("presences"), { "0/4": { status: "idle" } });
  // Also of a shard of which nothing else is known.
  assert.deepEqual((await live(base)).estates.of(of(0)).presence, { status: "idle" });
  for (const wrong of [7, { "0/4": "idle" }, { "zero": { status: "idle" } }]) {
    await base.save("presences", wrong);
    const next = await live(base);
    assert.equal(next.estates.of(of(0)).presence, null);
  }
});

Deno.test("Estates gives a later life what this one has kept, stream and all", async () => {
  const store = memoryStore();
  const { estates } = await live(store);
  assert.equal(estates.stream, "new");
  assert.equal(estates.of(of(3)), NO_ESTATE);
  estates.change(of(3), (it) => withSession(it, began(3)));
  estates.change(of(3), (it) => withSafe(it, { acknowledged: 7, safe: 9, guilds: GUILDS }));
  estates.change(of(3), (it) => withMark(it, { cursor: 8, mark: "deferred", atMs: 1 }));
  estates.change(of(1), (it) => withSession(withSession(it, began(1)), null));
  await estates.close();
  const other = await Estates.open({ store, clock, log: silentLog, newStream: "newer" });
  await other.begin(4, [1, 3], INTENTS);
  assert.equal(other.stream, "new");
  assert.deepEqual(other.of(of(3)), estates.of(of(3)));
  assert.deepEqual(other.of(of(1)), estates.of(of(1)));
  assert.equal(other.of(of(3)).session!.seq, 9);
});

Deno.test("Estates writes a session that began at once: a unit that is killed now must find it", async () => {
  const store = stoppingStore(memoryStore(), Infinity);
  const { estates } = await live(store);
  estates.change(of(3), (it) => withCursor(it, 7));
  estates.change(of(0), (it) => withSession(it, began(0)));
  estates.change(of(1), (it) => withSession(it, began(1)));
  await clock.advance(0);
  assert.deepEqual(store.writes.splice(0), ["estate-0-of-4", "estate-1-of-4", "estates"]);
  await clock.advance(500);
  assert.deepEqual(store.writes, [], "nothing is left");
  estates.change(of(0), (it) => withSession(it, null));
  await clock.advance(499);
  assert.deepEqual(store.writes, [], "one that ended can wait");
});

Deno.test("Estates that begin while others are being written share the next write", async () => {
  const store = memoryStore();
  const gate = Promise.withResolvers<void>();
  const writes: string[] = [];
  const slow = {
    ...store,
    async save(name: string, value: unknown) {
      await gate.promise;
      writes.push(name);
      await store.save(name, value);
    },
  };
  const { estates } = await live(slow);
  for (const id of [0, 1, 2, 3]) {
    estates.change(of(id), (it) => withSession(it, began(id)));
    await clock.advance(0);
  }
  gate.resolve();
  await estates.close();
  const points = writes.filter((name) => name === "estates");
  assert.equal(points.length, 2, `${writes}`);
});

Deno.test("Estates writes what changed within half a second, once, and nothing where nothing did", async () => {
  const store = stoppingStore(memoryStore(), Infinity);
  const { estates } = await live(store);
  for (const id of [0, 1]) {
    estates.change(of(id), (it) => withSafe(it, { acknowledged: 1, guilds: GUILDS }));
  }
  await clock.advance(499);
  assert.deepEqual(store.writes, []);
  await clock.advance(1);
  assert.deepEqual(store.writes.splice(0), ["estate-0-of-4", "estate-1-of-4", "estates"]);
  estates.change(of(0), (it) => withSafe(it, { acknowledged: 5 }));
  await clock.advance(500);
  assert.deepEqual(store.writes.splice(0), ["estates"], "guilds are large and seldom change");
  estates.change(of(0), (it) => withSafe(it, { acknowledged: 5 }));
  await clock.advance(500);
  assert.deepEqual(store.writes, []);
});

Deno.test("Estates writes what comes while it writes afterwards, and in the end what is left", async () => {
  const store = memoryStore();
  const gate = Promise.withResolvers<void>();
  const slow = {
    ...store,
    save: (...it: Parameters<Store["save"]>) => gate.promise.then(() => store.save(...it)),
  };
  const { estates } = await live(slow);
  estates.change(of(0), (it) => withSession(it, began(0)));
  await clock.advance(500);
  estates.change(of(0), (it) => withSafe(it, { acknowledged: 5, guilds: GUILDS }));
  const closed = estates.close();
  gate.resolve();
  await closed;
  estates.change(of(0), (it) => withSafe(it, { acknowledged: 6 }));
  await clock.advance(5_000);
  const { acknowledged, guilds } = (await live(store)).estates.of(of(0));
  assert.deepEqual([acknowledged, guilds], [5, GUILDS]);
});

Deno.test("Estates whose file cannot be written keeps the point that goes with the old one, says so, and tries again", async () => {
  const store = memoryStore();
  let isFull = false;
  const full = {
    ...store,
    save: (name: string, value: unknown) =>
      isFull && name === "estate-0-of-4"
        ? Promise.reject(new Error("no space left"))
        : store.save(name, value),
  };
  const { estates, lines } = await live(full);
  for (const id of [0, 1]) estates.change(of(id), (it) => withSession(it, began(id)));
  await clock.advance(500);
  isFull = true;
  for (const id of [0, 1]) {
    estates.change(of(id), (it) => withSafe(it, { acknowledged: 5, guilds: GUILDS }));
  }
  await clock.advance(500);
  assert.deepEqual(lines, ['error session points were not saved {"error":"no space left"}']);
  const found = (await live(store)).estates;
  assert.deepEqual([0, 1].map((id) => found.of(of(id)).session!.seq), [0, 5]);
  assert.deepEqual([0, 1].map((id) => found.of(of(id)).highest), [5, 5], "cursors do not go back");
  isFull = false;
  await estates.close();
  assert.deepEqual((await live(store)).estates.of(of(0)), estates.of(of(0)));
});

Deno.test("Estates tells what can be resumed, and what cannot", async () => {
  const store = await livedStore();
  assert.deepEqual((await live(store)).lines, [
    'info sessions of an earlier run are resumed {"sessions":1}',
  ]);
  const other =
    'warn sessions of an earlier run cannot be resumed: other shard count or intents {"sessions":1}';
  for (const changed of [{ intents: 2 }, { total: 8 }]) {
    assert.deepEqual((await live(store, changed)).lines, [other]);
  }
  assert.deepEqual((await live(memoryStore())).lines, []);
});

Deno.test("Estates tells nothing of shards that this unit does not run", async () => {
  const store = await livedStore();
  for (const changed of [{}, { intents: 2 }, { total: 8 }, { total: 2 }]) {
    assert.deepEqual((await live(store, { ...changed, shardIds: [0, 1] })).lines, []);
  }
});

Deno.test("intents that were wrong until an early stop have cost nothing", async () => {
  const store = await livedStore();
  const before = (await live(store)).estates.of(of(3));
  const wrong = await live(store, { intents: 2 });
  wrong.estates.change(of(0), (it) => withCursor(it, 7));
  wrong.estates.change(of(3), (it) => withSafe(it, { acknowledged: 108 }));
  await wrong.estates.close();
  const { session } = (await live(store)).estates.of(of(3));
  assert.deepEqual(session, { ...before.session, seq: 8 });
});

Deno.test("a shard with other intents has no session, and what is not the session's", async () => {
  const { estates } = await live(await livedStore(), { intents: 2 });
  const { session, highest, acknowledged, facts } = estates.of(of(3));
  assert.deepEqual([session, highest, acknowledged, facts], [null, 150, 107, FACTS]);
});

Deno.test("a shard of another total begins above the one of its id that ran before it", async () => {
  const { estates } = await live(await livedStore(), { total: 8 });
  assert.deepEqual(estates.of(of(3, 8)), {
    ...NO_ESTATE,
    highest: 150,
    acknowledged: 107,
    marks: [{ cursor: 140, mark: "answered", atMs: 5 }],
  });
  assert.equal(estates.of(of(3, 4)), NO_ESTATE, "that one does not run");
});

Deno.test("a total that never got a session leaves the sessions of the one before it as they were", async () => {
  const store = await livedStore();
  const before = (await live(store)).estates.of(of(3));
  const wrong = await live(store, { total: 8, shardIds: [0, 1, 2, 3, 4, 5, 6, 7] });
  wrong.estates.change(of(3, 8), (it) => withCursor(it, 150));
  await wrong.estates.close();
  assert.deepEqual((await live(store)).estates.of(of(3)), before);
});

Deno.test("cursors of an id grow through every change of total, and old sessions are not taken up again", async () => {
  const store = await livedStore();
  for (const total of [8, 4, 8]) {
    const { estates } = await live(store, { total });
    const { session, highest } = estates.of(of(3, total));
    assert.equal(session, null);
    const base = cursorFloor(estates.of(of(3, total))) + 1;
    assert.ok(base > highest! + 1_000_000);
    estates.change(of(3, total), (it) => withSession(it, began(3, total, base)));
    await estates.close();
    assert.ok((await live(store, { total })).estates.of(of(3, total)).session);
  }
});

Deno.test("Estates of a lost index begins another stream, in which old files do not count", async () => {
  const store = await livedStore();
  await store.remove("estates");
  const { estates } = await live(store);
  assert.equal(estates.of(of(3)), NO_ESTATE);
  await store.save("estates", { stream: "other", shards: { "3/4": { highest: 1 } } });
  const { session, guilds, highest } = (await live(store)).estates.of(of(3));
  assert.deepEqual([session, guilds, highest], [null, null, 1]);
});

Deno.test("Estates whose points and files are of different times resumes no session that has ended", async () => {
  const store = await livedStore();
  const index = await store.load("estates") as { shards: Record<string, object> };
  const point = { ...index.shards["3/4"], acknowledged: 3_000_000 };
  await store.save("estates", { ...index, shards: { "3/4": point } });
  const { session, highest } = (await live(store)).estates.of(of(3));
  assert.deepEqual([session, highest], [null, 3_000_000]);
});

Deno.test("Estates distrusts what it reads", async () => {
  for (
    const saved of [null, 7, {}, { shards: {} }, { stream: "s" }, { stream: "s", shards: 7 }, {
      stream: "s",
      shards: { "3": {}, "x/4": {}, constructor: {} },
    }]
  ) {
    const store = memoryStore();
    await store.save("estates", saved);
    assert.equal((await live(store)).estates.of(of(3)), NO_ESTATE);
  }
  const store = await livedStore();
  const { stream, shards } = await store.load("estates") as Record<string, unknown>;
  const file = await store.load("estate-3-of-4") as { session: object };
  await store.save("estates", { stream, shards: { ...shards as object, "2/4": null } });
  assert.equal((await live(store)).estates.of(of(2)).highest, 0, "it lived");
  // A point of another session says nothing of this one.
  await store.save("estate-3-of-4", { ...file, session: { ...file.session, base: 99, seq: 0 } });
  assert.equal((await live(store)).estates.of(of(3)).session!.seq, 0);
  for (const session of [{ ...file.session, shardId: 2 }, { ...file.session, seq: "7" }, null]) {
    await store.save("estate-3-of-4", { ...file, session });
    assert.equal((await live(store)).estates.of(of(3)).session, null);
  }
  await store.remove("estate-3-of-4");
  const { session, acknowledged } = (await live(store)).estates.of(of(3));
  assert.deepEqual([session, acknowledged], [null, 107]);
});

Deno.test("Estates.until() gives what is there at once, and what comes when it comes", async () => {
  const { estates } = await live(memoryStore());
  const waiting = estates.until(of(1), ({ facts }) => facts, NEVER);
  estates.change(of(0), (it) => withSession(it, began(0)));
  estates.change(of(1), (it) => withCursor(it, 3));
  estates.change(of(1), (it) => withSession(it, began(1)));
  assert.equal(await waiting, FACTS);
  assert.equal(await estates.until(of(1), ({ facts }) => facts, NEVER), FACTS);
});

Deno.test("Estates.until() gives up with the reason of the signal", async () => {
  const { estates } = await live(memoryStore());
  const late = new AbortController();
  const waiting = estates.until(of(0), ({ facts }) => facts, late.signal);
  late.abort(new Error("too late"));
  await assert.rejects(waiting, /too late/);
});
