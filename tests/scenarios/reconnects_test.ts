/** What Discord and the network do to a shard, in virtual time, judged by the simulator's ledger. */

import assert from "node:assert/strict";
import type { Simulator } from "../../sim/mod.ts";
import { createRig } from "../support/rig.ts";

type Rig = Awaited<ReturnType<typeof createRig>>;

/** A ready shard under load. */
async function liveRig(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  // A minute of outage must fit into what Discord can replay, or it ends the session.
  const rig = await createRig({ ...options, sim: { ringEvents: 20_000, ...options.sim } });
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(50);
  await rig.clock.advance(2_000);
  return rig;
}

/** The shard comes back, by RESUME, and the bot has everything. */
async function assertResumed(rig: Rig, limitMs: number): Promise<void> {
  const resumes = rig.sim.ledger.resumes.length;
  await rig.clock.runUntil(
    () => rig.sim.ledger.resumes.slice(resumes).some((resume) => resume.ok) && rig.isReady(),
    limitMs,
  );
  await settle(rig);
  assert.equal(rig.identifies(), 1, "an identify was spent");
}

async function settle(rig: Rig): Promise<void> {
  await rig.clock.advance(2_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(2_000);
  rig.assertNothingLost();
  rig.assertNoViolations();
}

const RESUMED: Record<string, (sim: Simulator) => void> = {
  "op 7": (sim) => sim.faults.reconnect(),
  "op 9 true": (sim) => sim.faults.invalidate(true),
  "a cut connection": (sim) => sim.faults.cut(),
  "op 7 in place of HELLO": (sim) => {
    sim.faults.reconnectInsteadOfHello({ times: 1 });
    sim.faults.cut();
  },
  "a missing HELLO": (sim) => {
    sim.faults.noHello({ times: 1 });
    sim.faults.cut();
  },
  "a cut after HELLO": (sim) => {
    sim.faults.cutAfterHello({ times: 1 });
    sim.faults.cut();
  },
  "a RESUME that Discord postpones": (sim) => {
    sim.faults.postponeResume({ times: 1 });
    sim.faults.cut();
  },
};

for (const [what, strike] of Object.entries(RESUMED)) {
  Deno.test(`after ${what} the shard resumes and nothing is lost`, async () => {
    const rig = await liveRig();
    strike(rig.sim);
    await assertResumed(rig, 60_000);
  });
}

for (const code of [1000, 1001, 4000, 4001, 4002, 4005, 4008, 4009]) {
  Deno.test(`after close ${code} the shard resumes and nothing is lost`, async () => {
    const rig = await liveRig();
    rig.sim.faults.close(code);
    await assertResumed(rig, 5_000);
  });
}

for (const code of [4003, 4007]) {
  Deno.test(`after close ${code} the shard identifies anew and the bot is told of the gap`, async () => {
    const rig = await liveRig();
    rig.sim.faults.close(code, { endSession: true });
    await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 30_000);
    await settle(rig);
    assert.equal(rig.got.filter((event) => event.t === "GATEHOUSE_GAP").length, 1);
    assert.equal(rig.sim.ledger.resumes.length, 0);
  });
}

for (const code of [4004, 4010, 4011, 4012, 4013]) {
  Deno.test(`after close ${code} this shard stops and says why, the other goes on`, async () => {
    const rig = await createRig({ shards: 2, sim: { maxConcurrency: 2 } });
    rig.start();
    await rig.ready();
    rig.sim.faults.close(code, { shardId: 0 });
    await rig.clock.advance(120_000);
    assert.deepEqual(rig.states(), ["stopped", "ready"]);
    const shard = rig.gateway.serving.shards[0]!;
    assert.match(shard.reason, new RegExp(String(code)));
    assert.ok(rig.logged.some(({ level, event }) => level === "error" && /stopped/.test(event)));
    assert.equal(rig.sim.ledger.connections.length, 2, "a fatal close was tried again");
    rig.assertNoViolations();
  });
}

Deno.test("op 9 false ends the session: a new one after a pause, and one GAP", async () => {
  const rig = await liveRig();
  const struck = rig.clock.now();
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 30_000);
  assert.ok(rig.sim.ledger.identifies[1]!.atMs - struck >= 1_000, "Discord asks for 1 to 5 s");
  await settle(rig);
  assert.equal(rig.got.filter((event) => event.t === "GATEHOUSE_GAP").length, 1);
});

Deno.test("a missing READY is given up after its deadline, and identified again", async () => {
  const rig = await createRig();
  rig.sim.faults.noReady({ times: 1 });
  rig.start();
  await rig.ready(120_000);
  assert.equal(rig.identifies(), 2);
  rig.assertNoViolations();
});

Deno.test("ACKs that stop while events flow end the connection after three beats", async () => {
  const rig = await liveRig();
  rig.sim.faults.dropAcks({ times: 5 });
  const before = rig.sim.ledger.connections.length;
  await rig.clock.runUntil(() => rig.sim.ledger.connections.length > before, 6 * 41_250);
  await assertResumed(rig, 10_000);
});

Deno.test("a frozen peer that ignores close frames is destroyed and resumed elsewhere", async () => {
  const rig = await liveRig();
  rig.sim.faults.freeze();
  const frozen = rig.clock.now();
  await assertResumed(rig, 3 * 41_250);
  const [first] = rig.sim.ledger.connections;
  assert.ok(first!.closedMs! - frozen <= 2 * 41_250 + 2_000, "the zombie was kept too long");
  assert.notEqual(first!.code, 1000);
});

for (const [what, refuse] of [["refused", "refuse"], ["503", "answer503"]] as const) {
  Deno.test(`an outage with ${what} connects keeps the session, backs off, and resumes`, async () => {
    const rig = await liveRig();
    const over = rig.sim.faults[refuse]();
    rig.sim.faults.cut();
    await rig.clock.advance(100_000);
    const tries = rig.sim.ledger.connections.filter((connection) => connection.refused).length;
    assert.ok(tries >= 10 && tries <= 20, `${tries} tries of two hosts in 100 s`);
    over();
    await assertResumed(rig, 90_000);
  });
}

Deno.test("a dead resume host: the session is resumed on the generic address", async () => {
  const rig = await liveRig();
  rig.sim.faults.killResumeHost();
  rig.sim.faults.cut();
  await assertResumed(rig, 10_000);
  assert.equal(rig.sim.ledger.resumes.at(-1)!.host, "base");
});

/** What a host may do that accepts and never answers. */
const DEAD_HOSTS: Record<string, (sim: Simulator) => void> = {
  "does not answer the handshake": (sim) => sim.faults.noHandshake({ host: "resume" }),
  "sends no HELLO": (sim) => sim.faults.noHello({ host: "resume" }),
  "does not answer RESUME": (sim) => sim.faults.noResumed({ host: "resume" }),
};
/** What may have happened in the minute before. */
const PASTS: Record<string, (rig: Rig) => Promise<void>> = {
  "nothing happened": () => Promise.resolve(),
  "six connections were cut soon after they resumed": async (rig) => {
    for (let i = 0; i < 6; i++) {
      rig.sim.faults.cut();
      await rig.clock.advance(3_000);
    }
    await rig.clock.runUntil(() => rig.isReady(), 120_000);
  },
  "Discord was away for a minute": async (rig) => {
    const over = rig.sim.faults.refuse();
    rig.sim.faults.cut();
    await rig.clock.advance(60_000);
    over();
    await rig.clock.runUntil(() => rig.isReady(), 120_000);
  },
};

for (const [what, kill] of Object.entries(DEAD_HOSTS)) {
  for (const [past, happen] of Object.entries(PASTS)) {
    Deno.test(`a resume host that ${what} costs less than 8 s, also when ${past}`, async () => {
      const rig = await liveRig();
      await happen(rig);
      kill(rig.sim);
      for (const strike of ["cut", "reconnect", "freeze"] as const) {
        const resumes = rig.sim.ledger.resumes.length;
        rig.sim.faults[strike]();
        await rig.clock.runUntil(() => !rig.isReady(), 3 * 41_250);
        const noticed = rig.clock.now();
        await rig.clock.runUntil(
          () => rig.sim.ledger.resumes.slice(resumes).some(({ ok }) => ok),
          120_000,
        );
        const tookMs = rig.clock.now() - noticed;
        assert.ok(tookMs <= 8_000, `${strike}: ${tookMs} ms until a healthy host`);
        assert.equal(rig.sim.ledger.resumes.at(-1)!.host, "base");
        await rig.clock.runUntil(() => rig.isReady(), 120_000);
      }
      await settle(rig);
      assert.equal(rig.identifies(), 1, "an identify was spent");
    });
  }
}

Deno.test("shards that are cut off together come back spread, on the second host of a round too", async () => {
  const shards = 40;
  const rig = await createRig({ shards, workers: 2, sim: { maxConcurrency: shards, guilds: 40 } });
  rig.start();
  await rig.ready();
  rig.sim.faults.noHandshake({ host: "resume" });
  rig.sim.faults.cut();
  await rig.clock.runUntil(() => rig.sim.ledger.resumes.length === shards, 8_000);
  const moments = new Set(rig.sim.ledger.resumes.map(({ atMs }) => Math.floor(atMs / 20)));
  assert.ok(moments.size > 10, `${moments.size} moments in half a second`);
  rig.assertNoViolations();
});

Deno.test("a replay that is cut again and again, but goes on, is no session that is dead", async () => {
  const rig = await liveRig({ sim: { replayPerStep: 1, replayStepMs: 20 } });
  const over = rig.sim.faults.refuse();
  rig.sim.faults.cut();
  await rig.clock.advance(20_000);
  rig.sim.traffic.setRate(0);
  over();
  for (let i = 0; i < 20; i++) {
    await rig.clock.runUntil(() => rig.states()[0] === "resuming", 60_000);
    await rig.clock.advance(500);
    rig.sim.faults.cut();
    await rig.clock.advance(20);
  }
  await rig.clock.runUntil(() => rig.isReady(), 60_000);
  await settle(rig);
  assert.equal(rig.identifies(), 1, "an identify was spent");
});

Deno.test("a session that Discord forgot is told by op 9: one identify, one GAP", async () => {
  const rig = await liveRig();
  rig.sim.faults.forgetSessions();
  rig.sim.faults.cut();
  await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 30_000);
  await settle(rig);
  assert.equal(rig.got.filter((event) => event.t === "GATEHOUSE_GAP").length, 1);
});

Deno.test("an op 7 storm costs no identify and no event, and backs off", async () => {
  const rig = await liveRig();
  for (let i = 0; i < 20; i++) {
    rig.sim.faults.reconnect();
    await rig.clock.advance(3_000);
  }
  await rig.clock.runUntil(() => rig.isReady(), 90_000);
  await settle(rig);
  assert.equal(rig.identifies(), 1);
});

Deno.test("a heartbeat that Discord asks for is answered at once", async () => {
  const rig = await liveRig();
  const before = rig.sim.ledger.heartbeats.length;
  rig.sim.faults.requestHeartbeat();
  await rig.clock.advance(100);
  assert.equal(rig.sim.ledger.heartbeats.length, before + 1);
  await settle(rig);
});

for (const compression of ["none", "zlib-stream", "zstd-stream"] as const) {
  Deno.test(`after a corrupt frame (${compression}) the shard resumes and nothing is lost`, async () => {
    const rig = await liveRig({ compression });
    rig.sim.faults.corruptNext();
    await assertResumed(rig, 10_000);
    assert.equal(rig.gateway.serving.shards[0]!.counters!.reconnects["corrupt frame"], 1);
  });
}

Deno.test("frames that are corrupt again, while the shard goes without compression, lose nothing", async () => {
  const rig = await liveRig({ compression: "zlib-stream" });
  for (let i = 0; i < 5; i++) {
    rig.sim.faults.corruptNext();
    await rig.clock.advance(3_000);
  }
  await settle(rig);
  assert.equal(rig.identifies(), 1);
});

for (const compression of ["zlib-stream", "zstd-stream"] as const) {
  Deno.test(`with ${compression} a new connection has a fresh context`, async () => {
    const rig = await liveRig({ compression, sim: { splitFrames: 0.3 } });
    for (const strike of ["cut", "corruptNext", "reconnect"] as const) {
      rig.sim.faults[strike]();
      await rig.clock.advance(500);
      await rig.clock.runUntil(() => rig.isReady(), 60_000);
    }
    await settle(rig);
    assert.equal(rig.identifies(), 1);
  });
}

for (const compression of ["zlib-stream", "zstd-stream"] as const) {
  Deno.test(`a Discord that ignores ${compression} and sends text is read as text`, async () => {
    const rig = await liveRig({ compression, sim: { compression: "ignored" } });
    await settle(rig);
    assert.equal(rig.sim.ledger.connections.length, 1);
  });

  Deno.test(`what cannot be inflated as ${compression} is asked for without, until that has lasted`, async () => {
    const rig = await createRig({ compression, sim: { compression: "broken" } });
    rig.start();
    await rig.ready(20_000);
    const warned = rig.logged.filter(({ event }) => event === "shard connects without compression");
    assert.equal(warned.length, 1);
    assert.equal(rig.sim.ledger.connections.length, 2);
    rig.sim.settings.compression = "honoured";
    const asked = () => rig.sim.ledger.connections.map((it) => it.compression);
    rig.sim.faults.cut();
    await rig.clock.advance(70_000);
    assert.deepEqual(asked(), [compression, "none", "none"]);
    rig.sim.faults.cut();
    await rig.clock.advance(3_000);
    assert.deepEqual(asked(), [compression, "none", "none", compression]);
    assert.deepEqual(rig.states(), ["ready"]);
    rig.assertNothingLost();
    rig.assertNoViolations();
  });
}

Deno.test("a session that is live when its compression breaks is resumed without: nothing is lost", async () => {
  const rig = await liveRig({ compression: "zlib-stream" });
  rig.sim.settings.compression = "broken";
  await assertResumed(rig, 10_000);
});
