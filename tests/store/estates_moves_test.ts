/** Estates that come from another unit, and go to one. */

import assert from "node:assert/strict";
import { logTo } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { type Estate, NO_ESTATE, withSafe, withSession } from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { stoppingStore } from "../support/stopping_store.ts";

const of = (id: number, total = 4) => ({ total, id });
const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] };
const sessionOf = (id: number, seq = 0, base = 100) => (
  { shardId: id, totalShards: 4, intents: 1, sessionId: `s${id}`, resumeUrl: null, seq, base }
);
const estateOf = (id: number): Estate => ({
  ...NO_ESTATE,
  session: sessionOf(id, 7),
  highest: 150,
  acknowledged: 107,
  readers: { logger: 104 },
  facts: FACTS,
  presence: { status: "idle" },
});

async function live(store: Store, newStream = "ours") {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = logTo((level, event) => lines.push(`${level} ${event}`));
  const estates = await Estates.open({ store, clock, log, newStream });
  const begin = () => estates.begin(4, [0, 1, 2, 3], 1);
  return { clock, estates, begin, lines };
}

Deno.test("Estates keep what came from another unit, and forget what went there", async () => {
  const store = memoryStore();
  const { estates, begin, clock } = await live(store);
  await begin();
  estates.adopt(of(2), estateOf(2));
  estates.adopt(of(3), estateOf(3));
  await clock.advance(1_000);
  estates.release(of(3));
  estates.release(of(0));
  assert.deepEqual(estates.of(of(3)), NO_ESTATE);
  await estates.close();
  assert.equal(await store.load("estate-3-of-4"), undefined);
  const next = await live(store);
  await next.begin();
  assert.deepEqual(next.estates.of(of(2)), estateOf(2));
  assert.deepEqual(next.estates.of(of(3)), NO_ESTATE);
  assert.deepEqual([...next.estates.sessions], [[4, 1]]);
});

for (let writes = 1; writes <= 8; writes++) {
  Deno.test(`Estates that go and come again while they are written are as they were last, killed after ${writes} writes`, async () => {
    const store = memoryStore();
    const { estates, begin, clock } = await live(stoppingStore(store, writes));
    await begin();
    estates.adopt(of(3), estateOf(3));
    void estates.saved();
    estates.release(of(3));
    estates.adopt(of(3), { ...estateOf(3), acknowledged: 110 });
    await clock.advance(0);
    estates.release(of(3));
    void estates.saved();
    estates.adopt(of(3), { ...estateOf(3), acknowledged: 120 });
    await clock.advance(2_000);
    const next = await live(store);
    await next.begin();
    const { acknowledged, session } = next.estates.of(of(3));
    assert.ok([0, 110, 120].includes(acknowledged), `${acknowledged}`);
    if (acknowledged === 0) assert.equal(session, null);
    if (writes === 8) assert.equal(acknowledged, 120);
  });
}

Deno.test("Estates of another numbering are of no use to a fleet, and are put away", async () => {
  const store = memoryStore();
  const first = await live(store);
  await first.begin();
  first.estates.change(of(3), (it) => withSession(it, { session: sessionOf(3), facts: FACTS }));
  await first.estates.close();
  const second = await live(store);
  second.estates.follow("ours");
  assert.deepEqual([...second.estates.sessions], [[4, 1]]);
  second.estates.follow("theirs");
  await second.begin();
  assert.deepEqual(second.estates.of(of(3)), NO_ESTATE);
  await second.estates.close();
  const third = await live(store);
  assert.equal(third.estates.stream, "theirs");
  assert.equal(await store.load("estate-3-of-4"), undefined);
});

Deno.test("Estates tell which of them have changed", async () => {
  const { estates, begin } = await live(memoryStore());
  await begin();
  const changed: number[] = [];
  const cancel = estates.watch(({ id }) => changed.push(id));
  estates.adopt(of(2), estateOf(2));
  estates.change(of(2), (it) => withSafe(it, { acknowledged: 110 }));
  estates.change(of(2), (it) => withSafe(it, { acknowledged: 110 }));
  cancel();
  estates.change(of(1), (it) => withSafe(it, { acknowledged: 5 }));
  assert.deepEqual(changed, [2, 2]);
});
