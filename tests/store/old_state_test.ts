import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { type Estate, NO_ESTATE, withSafe } from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { readOldState } from "../../store/old_state.ts";
import { oldStateOf } from "../support/old_state.ts";
import { stoppingStore } from "../support/stopping_store.ts";

const TOTAL = 4;
const IDS = [0, 1, 2, 3];

/** What e038c8e wrote for two shards, as text. Shard 1 had lost its session. */
const FILES: Readonly<Record<string, string>> = {
  sessions: `{"stream":"57ream","shards":{
    "0":{"session":{"shardId":0,"totalShards":4,"intents":1,"sessionId":"abc",
      "resumeUrl":"wss://r.test","seq":7,"base":100},"acknowledged":107,"highest":150},
    "1":{"session":null,"acknowledged":30,"highest":40}}}`,
  away: `{"shards":{"0":[[108,"deferred",5000],[109,"answered",5001]]}}`,
  facts: `{"totalShards":4,"shards":{
    "0":{"user":{"id":"1"},"application":{"id":"2"},"guildIds":["8"]},
    "1":{"user":{"id":"1"},"application":{"id":"2"},"guildIds":[]}}}`,
  "guilds-0": `{"guildIds":["8","9"],"loadingGuildIds":["9"],"membersCached":true}`,
};

const ESTATES: ReadonlyMap<number, Estate> = new Map([
  [0, {
    ...NO_ESTATE,
    session: {
      ...{ shardId: 0, totalShards: 4, intents: 1, sessionId: "abc" },
      ...{ resumeUrl: "wss://r.test", seq: 7, base: 100 },
    },
    highest: 150,
    acknowledged: 107,
    guilds: { guildIds: ["8", "9"], loadingGuildIds: ["9"], membersCached: true },
    marks: [
      { cursor: 108, mark: "deferred", atMs: 5000 },
      { cursor: 109, mark: "answered", atMs: 5001 },
    ],
    facts: { user: { id: "1" }, application: { id: "2" }, guildIds: ["8"] },
  }],
  [1, {
    ...NO_ESTATE,
    highest: 40,
    acknowledged: 30,
    facts: { user: { id: "1" }, application: { id: "2" }, guildIds: [] },
  }],
]);

async function oldStore(files: Readonly<Record<string, string>> = FILES): Promise<Store> {
  const store = memoryStore();
  for (const [name, text] of Object.entries(files)) await store.save(name, JSON.parse(text));
  return store;
}

async function open(store: Store) {
  const clock = createVirtualClock();
  const estates = await Estates.open({ store, clock, log: silentLog, newStream: "new" });
  await estates.begin(TOTAL, IDS, 1);
  return { estates, clock };
}

function assertConverted(estates: Estates): void {
  assert.equal(estates.stream, "57ream");
  for (const [id, estate] of ESTATES) assert.deepEqual(estates.of({ total: TOTAL, id }), estate);
}

async function assertOldIsGone(store: Store): Promise<void> {
  for (const name of Object.keys(FILES)) assert.equal(await store.load(name), undefined, name);
}

Deno.test("the state of e038c8e is taken over, and lives on in new files", async () => {
  const store = await oldStore();
  assertConverted((await open(store)).estates);
  await assertOldIsGone(store);
  assertConverted((await open(store)).estates);
});

Deno.test("a shard that was stopped before it had a session never lived, whatever e038c8e wrote of it", async () => {
  const sessions = JSON.parse(FILES.sessions!);
  sessions.shards["2"] = { session: null, acknowledged: 0, highest: 0 };
  const store = await oldStore({ ...FILES, sessions: JSON.stringify(sessions) });
  for (const { estates } of [await open(store), await open(store)]) {
    assertConverted(estates);
    assert.equal(estates.of({ total: TOTAL, id: 2 }), NO_ESTATE);
  }
});

Deno.test("a conversion that is killed between any two writes begins anew, or ends the next time", async () => {
  const all = stoppingStore(await oldStore(), Infinity);
  await open(all);
  const index = all.writes.indexOf("estates");
  assert.ok(all.writes.every((name, at) => name.startsWith("-") === at > index), `${all.writes}`);
  for (let stop = 0; stop < all.writes.length; stop++) {
    const store = await oldStore();
    // It never comes back.
    void open(stoppingStore(store, stop));
    for (let turn = 0; turn < 200; turn++) await null;
    assertConverted((await open(store)).estates);
    await assertOldIsGone(store);
  }
});

for (const fails of ["estate-0-of-4", "estates"]) {
  Deno.test(`a disk on which ${fails} cannot be written keeps the old files until it can`, async () => {
    const store = await oldStore();
    let isFull = true;
    const full: Store = {
      ...store,
      save: (name, value) =>
        isFull && name === fails ? Promise.reject(new Error("full")) : store.save(name, value),
    };
    const { estates, clock } = await open(full);
    assertConverted(estates);
    for (const [name, text] of Object.entries(FILES)) {
      assert.deepEqual(await store.load(name), JSON.parse(text));
    }
    assertConverted((await open(memoryCopy(await filesOf(store)))).estates);
    isFull = false;
    estates.change({ total: TOTAL, id: 0 }, (it) => withSafe(it, { acknowledged: 108 }));
    await clock.advance(500);
    await assertOldIsGone(store);
    assert.equal((await open(store)).estates.of({ total: TOTAL, id: 0 }).session!.seq, 8);
  });
}

Deno.test("readOldState() finds nothing where nothing is, or where there are no sessions", async () => {
  const { sessions: _, ...rest } = FILES;
  for (const files of [{}, rest, { sessions: "7" }, { sessions: '{"shards":{}}' }]) {
    assert.equal(await readOldState(await oldStore(files)), null);
  }
});

Deno.test("readOldState() takes what is garbled for shards that lived, and ids that are none for nothing", async () => {
  const shards = { 0: null, 1: { session: 7, acknowledged: -1 }, x: {}, "-1": {} };
  const store = memoryStore();
  await store.save("sessions", { stream: "s", shards });
  await store.save("away", { shards: { 0: [[1, "deferred"], 7, [2, "answered", 3]] } });
  const { estates } = (await readOldState(store))!;
  const lived = { ...NO_ESTATE, highest: 0 };
  assert.deepEqual([...estates.values()], [
    { ...lived, marks: [{ cursor: 2, mark: "answered", atMs: 3 }] },
    lived,
  ]);
});

Deno.test("readOldState() goes by the total of each session, and takes facts of another for none", async () => {
  const facts = FILES.facts!.replace('"totalShards":4', '"totalShards":8');
  const { estates } = (await readOldState(await oldStore({ ...FILES, facts })))!;
  assert.deepEqual([...estates.keys()], ["0/4", "1/8"]);
  assert.equal(estates.get("0/4")!.facts, null);
});

Deno.test("oldStateOf() makes what e038c8e wrote", () => {
  const files = Object.entries(FILES).map(([name, text]) => [name, JSON.parse(text)]);
  assert.deepEqual(Object.fromEntries(oldStateOf("57ream", 4, ESTATES)), Object.fromEntries(files));
});

async function filesOf(store: Store): Promise<[string, unknown][]> {
  const names = [...Object.keys(FILES), "estates", "estate-0-of-4", "estate-1-of-4"];
  return await Promise.all(
    names.map(async (name) => [name, await store.load(name)] as [string, unknown]),
  );
}

function memoryCopy(files: readonly [string, unknown][]): Store {
  const store = memoryStore();
  for (const [name, value] of files) if (value !== undefined) void store.save(name, value);
  return store;
}
