import assert from "node:assert/strict";
import { RECORD } from "../../../protocol/event_frame.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Handover } from "../../../workers/handover/handover.ts";

const CUTS: Cuts = {
  from: [{ total: 2, id: 1 }],
  through: 9,
  guilds: {},
  others: 9,
  loads: [],
  mayRepeat: [],
};
const RISES = { kind: "rises" } as const;

function setUp() {
  const clock = createVirtualClock();
  const told: string[] = [];
  const held = new Map<number, number>();
  let done = 0;
  const handover = new Handover({
    clock,
    identityOf: (t) => ({ guildId: "5", key: t }),
    queue: () => ({
      hold: (shardId, after = 7) => {
        held.set(shardId, held.get(shardId) ?? after);
        return held.get(shardId)!;
      },
      release: (shardId) => void (held.delete(shardId) && told.push(`release ${shardId}`)),
      safety: () => ({ acknowledged: done, readers: {}, done, safe: done }),
    }),
    loaded: () => ["5"],
    post: ({ shardId, seen }) => told.push(`seen ${shardId} ${seen.map((it) => it.cursor)}`),
  });
  const see = (cursor: number) => handover.see(3, cursor, "X", new Uint8Array(1));
  const body = new TextEncoder().encode('{"t":"X","s":4,"op":0,"d":null}');
  const kind = () => handover.prepare({ shardId: 3, kind: RECORD.DISPATCH, cursor: 4, body }).kind;
  return { clock, handover, told, held, see, kind, done: (cursor: number) => done = cursor };
}

Deno.test("Handover keeps all of a shard that rises, and tells what comes, until it serves", () => {
  const { handover, told, held, see } = setUp();
  handover.begin(3, RISES);
  assert.deepEqual([held.get(3), handover.isRising(3)], [-1, true]);
  see(1);
  handover.watch(3, false);
  see(2);
  handover.lift(3);
  assert.deepEqual(told, [], "it neither stops to tell nor lets anything go");
  handover.serve(3, CUTS);
  see(3);
  assert.deepEqual(told, ["seen 3 1,2", "release 3"]);
  assert.equal(handover.isRising(3), false);
});

Deno.test("Handover tells what came before it answers that a shard is held", () => {
  const { clock, handover, told, held, see } = setUp();
  handover.begin(3, { kind: "serves", cuts: null });
  assert.equal(held.has(3), false);
  handover.watch(3, true);
  see(7);
  const atMs = clock.epochMs();
  assert.deepEqual(handover.hold(3), { through: 7, guildIds: ["5"], atMs });
  assert.deepEqual(told, ["seen 3 7"]);
  handover.begin(3, { kind: "serves", cuts: null });
  assert.equal(held.get(3), 7, "to be told again that it serves lets nothing go");
  handover.lift(3);
  assert.deepEqual(told, ["seen 3 7", "release 3"]);
});

Deno.test("Handover tells what a shard that rises has seen when it is held, which it is anyway", () => {
  const { handover, told, held, see } = setUp();
  handover.begin(3, RISES);
  see(4);
  assert.equal(handover.hold(3).through, -1);
  assert.deepEqual([told, held.get(3)], [["seen 3 4"], -1]);
  handover.serve(3, CUTS);
  assert.deepEqual(told, ["seen 3 4", "release 3"]);
});

Deno.test("Handover leaves out what others served, after a crash as well, until all are done with it", () => {
  const { handover, kind, done } = setUp();
  handover.begin(3, { kind: "serves", cuts: CUTS });
  assert.equal(kind(), RECORD.SERVED);
  done(8);
  handover.acknowledged(3);
  assert.equal(kind(), RECORD.SERVED);
  done(9);
  handover.acknowledged(3);
  assert.equal(kind(), RECORD.DISPATCH);
  handover.begin(3, { kind: "serves", cuts: CUTS });
  assert.equal(kind(), RECORD.DISPATCH);
});

Deno.test("Handover forgets a shard that is gone", () => {
  const { handover, told, see, kind } = setUp();
  handover.begin(3, RISES);
  handover.forget(3);
  see(1);
  handover.watch(3, false);
  assert.deepEqual([told, handover.isRising(3), kind()], [[], false, RECORD.DISPATCH]);
});
