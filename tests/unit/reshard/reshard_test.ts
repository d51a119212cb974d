import assert from "node:assert/strict";
import type { LotPhase } from "../../../protocol/reshard.ts";
import { begun, ended, type LotWorld } from "../../support/lot_world.ts";
import { serving } from "../../support/fake_shards.ts";

/** Until the first lot is in a phase, however short that is. */
async function until(world: LotWorld, phase: LotPhase): Promise<void> {
  await world.clock.runUntil(() => world.phases[0] === phase, 120_000);
}

const TWO = "0/2 1/2";
const FOUR = "0/4 1/4 2/4 3/4";

Deno.test("a reshard moves every lot, ends the old shards, and leaves one total written down", async () => {
  const world = begun();
  const { startedAtMs } = world.reshard.snapshot;
  await ended(world);
  assert.equal(serving(world), FOUR);
  assert.equal(world.record.total, 4);
  assert.equal(world.record.move, null);
  assert.equal(world.identifies, 4);
  const { state, reason, anchors, quiet, forced, guildsMoved, ...rest } = world.reshard.snapshot;
  assert.deepEqual({ state, reason }, { state: "done", reason: "4 shards serve all guilds" });
  assert.deepEqual({ anchors, quiet, forced, guildsMoved }, {
    anchors: 2,
    quiet: 2,
    forced: 0,
    guildsMoved: 2,
  });
  assert.equal(rest.identifiesSpent, 4);
  assert.equal(rest.identifiesNeeded, 0);
  assert.equal(rest.leftMs, 0);
  assert.ok(world.clock.epochMs() - startedAtMs < 15_000, "patience, cut, and little else");
  assert.equal(world.snapshots.at(-1)!.state, "done");
  assert.equal(await world.reshard.ended, "done");
  for (const text of ["0/2", "1/2"]) assert.equal(world.shards.get(text)!.session, 0);
});

Deno.test("a reshard does each step of a lot once, in order", async () => {
  const world = begun();
  await ended(world);
  const own = world.asked.filter((asked) => /0\/2|[02]\/4/.test(asked));
  assert.deepEqual(own, [
    ...["raise 0/4", "raise 2/4", "watch 0/2", "hold 0/2", "unwatch 0/2"],
    ...["serve 0/4", "serve 2/4", "end 0/2"],
  ]);
});

for (const [from, to] of [[1, 2], [4, 8], [8, 24], [16, 24], [8, 4], [3, 5]] as const) {
  Deno.test(`a reshard from ${from} to ${to} leaves the new shards alone, for as many identifies`, async () => {
    const world = begun({ from, to });
    await ended(world);
    assert.equal(serving(world).split(" ").length, to);
    assert.ok(
      [...world.shards.values()].every(({ key, role }) => (key.total === to) === (role !== null)),
    );
    assert.equal(world.identifies, to);
  });
}

Deno.test("cuts are taken out of the record once everybody has passed them", async () => {
  const world = begun();
  await world.clock.runUntil(() => world.phases.every((phase) => phase === "ending"), 60_000);
  world.isBotHere = false;
  await ended(world);
  await world.clock.advance(60_000);
  assert.equal(Object.keys(world.record.cuts).length, 4);
  world.isBotHere = true;
  await world.clock.advance(11_000);
  assert.deepEqual(world.record.cuts, {});
});

const PHASES: LotPhase[] = ["rising", "comparing", "holding", "writing", "ending", "moved"];

for (const phase of PHASES) {
  Deno.test(`a unit killed while a lot is ${phase} goes on, with one owner and no identify too many`, async () => {
    const world = begun();
    await until(world, phase);
    // What was asked for is on disk a moment later.
    await world.clock.advance(phase === "rising" ? 60 : 0);
    await world.kill();
    await ended(world);
    assert.equal(serving(world), FOUR);
    // Those that were asking had not been answered yet: Discord counts them all the same.
    assert.ok(world.identifies <= (phase === "rising" ? 8 : 4), `${world.identifies} identifies`);
  });

  Deno.test(`a reshard cancelled while a lot is ${phase} leaves the old shards alone`, async () => {
    const world = begun();
    await until(world, phase);
    const moved = world.phases.filter((each) => ["writing", "ending", "moved"].includes(each));
    world.reshard.cancel();
    assert.equal(world.reshard.snapshot.state, "cancelling");
    await ended(world);
    assert.equal(world.reshard.snapshot.state, "cancelled");
    assert.equal(serving(world), TWO);
    assert.equal(world.record.total, 2);
    assert.equal(world.record.move, null);
    assert.equal(world.identifies, 4 + moved.length, "only what had moved identifies anew");
    assert.ok(
      [...world.shards.values()].every(({ key, session }) => key.total === 2 || session === 0),
    );
  });

  Deno.test(`a reshard paused while a lot is ${phase} finishes that lot, and begins no other`, async () => {
    // One key: lots go one after another.
    const world = begun({ from: 8, to: 16, gate: { maxConcurrency: 1 } });
    await until(world, phase);
    world.reshard.pause();
    await world.clock.advance(60_000);
    assert.equal(world.reshard.snapshot.state, "paused");
    assert.equal(world.reshard.snapshot.leftMs, null);
    const phases = new Set(world.phases);
    assert.deepEqual(phases, new Set(["moved", "waiting"]));
    await world.kill();
    await world.clock.advance(60_000);
    assert.equal(world.reshard.snapshot.state, "paused", "it stays paused in the next life");
    world.reshard.resume();
    await ended(world, 600_000);
    assert.equal(world.identifies, 16);
  });

  Deno.test(`a worker of either side lost while a lot is ${phase} changes nothing in the end`, async () => {
    for (const text of ["0/2", "0/4"]) {
      const world = begun();
      await until(world, phase);
      world.loseWorker(world.shards.get(text)!);
      world.check();
      await ended(world);
      await world.clock.advance(1_000);
      assert.equal(serving(world), FOUR);
    }
  });
}

for (const phase of ["comparing", "holding"] as const) {
  for (const session of ["keep", "end"] as const) {
    Deno.test(`a shard that breaks while its lot is ${phase} has both compared anew (session: ${session})`, async () => {
      for (const text of ["0/2", "2/4"]) {
        const world = begun();
        await until(world, phase);
        const brokeMs = world.clock.now();
        world.break(world.shards.get(text)!, { session });
        assert.equal(world.phases[0], "rising");
        assert.match(world.reshard.snapshot.lots[0]!.reason, /is backing off: closed 1006$/);
        assert.equal(world.shards.get("0/2")!.isHeld, false, "what was kept is served");
        await ended(world);
        assert.ok(world.clock.now() - brokeMs >= 6_000);
        assert.equal(serving(world), FOUR);
      }
    });
  }
}

Deno.test("a bot that is away is waited for before its guilds are held, and nobody identifies again", async () => {
  const world = begun();
  world.isBotHere = false;
  await world.clock.advance(600_000);
  assert.deepEqual(world.phases, ["comparing", "comparing"]);
  const { lots: [lot], reason } = world.reshard.snapshot;
  assert.equal(lot!.reason, "the bot is not done with what came on shard 0 of 2");
  assert.match(reason, /^shards 0 of 2 to 0,2 of 4: the bot is not done/);
  world.isBotHere = true;
  await ended(world);
  assert.equal(world.identifies, 4);
});

Deno.test("a bot that goes away while its guilds are held is waited for, with all that came kept", async () => {
  const world = begun();
  await until(world, "holding");
  world.isBotHere = false;
  world.shard(0, 2).acknowledged -= 1;
  await world.clock.advance(600_000);
  assert.equal(world.phases[0], "holding");
  assert.match(world.reshard.snapshot.lots[0]!.reason, /^the bot is not done with/);
  world.isBotHere = true;
  await ended(world);
});

Deno.test("a file that cannot be written has the lot wait with nobody served, and is tried again", async () => {
  for (const fails of ["before", "after"] as const) {
    const world = begun();
    await until(world, "holding");
    world.fails = fails;
    await until(world, "writing");
    await world.clock.advance(30_000);
    assert.equal(world.phases[0], "writing");
    assert.match(world.reshard.snapshot.lots[0]!.reason, /^it could not be written down: /);
    assert.equal(world.shard(0, 4).role, "rises");
    // A worker that comes up meanwhile must not go on where nobody knows who serves.
    world.loseWorker(world.shard(0, 2));
    await world.clock.advance(1_000);
    assert.equal(world.shard(0, 2).role, null);
    world.fails = null;
    await ended(world);
    assert.equal(serving(world), FOUR);
  }
});

Deno.test("a unit killed when a failed write was on disk all the same goes by what is on disk", async () => {
  const world = begun();
  await until(world, "holding");
  world.fails = "after";
  await until(world, "writing");
  await world.clock.advance(3_000);
  world.fails = null;
  await world.kill();
  await ended(world);
  assert.equal(serving(world), FOUR);
  assert.equal(world.identifies, 4);
});

Deno.test("lots begin as the day's identifies allow, and say until when they wait", async () => {
  const world = begun({
    from: 4,
    to: 8,
    gate: { remaining: 105, reserve: 100, resetAfterMs: 3_600_000 },
  });
  await world.clock.advance(60_000);
  assert.deepEqual(world.phases, ["moved", "moved", "waiting", "waiting"]);
  const { reason, state, identifiesNeeded, identifiesLeft, leftMs } = world.reshard.snapshot;
  assert.equal(state, "running");
  assert.equal(
    reason,
    "the next guilds take 2 identifies, 1 are left today beside the reserve: it goes on in 60 minutes",
  );
  assert.deepEqual([identifiesNeeded, identifiesLeft], [4, 1]);
  assert.ok(leftMs! > 3_600_000);
  world.gate.snapshot = { ...world.gate.snapshot, remaining: 1000 };
  await ended(world);
});

Deno.test("no more shards rise at a time than the gate serves", async () => {
  const world = begun({ from: 16, to: 32, gate: { maxConcurrency: 2 } });
  let most = 0;
  world.clock.after(0, function look() {
    const rising = [...world.shards.values()].filter(({ role, session, state }) =>
      role === "rises" && session === 0 && state !== "identifying"
    );
    most = Math.max(most, rising.length);
    world.clock.after(10, look);
  });
  await ended(world, 600_000);
  assert.equal(most, 4);
});

for (const code of [4010, 4011]) {
  Deno.test(`a total that Discord does not take (${code}) fails, and everything goes back`, async () => {
    const world = begun();
    world.refuses = code;
    await ended(world);
    const { state, reason } = world.reshard.snapshot;
    assert.equal(state, "failed");
    assert.match(reason, new RegExp(`^Discord does not take shard \\d of 4: closed ${code}$`));
    assert.equal(serving(world), TWO);
    assert.equal(world.record.total, 2);
  });
}

Deno.test("a lot whose old shard has stopped for good is served by the new ones, from their beginning", async () => {
  const world = begun();
  await until(world, "comparing");
  world.stopShard(world.shard(0, 2), "closed 4011");
  await ended(world);
  assert.equal(serving(world), FOUR);
  const cuts = world.shard(2, 4).cuts!;
  assert.equal(cuts.through, 0);
  assert.deepEqual(cuts.from, [{ id: 0, total: 2 }]);
  assert.notEqual(world.shard(1, 4).cuts!.through, 0);
});

Deno.test("of a lot that has a dead shard and a live one only the dead one's guilds come whole", async () => {
  const world = begun({ from: 4, to: 2 });
  await until(world, "comparing");
  const young = world.shard(0, 2);
  // Of shard 2 of 4, and of shard 0 of 4.
  const [dead, live] = [String(2n << 22n), String(4n << 22n)];
  young.facts = { user: null, application: null, guildIds: [dead, live] };
  world.stopShard(world.shard(2, 4), "closed 4011");
  await ended(world);
  const { guilds, loads, through } = young.cuts!;
  assert.equal(guilds[dead], 0);
  assert.ok(!(live in guilds));
  assert.ok(loads.includes(dead) && !loads.includes(live));
  assert.notEqual(through, 0);
});

Deno.test("decided() waits while who serves is about to change, and not else", async () => {
  const world = begun();
  await world.reshard.decided(0);
  await until(world, "holding");
  let phase = "";
  void world.reshard.decided(0).then(() => phase = world.phases[0]!);
  await world.clock.advance(100);
  assert.equal(phase, "");
  await ended(world);
  assert.equal(phase, "ending");
  assert.equal(world.reshard.phaseOf(0), "moved");
});

Deno.test("stop() leaves everything as it is, and lets nobody wait", async () => {
  const world = begun();
  await until(world, "holding");
  const decided = world.reshard.decided(0);
  world.reshard.stop();
  await Promise.all([decided, world.clock.advance(10)]);
  const asked = world.asked.length;
  await world.clock.advance(60_000);
  assert.equal(world.asked.length, asked);
});

Deno.test("a reshard that is cancelled before it has begun ends with nobody identified", async () => {
  const world = begun({ isPending: true });
  world.reshard.cancel();
  assert.equal(world.reshard.snapshot.state, "cancelling");
  await world.clock.advance(1_000);
  assert.deepEqual(world.asked, []);
  world.reshard.start();
  await ended(world);
  assert.equal(world.reshard.snapshot.state, "cancelled");
  assert.equal(serving(world), TWO);
  assert.equal(world.identifies, 0);
});

Deno.test("a reshard that cannot begin says why, and is over", async () => {
  const world = begun();
  world.reshard.abandon("the shards of 4 could not be made");
  const { state, reason } = world.reshard.snapshot;
  assert.deepEqual([state, reason], ["failed", "the shards of 4 could not be made"]);
  assert.equal(await world.reshard.ended, "failed");
});
