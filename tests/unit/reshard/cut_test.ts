import assert from "node:assert/strict";
import { Alignment } from "../../../unit/reshard/alignment.ts";
import { cutOf, isPassed } from "../../../unit/reshard/cut.ts";

const PATIENCE_MS = 5_000;
const HELD_MS = 20_000;

/** Events `key@atMs` of both sides, in order of time; the old side serves the first `served`. */
function cutAt(from: readonly string[], to: readonly string[], served: number, nowMs = HELD_MS) {
  const events = new Alignment(PATIENCE_MS, () => {});
  const parse = (side: "from" | "to") => (text: string, at: number) => {
    const [key, atMs] = text.split("@");
    return { side, key: key!, atMs: Number(atMs), cursor: at + 1 };
  };
  const all = [...from.map(parse("from")), ...to.map(parse("to"))];
  for (const { side, ...event } of all.toSorted((a, b) => a.atMs - b.atMs)) {
    events.see(side, { shardId: 0, ...event }, PATIENCE_MS);
  }
  events.settle(nowMs, PATIENCE_MS);
  const bounds = {
    isServed: ({ cursor }: { cursor: number }) => cursor <= served,
    heldMs: HELD_MS,
    patienceMs: PATIENCE_MS,
    sinceMs: 0,
  };
  const { kind, unserved } = cutOf(events, bounds);
  return [isPassed(events, bounds), kind, unserved.map(({ key }) => key).join()] as const;
}

Deno.test("cutOf() cuts behind the last event that was served, where the new side is ahead", () => {
  const cut = cutAt(["A@18000", "B@19000"], ["A@16000", "B@17000", "C@18000"], 2);
  assert.deepEqual(cut, [true, "anchor", "C"]);
});

Deno.test("isPassed() waits for the last event that was served, where the new side is behind", () => {
  const from = ["A@18000", "B@19000"];
  assert.deepEqual(cutAt(from, ["A@21000"], 2, 21_000)[0], false);
  assert.deepEqual(cutAt(from, ["A@21000", "B@22000", "C@22500"], 2, 22_500), [
    true,
    "anchor",
    "C",
  ]);
});

Deno.test("cutOf() takes an event for not served that the old side got after it was held", () => {
  const cut = cutAt(["A@19000", "B@20500"], ["A@19500", "B@19900"], 1, 20_500);
  assert.deepEqual(cut, [true, "anchor", "B"]);
});

Deno.test("cutOf() goes by time where nothing came for long enough", () => {
  assert.deepEqual(cutAt([], [], 0), [true, "quiet", ""]);
  assert.deepEqual(cutAt(["A@14000"], ["A@13000", "B@19000"], 1), [true, "quiet", "B"]);
  // One that the old side never got, and that is too old to come yet.
  assert.deepEqual(cutAt([], ["A@14000", "B@19000"], 0), [true, "quiet", "B"]);
});

Deno.test("isPassed() needs not wait for an event that the new side lacks, where both got a later one", () => {
  const from = ["A@18000", "B@19000", "C@20100"];
  assert.deepEqual(cutAt(from, ["A@18000"], 2, 20_100)[0], false);
  assert.deepEqual(cutAt(from, ["A@18000", "C@20200"], 2, 20_200), [true, "anchor", "C"]);
});

Deno.test("cutOf() has a doubt where the last event that was served never came", () => {
  const late = HELD_MS + PATIENCE_MS + 1;
  assert.deepEqual(cutAt(["A@18000", "B@19000"], ["A@18000"], 2, late), [false, "forced", ""]);
  const cut = cutAt(["A@18000", "B@19000"], ["A@18000", "C@20500"], 2, late);
  assert.deepEqual(cut, [false, "forced", "C"]);
});

Deno.test("cutOf() has a doubt where one that was served and has no twin may be one that comes yet", () => {
  const from = ["A@17000", "~p@17500", "~n@17600", "D@20300"];
  const to = ["A@17000", "~m@17400", "~p@17500", "~o@17600", "D@20300"];
  assert.deepEqual(cutAt(from, to, 2, 20_300), [true, "forced", "~m,~p,~o,D"]);
  const other = to.with(2, "~q@17500");
  assert.deepEqual(cutAt(from, other, 2, 20_300), [true, "anchor", "~m,~q,~o,D"]);
});

Deno.test("cutOf() has that doubt also where what comes again is behind one that the old side did not serve", () => {
  const from = ["A@17000", "~p@18000", "D@21000"];
  const to = ["A@17500", "D@18400", "~p@18500"];
  assert.deepEqual(cutAt(from, to, 2, 21_000), [true, "forced", "D,~p"]);
  assert.deepEqual(cutAt(from, to.with(2, "~q@18500"), 2, 21_000), [true, "anchor", "D,~q"]);
});

Deno.test("cutOf() drops none of several that are alike where one side has more of them, and has a doubt", () => {
  // The old side's second is a repeat of its first, or the third of its second.
  const from = ["A@17000", "~p@18000", "~p@18001", "~p@21000", "B@21100"];
  const to = ["A@17500", "~p@18400", "~p@20600", "B@21200"];
  assert.deepEqual(cutAt(from, to, 3, 21_200), [true, "forced", "~p,B"]);
  // One is missing on the old side: before it was held, or after.
  const less = ["A@17000", "~p@18000", "~p@21000", "B@21100"];
  const all = ["A@17500", "~p@18400", "~p@18500", "~p@20600", "B@21200"];
  assert.deepEqual(cutAt(less, all, 2, 21_200), [true, "forced", "~p,~p,B"]);
  assert.deepEqual(cutAt(less, to, 2, 21_200), [true, "anchor", "~p,B"]);
});

Deno.test("cutOf() cuts where an event that both got is forgotten of the side that got it long ago", () => {
  const events = new Alignment(PATIENCE_MS, () => {});
  for (const [side, atMs] of [["to", 13_000], ["from", 16_000]] as const) {
    events.see(side, { shardId: 0, cursor: 1, key: "~p", atMs }, PATIENCE_MS);
  }
  events.settle(HELD_MS, PATIENCE_MS);
  assert.ok(events.of("from")[0]!.twin);
  events.forget(15_000, PATIENCE_MS);
  const bounds = { heldMs: HELD_MS, patienceMs: PATIENCE_MS, sinceMs: 0 };
  const { kind, unserved } = cutOf(events, { ...bounds, isServed: () => true });
  assert.deepEqual([kind, unserved], ["anchor", []]);
});
