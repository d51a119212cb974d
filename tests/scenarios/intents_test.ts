/** Privileged intents that Discord refuses, or takes away from a running fleet, in virtual time. */

import assert from "node:assert/strict";
import {
  ALL_INTENTS,
  grantedIntents,
  INTENTS,
  PRIVILEGED_INTENTS,
} from "../../protocol/discord/intents.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import { ANSWERS } from "../../sim/rest/faults.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

const { GUILD_MEMBERS, MESSAGE_CONTENT } = INTENTS;
const SHARDS = 4;
const FLEET: RigOptions = { shards: SHARDS, sim: { maxConcurrency: 2, guilds: 12 } };

async function liveRig(options: RigOptions = FLEET): Promise<Rig> {
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  return rig;
}

/** The intents that the sessions of now have. */
const intentsOf = ({ sim }: Rig) =>
  [...sim.ledger.sessions.values()].filter(({ ended }) => !ended)
    .toSorted((a, b) => a.shardId - b.shardId).map(({ intents }) => intents);

const all = (intents: number) => Array.from({ length: SHARDS }, () => intents);
const told = ({ logged }: Rig, words: RegExp) => logged.filter(({ event }) => words.test(event));

Deno.test("a fleet that loses an intent goes on without it, says so everywhere, and gets it back", async () => {
  const rig = await liveRig();
  const { sim, clock, gateway } = rig;
  sim.faults.revokeIntents(GUILD_MEMBERS);
  await clock.advance(100);
  assert.ok(!rig.isReady());
  assert.ok(await rig.ready(30_000) < 15_000);
  await clock.advance(100);
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS & ~GUILD_MEMBERS));
  assert.deepEqual(gateway.intents, {
    wanted: ALL_INTENTS,
    refused: ["GUILD_MEMBERS"],
    shards: [0, 1, 2, 3],
  });
  const [line, ...more] = told(rig, /refuses intents/);
  assert.deepEqual([line?.level, line?.fields.intents, more], ["error", "GUILD_MEMBERS", []]);
  const asked = () => sim.ledger.rest.filter(({ route }) => route === "/applications/@me").length;
  assert.equal(asked(), 1);
  // The flags are looked at now and then, and nothing else is tried.
  await clock.advance(10 * 60_000);
  assert.ok(asked() >= 5 && asked() <= 12, `asked ${asked()} times`);
  assert.equal(rig.identifies(), 2 * SHARDS);
  rig.assertNoViolations();

  sim.faults.grantIntents(GUILD_MEMBERS);
  const down: number[] = [];
  for (let i = 0; i < 120; i++) {
    await clock.advance(1_000);
    down.push(rig.states().filter((state) => state !== "ready").length);
  }
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS));
  assert.deepEqual(gateway.intents.refused, []);
  assert.ok(Math.max(...down) <= 2, "more were away at a time than there are identify keys");
  assert.equal(rig.identifies(), 3 * SHARDS);
  assert.equal(told(rig, /all intents again/).length, 1);
  rig.assertNoViolations();
});

Deno.test("a fleet that starts without a grant comes up all the same, at the cost of one window", async () => {
  const sim = { ...FLEET.sim, privilegedIntents: PRIVILEGED_INTENTS & ~MESSAGE_CONTENT };
  const rig = await liveRig({ ...FLEET, sim });
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS & ~MESSAGE_CONTENT));
  const refused = rig.sim.ledger.violations.map(({ rule }) => rule);
  assert.ok(refused.length <= 2, `refused ${refused.length} times`);
});

Deno.test("with REFUSED_INTENTS=stop a shard that is refused stops for good", async () => {
  const rig = await liveRig({ ...FLEET, config: { refusedIntents: "stop" } });
  rig.sim.faults.revokeIntents(GUILD_MEMBERS);
  await rig.clock.advance(60 * 60_000);
  assert.deepEqual(rig.states(), Array(SHARDS).fill("stopped"));
  assert.equal(told(rig, /stopped for good/).length, SHARDS);
  assert.deepEqual([rig.identifies(), rig.sim.ledger.rest.length], [SHARDS, 0]);
});

Deno.test("while Discord does not say what is refused, nothing privileged is asked for", async () => {
  const rig = await liveRig();
  const reply = ANSWERS.unavailable;
  const fault = { kind: "answer", reply, route: "/applications/@me", times: 1_000 } as const;
  const mend = rig.sim.rest.faults.add(fault);
  rig.sim.faults.revokeIntents(GUILD_MEMBERS);
  await rig.clock.advance(100);
  assert.ok(await rig.ready(60_000) >= 25_000);
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS & ~PRIVILEGED_INTENTS));
  mend();
  await rig.clock.advance(5 * 60_000);
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS & ~GUILD_MEMBERS));
  rig.assertNoViolations();
});

Deno.test("an intent that is refused although the flags grant it is tried again, once, and later by one shard", async () => {
  const rig = await liveRig();
  rig.sim.faults.close(4014, { shardId: 2, endSession: true });
  await rig.clock.advance(100);
  await rig.ready(30_000);
  // One refusal against the flags: the second witness is Discord itself, which takes it.
  assert.deepEqual(intentsOf(rig), all(ALL_INTENTS));
  assert.deepEqual(told(rig, /refuses intents/), []);
});

Deno.test("a unit that is started again while an intent is refused resumes, and still gets it back", async () => {
  const first = await liveRig();
  first.sim.faults.revokeIntents(GUILD_MEMBERS);
  await first.clock.advance(100);
  await first.ready();
  await first.stop();
  const { store, clock, sim } = first;
  const second = await createRig({ ...FLEET, store, earlier: { clock, sim } });
  second.start();
  await second.ready();
  assert.equal(sim.ledger.resumes.filter(({ ok }) => ok).length, SHARDS);
  assert.equal(second.identifies(), 2 * SHARDS);
  assert.deepEqual(second.gateway.intents.refused, ["GUILD_MEMBERS"]);
  sim.faults.grantIntents(GUILD_MEMBERS);
  await clock.advance(3 * 60_000);
  assert.deepEqual(intentsOf(second), all(ALL_INTENTS));
  assert.deepEqual(second.gateway.intents.refused, []);
});

Deno.test("a unit that is told to stop for refused intents does not take up a session that lacks them", async () => {
  const first = await liveRig();
  first.sim.faults.revokeIntents(GUILD_MEMBERS);
  await first.clock.advance(100);
  await first.ready();
  await first.stop();
  const { store, clock, sim } = first;
  const config = { refusedIntents: "stop" } as const;
  const second = await createRig({ ...FLEET, store, config, earlier: { clock, sim } });
  second.start();
  await clock.advance(60_000);
  assert.equal(sim.ledger.resumes.length, 0);
  assert.ok(second.states().includes("stopped"));
});

Deno.test("all members are asked for again once the intent is there, and nobody meanwhile", async () => {
  const rig = await liveRig({ ...FLEET, cacheAllMembers: true });
  const { sim, clock, cached, gateway } = rig;
  await clock.advance(60_000);
  assert.deepEqual(cached.toSorted(), [0, 1, 2, 3]);
  sim.faults.revokeIntents(GUILD_MEMBERS);
  await clock.advance(60_000);
  assert.ok(rig.isReady());
  const guildId = [...sim.world.guilds.keys()][0]!;
  const shardId =
    gateway.serving.shards.find(({ shardId }) => calculateShardId(guildId, SHARDS) === shardId)!
      .shardId;
  const vain = { code: "refused", message: /GUILD_MEMBERS/ };
  const payload = { op: 8, d: { guild_id: guildId, query: "", limit: 0 } };
  const asked = [
    assert.rejects(gateway.pool.requestMembers(shardId, { guildId }), vain),
    assert.rejects(gateway.pool.sendPayload(shardId, payload), vain),
  ];
  await clock.advance(100);
  await Promise.all(asked);
  rig.assertNoViolations();
  sim.faults.grantIntents(GUILD_MEMBERS);
  await clock.advance(4 * 60_000);
  assert.equal(cached.length, 2 * SHARDS);
  rig.assertNoViolations();
});

Deno.test("a library may ask for all that the unit is set to, also while Discord refuses some of it", async () => {
  const rig = await liveRig();
  rig.sim.faults.revokeIntents(GUILD_MEMBERS);
  await rig.clock.advance(100);
  await rig.ready(30_000);
  await rig.clock.advance(2_000);
  const got: { op: number; t: string | null; d: { application: { flags: number } } }[] = [];
  const closed: number[] = [];
  const link = rig.gateway.consumers.accept(
    {
      send: (text) => void got.push(JSON.parse(text)),
      sendBytes() {},
      close: (code) => void closed.push(code),
    },
    new URLSearchParams("v=10&encoding=json"),
    "ws://gatehouse.test/",
  );
  const d = { token: "x", intents: ALL_INTENTS, shard: [1, SHARDS], properties: {} };
  link.text(JSON.stringify({ op: 2, d }));
  await rig.clock.advance(1_000);
  // With 4014 it would end for good: what it does without, the flags say that Discord's READY had.
  assert.deepEqual(closed, []);
  const { flags } = got.find(({ t }) => t === "READY")!.d.application;
  assert.equal(grantedIntents(flags), PRIVILEGED_INTENTS & ~GUILD_MEMBERS);
});
