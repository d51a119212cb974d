import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { NO_ESTATE } from "../../../../protocol/estate.ts";
import type { Held } from "../../../../protocol/reshard.ts";
import type { ShardStatus } from "../../../../protocol/status.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { Handover } from "../../../../unit/reshard/lots/handover.ts";
import type { Comparing } from "../../../../unit/reshard/lots/sides.ts";

/** A lot from shard 0 of 1 to shards 0 and 1 of 2, whose comparison the test decides. */
function made({ owner = 1, goal = 2 } = {}) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const compared = {
    isArmed: false,
    areCut: false,
    forced: 0,
    ways: [] as string[],
    seen: [] as string[],
  };
  const acknowledged = { 1: 0, 2: 0 };
  const holds: { resolve: (held: Held) => void; reject: (error: Error) => void }[] = [];
  const hears: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const statuses = new Map<string, Partial<ShardStatus>>();
  const side = (total: number) => {
    const note = (what: string) => (id: number) => void asked.push(`${what} ${id}/${total}`);
    return {
      bringUp: note("raise"),
      watch: (id: number, isOn: boolean) => note(isOn ? "watch" : "unwatch")(id),
      hold(id: number) {
        note("hold")(id);
        const { promise, ...ends } = Promise.withResolvers<Held>();
        holds.push(ends);
        return promise;
      },
      hear(id: number) {
        note("hear")(id);
        const { promise, ...ends } = Promise.withResolvers<void>();
        hears.push(ends);
        return promise;
      },
      lift: note("lift"),
      serve: note("serve"),
      endShard: (id: number) => Promise.resolve(note("end")(id)),
    };
  };
  const comparing: Comparing = {
    whole: () => {},
    see: (side, id, seen) => {
      compared.seen.push(`${side} ${id}: ${seen.map(({ cursor }) => cursor)}`);
    },
    isArmed: () => compared.isArmed,
    waitsFor: () => "patience",
    held: (helds, loaded) =>
      void asked.push(`held ${[...helds.keys()]} loaded ${[...loaded.keys()]}`),
    lifted: () => {},
    cuts: () =>
      compared.areCut ? { cuts: new Map(), anchors: 0, quiet: 0, forced: compared.forced } : null,
  };
  const handover = new Handover({
    clock,
    log: silentLog,
    lot: { rest: 0, from: [0], to: [0, 1] },
    ...{ fromTotal: 1, toTotal: 2, owner, goal },
    sides: {
      of: side,
      statusOf: ({ id, total }) => ({
        ...{ shardId: id, state: "ready", reason: "", sinceMs: 0, connection: 1 },
        ...statuses.get(`${id}/${total}`),
      }),
      estateOf: ({ total }) => ({ ...NO_ESTATE, acknowledged: acknowledged[total as 1 | 2] }),
    },
    compares: ({ lot, fromTotal, toTotal }) => {
      compared.ways.push(`${lot.from} of ${fromTotal} to ${lot.to} of ${toTotal}`);
      return comparing;
    },
    write: ({ total }) => Promise.resolve(void asked.push(`write ${total}`)),
    changed: () => {},
  });
  const take = () => asked.splice(0);
  return { clock, handover, take, compared, holds, hears, acknowledged, statuses };
}

const held = (through: number): Held => ({ through, guildIds: ["1"], atMs: 0 });

/** A lot that is held, and what the worker is to say yet. */
function holding(options = {}) {
  const all = made(options);
  all.handover.begin();
  all.handover.tick();
  all.compared.isArmed = true;
  all.handover.tick();
  assert.equal(all.handover.phase, "holding");
  all.take();
  return all;
}

Deno.test("a lot is written down only when it is cut and its bot is done with all that was served", async () => {
  const { clock, handover, take, holds, compared, acknowledged } = holding();
  holds[0]!.resolve(held(7));
  await clock.advance(1);
  assert.deepEqual(take(), ["held 0 loaded 0,1"]);
  assert.equal(handover.snapshot.reason, "patience");
  compared.areCut = true;
  handover.tick();
  assert.equal(handover.snapshot.reason, "the bot is not done with what came on shard 0 of 1");
  acknowledged[1] = 7;
  handover.tick();
  await clock.advance(1);
  assert.deepEqual(take(), ["unwatch 0/1", "write 2", "end 0/1"]);
  assert.equal(handover.phase, "moved");
});

Deno.test("what had come on the new shards before both were compared is known: it was served", () => {
  const { handover, compared, clock } = made();
  handover.begin();
  const seen = { guildId: "1", key: null, atMs: clock.epochMs() };
  handover.see({ id: 1, total: 2 }, [{ ...seen, cursor: 8 }, { ...seen, cursor: 9 }]);
  handover.tick();
  assert.equal(handover.phase, "comparing");
  assert.deepEqual(compared.seen, ["to 0: 0", "to 1: 9"]);
});

Deno.test("what a worker says to a hold that was given up counts for nothing", async () => {
  const { clock, handover, take, holds, statuses, compared } = holding();
  statuses.set("1/2", { state: "backing off", reason: "closed 1006" });
  handover.tick();
  assert.deepEqual(take(), ["lift 0/1", "unwatch 0/1"]);
  holds[0]!.resolve(held(7));
  statuses.clear();
  compared.areCut = true;
  handover.tick();
  handover.tick();
  assert.equal(handover.phase, "holding");
  await clock.advance(1);
  handover.tick();
  assert.equal(handover.phase, "holding", "the second hold is not answered yet");
});

Deno.test("a hold that cannot be answered has both compared anew", async () => {
  const { clock, handover, holds, take } = holding();
  holds[0]!.reject(new Error("its worker was lost"));
  await clock.advance(1);
  assert.equal(handover.phase, "rising");
  assert.equal(handover.snapshot.reason, "could not hold back: its worker was lost");
  assert.deepEqual(take(), ["lift 0/1", "unwatch 0/1"]);
});

Deno.test("a comparison that is armed no more lets the old shards go on", async () => {
  const { clock, handover, holds, take, compared } = holding();
  holds[0]!.resolve(held(7));
  await clock.advance(1);
  compared.isArmed = false;
  take();
  handover.tick();
  assert.equal(handover.phase, "comparing");
  assert.deepEqual(take(), ["lift 0/1"]);
});

Deno.test("a lot that turns while it is held lets go of those that it came from, and ends the others", async () => {
  const { clock, handover, take } = holding();
  handover.turn();
  assert.deepEqual(take(), ["lift 0/1", "unwatch 0/1", "end 0/2", "end 1/2"]);
  assert.ok(handover.isBoundFor(1));
  await clock.advance(1);
  assert.equal(handover.phase, "moved");
});

Deno.test("a lot on its way back is compared the other way round", () => {
  const { handover, take, compared } = made({ owner: 2, goal: 1 });
  handover.begin();
  handover.tick();
  assert.deepEqual(take(), ["raise 0/1", "watch 0/2", "watch 1/2"]);
  assert.deepEqual(compared.ways, ["0,1 of 2 to 0 of 1"]);
});

Deno.test("start() ends what an earlier life has left of the other total, where the lot is at its goal", async () => {
  const { clock, handover, take } = made({ owner: 2, goal: 2 });
  assert.equal(handover.phase, "ending");
  handover.start();
  await clock.advance(1);
  assert.deepEqual(take(), ["end 0/1"]);
  assert.equal(handover.phase, "moved");
});

Deno.test("a bot that is behind all the time and goes on is held after two minutes all the same", async () => {
  const { clock, handover, acknowledged, compared } = made();
  handover.begin();
  handover.tick();
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      const cursor = clock.now() / 1_000;
      handover.see({ id: 0, total: 1 }, [{
        cursor: 10 + cursor,
        guildId: "1",
        key: null,
        atMs: 0,
      }]);
      acknowledged[1] = cursor;
      handover.tick();
      await clock.advance(1_000);
    }
  };
  await pass(6);
  compared.isArmed = true;
  await pass(119);
  assert.equal(handover.phase, "comparing");
  assert.equal(handover.snapshot.reason, "the bot is not done with what came on shard 0 of 1");
  await pass(5);
  assert.equal(handover.phase, "holding");
});

Deno.test("a cut is forced only once every new shard has said that it told all that came", async () => {
  const { clock, handover, take, holds, hears, compared, acknowledged } = holding();
  Object.assign(compared, { areCut: true, forced: 2 });
  acknowledged[1] = 7;
  holds[0]!.resolve(held(7));
  await clock.advance(1);
  handover.tick();
  assert.deepEqual(take(), ["held 0 loaded 0,1", "hear 0/2", "hear 1/2"]);
  assert.match(handover.snapshot.reason, /told all that came/);
  // What it had not told was found by now.
  compared.forced = 1;
  for (const asked of hears) asked.resolve();
  await clock.advance(1);
  assert.deepEqual(take(), ["unwatch 0/1", "write 2", "end 0/1"]);
  assert.equal(handover.phase, "moved");
});

Deno.test("that a new shard has told all that came does not count where its worker had stalled: it is asked again", async () => {
  const { clock, handover, take, holds, hears, compared, acknowledged } = holding();
  Object.assign(compared, { areCut: true, forced: 2 });
  acknowledged[1] = 7;
  holds[0]!.resolve(held(7));
  await clock.advance(1);
  handover.tick();
  assert.deepEqual(take(), ["held 0 loaded 0,1", "hear 0/2", "hear 1/2"]);
  await clock.advance(1_500);
  for (const asked of hears.splice(0)) asked.resolve();
  await clock.advance(1);
  assert.deepEqual(take(), ["hear 0/2", "hear 1/2"]);
  assert.equal(handover.phase, "holding");
  for (const asked of hears) asked.resolve();
  await clock.advance(1);
  assert.deepEqual(take(), ["unwatch 0/1", "write 2", "end 0/1"]);
});

Deno.test("no cut is forced while a new shard's worker is silent: both are compared anew", async () => {
  const { clock, handover, take, holds, hears, compared, acknowledged } = holding();
  Object.assign(compared, { areCut: true, forced: 2 });
  acknowledged[1] = 7;
  holds[0]!.resolve(held(7));
  await clock.advance(1);
  take();
  hears[0]!.resolve();
  hears[1]!.reject(new Error("the worker did not answer in 10000 ms"));
  await clock.advance(1);
  assert.deepEqual(take(), ["lift 0/1", "unwatch 0/1"]);
  assert.match(handover.snapshot.reason, /a new shard is silent: the worker did not/);
});
