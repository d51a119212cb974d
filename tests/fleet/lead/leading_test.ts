import assert from "node:assert/strict";
import { AssignmentCopy } from "../../../fleet/assignment_copy.ts";
import { encodeUnitCard, unitKey } from "../../../fleet/cards.ts";
import { Leading, SETTLE_MS } from "../../../fleet/lead/leading.ts";
import { Members } from "../../../fleet/members.ts";
import { silentLog } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";
import { card } from "../fleets.ts";

async function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(5) });
  const line = bus.line("a");
  const members = new Members();
  const epochs: number[] = [];
  const copy = new AssignmentCopy({
    clock,
    log: silentLog,
    keys: line.keys,
    changed: ({ epoch }) => void epochs.push(epoch),
  });
  const state = { leads: true };
  const leading = new Leading({
    clock,
    random: () => 0,
    log: silentLog,
    keys: line.keys,
    leads: () => state.leads,
    copy,
    members,
    listenedMs: () => clock.now(),
    first: { total: 8, stream: "s" },
  });
  copy.told(null);
  leading.connected(true);
  members.told(card("a"), true, 0);
  await clock.advance(10);
  return { clock, bus, line, members, copy, epochs, state, leading };
}

const owners = (copy: AssignmentCopy) => copy.current!.totals[0]!.owners.join("");

Deno.test("Leading waits for others to come, then deals everything out", async () => {
  const { clock, members, copy, epochs, leading } = await setUp();
  await clock.advance(SETTLE_MS - 20);
  assert.equal(copy.current, null);
  members.told(card("b"), true, clock.now());
  leading.wake();
  await clock.advance(20);
  assert.deepEqual([owners(copy), epochs], ["aaaabbbb", [1_001]]);
  await clock.advance(60_000);
  assert.equal(epochs.length, 1, "nothing is written again");
});

Deno.test("Leading writes four times a second at most, and what has come meanwhile together", async () => {
  const { clock, copy, epochs, leading, members } = await setUp();
  await clock.advance(SETTLE_MS);
  members.told(card("b"), true, clock.now());
  leading.wake();
  await clock.advance(300);
  const { moves } = copy.current!.totals[0]!;
  assert.equal(moves.size, 4);
  const before = epochs.length;
  let done = 0;
  for (const id of moves.keys()) {
    void leading.change((now) => {
      const shares = now.totals[0]!;
      const left = new Map(shares.moves);
      left.delete(id);
      return { ...now, totals: [{ ...shares, owners: shares.owners.with(id, "b"), moves: left }] };
    }).then(() => done++);
  }
  await clock.advance(260);
  assert.deepEqual([done, owners(copy), epochs.length - before], [4, "aaaabbbb", 1]);
});

Deno.test("Leading goes far beyond the known epoch once after the line came up", async () => {
  const { clock, copy, leading, members } = await setUp();
  await clock.advance(SETTLE_MS);
  members.told(card("b"), true, clock.now());
  leading.wake();
  await clock.advance(300);
  assert.equal(copy.current!.epoch, 1_002);
  leading.connected(false);
  leading.connected(true);
  members.gone("b");
  leading.wake();
  await clock.advance(SETTLE_MS - 100);
  assert.equal(copy.current!.epoch, 1_002, "it waits for who knows better");
  await clock.advance(200);
  assert.deepEqual([copy.current!.epoch, owners(copy)], [2_003, "aaaaaaaa"]);
});

Deno.test("Leading changes nothing where it does not lead, and says so", async () => {
  const { clock, epochs, leading, state } = await setUp();
  state.leads = false;
  await assert.rejects(leading.change((now) => now), { code: "away" });
  state.leads = true;
  const asked = assert.rejects(leading.change((now) => now), { code: "away" });
  state.leads = false;
  await clock.advance(SETTLE_MS + 100);
  await asked;
  assert.deepEqual(epochs, []);
});

Deno.test("Leading hands on what a change throws, and makes the others", async () => {
  const { clock, leading } = await setUp();
  const thrown = assert.rejects(
    leading.change(() => {
      throw new Error("no");
    }),
    { message: "no" },
  );
  let isDone = false;
  void leading.change((now) => now).then(() => isDone = true);
  await clock.advance(SETTLE_MS + 100);
  await thrown;
  assert.equal(isDone, true);
});

Deno.test("Leading tries again where it could not be written", async () => {
  const { bus, clock, epochs, leading } = await setUp();
  bus.fill(true);
  let isDone = false;
  void leading.change((now) => ({ ...now })).then(() => isDone = true);
  await clock.advance(SETTLE_MS + 5_000);
  assert.deepEqual([isDone, epochs.length], [false, 0]);
  bus.fill(false);
  await clock.advance(1_100);
  assert.deepEqual([isDone, epochs.length], [true, 1]);
});

Deno.test("Leading deletes the card of who is dead for ten minutes", async () => {
  const { bus, clock, leading, line, members } = await setUp();
  void line.keys.put(unitKey("b"), encodeUnitCard(card("b")));
  members.told(card("b"), true, clock.now());
  await clock.advance(LEASE_MS);
  members.told(card("a", { beat: 9 }), true, clock.now());
  members.sweep(clock.now());
  leading.wake();
  await clock.advance(590_000);
  assert.ok(bus.entries.has(unitKey("b")));
  await clock.advance(120_000);
  assert.equal(bus.entries.has(unitKey("b")), false);
});
