import assert from "node:assert/strict";
import { parseLeaderCard } from "../../../fleet/cards.ts";
import { Lead } from "../../../fleet/lead/lead.ts";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { LEAD_MS, LEASE_MS } from "../../../protocol/fleet.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";

/** Units that listen well: what they hear of the others is not in question here. */
function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const logged: string[] = [];
  const begin = (unit: string) => {
    const line = bus.line(unit);
    const lead = new Lead({
      clock: line.clock,
      log: logTo((level, event) => void (level !== "debug" && logged.push(`${unit} ${event}`))),
      keys: line.keys,
      unit,
      life: () => "1-0",
      listenedMs: () => line.clock.now(),
      changed() {},
    });
    const follow = () => {
      let isThere = false;
      let isNews = false;
      return line.keys.watch("leader", (key, entry) => {
        if (key !== null) {
          isThere = true;
          lead.told(entry, isNews);
          return;
        }
        if (!isThere && !isNews) lead.told(null, false);
        isNews = true;
      });
    };
    lead.connected(true);
    let cancel = follow();
    line.watch((isUp) => {
      lead.connected(isUp);
      cancel();
      if (isUp) cancel = follow();
    });
    const tick = () => {
      lead.tick();
      line.clock.after(500, tick);
    };
    tick();
    return { line, lead };
  };
  const written = () => {
    const entry = bus.entries.get("leader");
    return entry ? parseLeaderCard("leader", entry.value) : null;
  };
  return { clock, bus, begin, written, logged };
}

Deno.test("Lead is taken by one where nobody is known to lead, once nobody can be sure of it any more", async () => {
  const { clock, begin, written } = setUp();
  const [a, b] = [begin("a"), begin("b")];
  await clock.advance(LEAD_MS);
  assert.deepEqual([a.lead.term, b.lead.term], [null, null]);
  await clock.advance(2_000);
  const leader = written()!.unit;
  assert.equal([a.lead.term, b.lead.term].filter((term) => term === 1).length, 1);
  assert.deepEqual([a.lead.leader, b.lead.leader], [leader, leader]);
  await clock.advance(120_000);
  assert.deepEqual([written()!.unit, written()!.term], [leader, 1]);
});

Deno.test("Lead of who is silent for a lease is taken over, with the next term", async () => {
  const { clock, begin, written } = setUp();
  const a = begin("a");
  await clock.advance(12_000);
  const b = begin("b");
  await clock.advance(30_000);
  assert.deepEqual([a.lead.term, b.lead.term], [1, null]);
  a.line.freeze();
  await clock.advance(LEAD_MS);
  assert.equal(a.lead.term, null, "it is not sure any more");
  assert.equal(b.lead.term, null);
  await clock.advance(LEASE_MS - LEAD_MS + 1_000);
  assert.deepEqual([b.lead.term, written()!.term], [2, 2]);
  a.line.thaw();
  await clock.advance(5_000);
  assert.deepEqual([a.lead.term, a.lead.leader, b.lead.term], [null, "b", 2]);
});

Deno.test("Lead that is given up is taken at once", async () => {
  const { clock, begin, written } = setUp();
  const a = begin("a");
  await clock.advance(12_000);
  const b = begin("b");
  await clock.advance(1_000);
  void a.lead.resign();
  assert.equal(a.lead.term, null);
  await clock.advance(100);
  assert.deepEqual([b.lead.term, written()!.unit], [2, "b"]);
  await clock.advance(60_000);
  assert.equal(b.lead.term, 2);
});

Deno.test("Lead lapses while nothing can be written, and goes on with its term where nobody took it", async () => {
  const { clock, bus, begin, logged } = setUp();
  const a = begin("a");
  await clock.advance(12_000);
  bus.fill(true);
  await clock.advance(LEAD_MS);
  assert.equal(a.lead.term, null);
  await clock.advance(30_000);
  bus.fill(false);
  await clock.advance(2_000);
  assert.equal(a.lead.term, 1);
  assert.deepEqual(logged, [
    "a this unit leads",
    "a this unit leads no more, its lead could not be renewed",
    "a this unit leads again",
  ]);
});

Deno.test("Lead goes on over a server that was away for a moment, or has lost who led", async () => {
  for (const losingMs of [0, 20_000]) {
    const { clock, bus, begin, written } = setUp();
    const a = begin("a");
    await clock.advance(12_000);
    const b = begin("b");
    await clock.advance(5_000);
    bus.stop();
    await clock.advance(1_000);
    bus.start(losingMs);
    assert.equal(written() === null, losingMs > 0);
    await clock.advance(4_000);
    assert.deepEqual([a.lead.term, b.lead.term, written()!.unit], [1, null, "a"]);
  }
});

Deno.test("Lead is not gone on with where the server shows the past, and it is not sure", async () => {
  const { clock, bus, begin } = setUp();
  const a = begin("a");
  await clock.advance(12_000);
  const b = begin("b");
  await clock.advance(5_000);
  bus.part([["b"]]);
  await clock.advance(LEASE_MS + 2_000);
  assert.equal(b.lead.term, 2);
  b.line.freeze();
  // As it was while a led; b is sure of its lead and does not know, a has never heard of it.
  bus.stop();
  bus.start(10_000);
  bus.part(null);
  await clock.advance(5_000);
  assert.deepEqual([a.lead.term, b.lead.term], [null, 2]);
  b.line.thaw();
  await clock.advance(30_000);
  assert.equal([a.lead.term, b.lead.term].filter((term) => term !== null).length, 1);
});

Deno.test("Lead that was asked for without an answer is had, if it was written", async () => {
  const { clock, begin, written } = setUp();
  const a = begin("a");
  await clock.advance(LEAD_MS);
  // Half of what is asked and answered is lost.
  a.line.drop(0.5);
  await clock.advance(15_000);
  a.line.drop(0);
  await clock.advance(20_000);
  assert.equal(a.lead.term, written()!.term);
});

Deno.test("Lead is not wanted by who abstains, and a card that nobody can read is taken over", async () => {
  const { clock, bus, begin, written } = setUp();
  const a = begin("a");
  a.lead.abstain();
  await clock.advance(60_000);
  assert.equal(a.lead.term, null);
  void a.line.keys.put("leader", "garbage");
  await clock.advance(10);
  const b = begin("b");
  await clock.advance(LEASE_MS + 1_000);
  assert.equal(b.lead.term, 1);
  assert.equal(written()!.unit, "b");
  assert.ok(bus.entries.has("leader"));
});
