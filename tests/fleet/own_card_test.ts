import assert from "node:assert/strict";
import { encodeUnitCard, parseUnitCard } from "../../fleet/cards.ts";
import { OwnCard } from "../../fleet/own_card.ts";
import { seededRandom } from "../../ports/random.ts";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../support/fleet/sim_line.ts";
import { card } from "./fleets.ts";

const FACTS = { cores: 2, clusters: 1, services: [], isLeaving: false };

function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(3) });
  let nonces = 0;
  const begin = () => {
    const line = bus.line("a");
    const replaced: string[] = [];
    const own = new OwnCard({
      clock: line.clock,
      log: silentLog,
      keys: line.keys,
      unit: "a",
      facts: FACTS,
      nonce: String(nonces++),
      replaced: (life) => void replaced.push(life),
    });
    line.watch((isUp) => own.connected(isUp));
    line.keys.watch("unit.a", (key, entry) => void (key && own.told(entry)));
    own.connected(true);
    return { line, own, replaced };
  };
  const written = () => {
    const entry = bus.entries.get("unit.a");
    return entry && parseUnitCard("unit.a", entry.value);
  };
  return { clock, bus, begin, written };
}

Deno.test("OwnCard is written at once, then beats every 4 s, and says what changes", async () => {
  const { clock, begin, written } = setUp();
  const { own } = begin();
  await clock.advance(10);
  assert.deepEqual(written(), card("a", { ...FACTS, life: "1-0", beat: 1 }));
  await clock.advance(8_100);
  assert.equal(written()!.beat, 3);
  own.seen(7);
  own.set({ isLeaving: true });
  await clock.advance(10);
  assert.deepEqual([written()!.isLeaving, written()!.epoch, written()!.beat], [true, 7, 4]);
});

Deno.test("OwnCard goes on where the server was away, was full, or has lost it", async () => {
  const { clock, bus, begin, written } = setUp();
  begin();
  await clock.advance(20_000);
  bus.fill(true);
  await clock.advance(20_000);
  bus.fill(false);
  const { beat } = written()!;
  await clock.advance(1_100);
  assert.ok(written()!.beat > beat);
  bus.stop();
  await clock.advance(1_000);
  bus.start(100_000);
  assert.equal(written(), undefined);
  await clock.advance(2_100);
  assert.equal(written()!.life, "1-0");
});

Deno.test("OwnCard of a newer process ends the older one, also one that was frozen, and never the other way", async () => {
  const { clock, bus, begin, written } = setUp();
  const [old] = [begin()];
  await clock.advance(10_000);
  old.line.freeze();
  const newer = begin();
  await clock.advance(10_000);
  assert.equal(written()!.life, "2-1");
  old.line.thaw();
  await clock.advance(30_000);
  assert.deepEqual([old.replaced, newer.replaced, written()!.life], [["2-1"], [], "2-1"]);
  bus.stop();
  bus.start(29_000);
  await clock.advance(10_000);
  assert.deepEqual([newer.replaced, written()!.life], [[], "2-1"]);
});

Deno.test("OwnCard of a newer process stands, though the server has lost it and shows the older one's", async () => {
  const { clock, bus, begin, written } = setUp();
  const old = begin();
  await clock.advance(10_000);
  old.line.kill();
  const newer = begin();
  await clock.advance(5_000);
  bus.stop();
  bus.start(6_000);
  assert.equal(written()!.life, "1-0");
  await clock.advance(3_000);
  assert.deepEqual([newer.replaced, written()!.life], [[], "2-1"]);
});

Deno.test("OwnCard writes over what nobody can read, and is gone once it is removed", async () => {
  const { clock, bus, begin, written } = setUp();
  const other = bus.line("x");
  void other.keys.put("unit.a", "garbage");
  await clock.advance(10);
  const { own } = begin();
  await clock.advance(10);
  assert.equal(written()!.unit, "a");
  void own.remove();
  await clock.advance(10_000);
  assert.equal(written(), undefined);
  void other.keys.put("unit.a", encodeUnitCard(card("a", { life: "9-9" })));
  await clock.advance(10_000);
  assert.equal(written()!.life, "9-9", "it says nothing any more");
});
