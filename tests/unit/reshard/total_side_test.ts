import assert from "node:assert/strict";
import type { Held } from "../../../protocol/reshard.ts";
import { TotalSide, type TotalSideOptions } from "../../../unit/reshard/total_side.ts";

const HELD: Held = { through: 7, guildIds: ["1"], atMs: 3 };
const CUTS = { from: [], through: 7, guilds: {}, others: 3, loads: [], mayRepeat: [] } as const;

function setUp(end: () => Promise<void> = () => Promise.resolve()) {
  const done: unknown[][] = [];
  const note = (name: string) => (...what: unknown[]) => void done.push([name, ...what]);
  const pool: TotalSideOptions["pool"] = {
    bringUp: note("bring up"),
    watch: note("watch"),
    hold: (id) => (note("hold")(id), Promise.resolve(HELD)),
    lift: note("lift"),
    serve: note("serve"),
    endShard: (id) => (note("end")(id), end()),
  };
  const side = new TotalSide({
    total: 4,
    pool,
    estates: {
      rise: note("rise"),
      forget: note("forget"),
      saved: () => (note("saved")(), Promise.resolve()),
    },
    parentsOf: ({ id }) => [{ total: 2, id: id % 2 }],
    deleteQueue: (key) => (note("delete")(key), Promise.resolve()),
    heldBack: ({ id }, isHeldBack) => note(isHeldBack ? "held back" : "goes on")(id),
  });
  return { side, done };
}

Deno.test("a shard that rises has its estate before it is brought up; one that serves has its own", () => {
  const { side, done } = setUp();
  side.bringUp(3, { kind: "rises" });
  side.bringUp(1, { kind: "serves", cuts: null });
  assert.deepEqual(done, [
    ["rise", { total: 4, id: 3 }, [{ total: 2, id: 1 }]],
    ["bring up", 3, { kind: "rises" }],
    ["bring up", 1, { kind: "serves", cuts: null }],
  ]);
});

Deno.test("a shard is forgotten once its session has ended, and its queue is deleted once that is written down", async () => {
  const { side, done } = setUp();
  await side.endShard(3);
  const key = { total: 4, id: 3 };
  assert.deepEqual(done, [["end", 3], ["forget", key], ["saved"], ["delete", key]]);
  const other = setUp(() => Promise.reject(new Error("its worker is stopped")));
  await assert.rejects(other.side.endShard(3), /stopped/);
  assert.deepEqual(other.done, [["end", 3]], "one that could not be ended lives");
});

Deno.test("the rest is for the workers", async () => {
  const { side, done } = setUp();
  side.watch(3, true);
  assert.equal(await side.hold(3), HELD);
  side.lift(3);
  await side.hear(3);
  side.serve(3, CUTS);
  assert.deepEqual(done, [
    ["watch", 3, true],
    ["held back", 3],
    ["hold", 3],
    ["goes on", 3],
    ["lift", 3],
    ["hold", 3],
    ["serve", 3, CUTS],
  ]);
});
