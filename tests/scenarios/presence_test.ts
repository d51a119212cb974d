/**
 * The presence that a client has set is kept: whatever becomes of the session with Discord, of the
 * worker or of the unit, others see what was set last.
 */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { shardHooks } from "../../workers/worker_hooks.ts";
import { connect } from "../support/library.ts";
import { createRig, type Rig } from "../support/rig.ts";

const IDLE = { since: null, afk: false, status: "idle", activities: [] };
const DND = { ...IDLE, status: "dnd", activities: [{ name: "chess", type: 0 }] };

/** What others see of each shard now. */
function shown({ sim }: Pick<Rig, "sim">): unknown[] {
  const live = [...sim.ledger.sessions.values()].filter(({ ended }) => ended === null);
  return live.sort((a, b) => a.shardId - b.shardId).map(({ presence }) => presence);
}

function ask({ gateway }: Rig, d: unknown, shardId = 0): Promise<void> {
  return gateway.pool.sendPayload(shardId, { op: OP.PRESENCE_UPDATE, d });
}

async function set(rig: Rig, d: unknown, shardId = 0): Promise<void> {
  const asked = ask(rig, d, shardId);
  await rig.clock.advance(100);
  await asked;
}

/** Discord ends the session; the shard has another one a little later. */
async function replaceSession(rig: Rig): Promise<void> {
  const before = rig.identifies();
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() > before && rig.isReady(), 60_000);
  await rig.clock.advance(1_000);
}

async function started(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  return rig;
}

Deno.test("a session that replaces one has the presence that the bot set last", async () => {
  const rig = await started();
  await set(rig, IDLE);
  await set(rig, DND);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [DND]);
  assert.deepEqual(rig.sim.ledger.identifies.map(({ presence }) => presence), [undefined, DND]);
  assert.equal(rig.sim.ledger.sends.filter(({ op }) => op === OP.PRESENCE_UPDATE).length, 2);
  rig.assertNoViolations();
});

Deno.test("a session that replaces one has the presence of the library that has the shard", async () => {
  const rig = await started();
  const library = connect(rig);
  library.identify(IDLE);
  await rig.clock.advance(1_000);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [IDLE]);
  library.send(OP.PRESENCE_UPDATE, DND);
  await rig.clock.advance(1_000);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [DND]);
  assert.equal(library.closedWith, null);
  rig.assertNoViolations();
});

Deno.test("each shard keeps its own presence", async () => {
  const rig = await started({ shards: 2, sim: { maxConcurrency: 2 } });
  await set(rig, IDLE, 0);
  await set(rig, DND, 1);
  for (const shardId of [0, 1]) rig.gateway.pool.reconnect(shardId, "end");
  await rig.clock.advance(20_000);
  assert.deepEqual(shown(rig), [IDLE, DND]);
});

Deno.test("the next life of a worker, and of the unit, knows the presence", async () => {
  const store = memoryStore();
  const first = await started({ store });
  await set(first, DND);
  first.gateway.pool.restart(0);
  await first.ready();
  await replaceSession(first);
  assert.deepEqual(shown(first), [DND]);
  await first.stop();
  const second = await createRig({ store, earlier: first });
  second.start();
  await second.ready();
  await second.clock.advance(1_000);
  assert.equal(second.identifies(), 2, "the session was resumed");
  await replaceSession(second);
  assert.deepEqual(shown(second), [DND]);
  await second.stop();
  // So long that Discord has forgotten the session.
  await second.clock.advance(3_600_000);
  const third = await createRig({ store, earlier: second });
  third.start();
  await third.ready();
  await third.clock.advance(1_000);
  assert.deepEqual(shown(third), [DND]);
  assert.deepEqual(third.sim.ledger.violations, []);
});

Deno.test("what the module makes is the presence until one is set", async () => {
  const hooks = shardHooks({ makePresence: () => IDLE });
  const rig = await started({ hooks });
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [IDLE]);
  await set(rig, DND);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [DND]);
});

for (const end of ["resumed", "replaced"] as const) {
  Deno.test(`a presence that was set during a long outage is told when the session is ${end}`, async () => {
    const rig = await started({ sim: { sessionTtlMs: 3_600_000 } });
    await set(rig, IDLE);
    const over = rig.sim.faults.refuse();
    rig.sim.faults.cut();
    await rig.clock.advance(1_000);
    const late = assert.rejects(ask(rig, DND), { code: "deadline" });
    await rig.clock.advance(125_000);
    await late;
    if (end === "replaced") rig.sim.faults.forgetSessions();
    over();
    await rig.clock.runUntil(rig.isReady, 120_000);
    await rig.clock.advance(1_000);
    assert.equal(rig.identifies(), end === "resumed" ? 1 : 2);
    assert.deepEqual(shown(rig), [DND]);
    rig.assertNoViolations();
  });
}

Deno.test("a library's command that meets a worker's restart reaches Discord", async () => {
  const rig = await started();
  const library = connect(rig);
  library.identify();
  await rig.clock.advance(1_000);
  rig.gateway.pool.crash(0, "throw");
  rig.gateway.pool.restart(0);
  rig.gateway.pool.restart(0);
  library.send(OP.PRESENCE_UPDATE, DND);
  await rig.clock.advance(10_000);
  assert.deepEqual(shown(rig), [DND]);
});

Deno.test("a presence that Discord cannot read, or that no IDENTIFY holds, costs no identify", async () => {
  const rig = await started();
  await set(rig, IDLE);
  // Discord closes with 4002, and the session resumes.
  await set(rig, { ...IDLE, activities: "chess" });
  await rig.clock.advance(5_000);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [IDLE]);
  const long = { ...DND, activities: [{ name: "x".repeat(3_900), type: 0 }] };
  await set(rig, long);
  await replaceSession(rig);
  assert.deepEqual(shown(rig), [long]);
  assert.equal(rig.identifies(), 3);
  assert.deepEqual(rig.sim.ledger.violations.map(({ rule }) => rule), ["bad payload"]);
});
