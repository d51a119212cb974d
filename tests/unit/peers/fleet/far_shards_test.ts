import assert from "node:assert/strict";
import { FarShards, SHARD_DEADLINE_MS } from "../../../../unit/peers/fleet/far_shards.ts";
import { GatehouseError, isUnheard } from "../../../../protocol/errors.ts";
import { shardKeyText } from "../../../../protocol/ids.ts";
import { createPeersFleet } from "../../../support/fleet/peers_fleet.ts";

const SHARD = { total: 6, id: 1 };
const PAYLOAD = { op: 3, d: null };

/** Three units, whose shards write down what they are sent. */
async function setUp() {
  const fleet = createPeersFleet();
  const sent: string[] = [];
  const stopped = new Set<string>();
  const units = await fleet.three();
  const far = units.map(({ name, line, view, calls, peers }) => {
    const has = (shard: typeof SHARD) => view.ownerOf(shard) === name;
    return new FarShards({
      clock: line.clock,
      view,
      calls,
      has,
      elsewhere: peers.elsewhere!,
      gateway: () => ({
        commands: {
          send(id, { op, totalShards }) {
            sent.push(`${name} ${id}/${totalShards} ${op}`);
            if (op === 99) throw new GatehouseError("refused", "caller", "Cannot send: 99");
            return Promise.resolve();
          },
          requestMembers({ guildId }) {
            sent.push(`${name} members ${guildId}`);
            return Promise.resolve({ members: [{ id: 1 }], notFound: [] });
          },
        },
        openDoor: stopped.has(name) ? null : {
          takeHere({ t, payload }, key) {
            sent.push(`${name} takes ${t} ${new TextDecoder().decode(payload)} as ${key}`);
            return Promise.resolve({ status: 200, body: { type: 5 } });
          },
        },
      }),
    });
  });
  return { ...fleet, units, far, sent, stopped };
}

Deno.test("a command to a shard goes to the unit that has it, and is what it was", async () => {
  const { far: [a], sent, run } = await setUp();
  assert.deepEqual([a!.isFar(SHARD), a!.isFar({ total: 6, id: 0 })], [true, false]);
  await run(a!.send(SHARD, PAYLOAD));
  const answer = await run(a!.requestMembers(SHARD, { guildId: "7" }));
  assert.deepEqual(answer, { members: [{ id: 1 }], notFound: [] });
  assert.deepEqual(sent, ["b 1/6 3", "b members 7"]);
  await assert.rejects(run(a!.send(SHARD, { op: 99, d: null })), {
    code: "refused",
    message: /99/,
  });
});

Deno.test("more members than the bus takes at a time arrive", async () => {
  const { far, units: [a], run, clock } = await setUp();
  const members = Array.from(
    { length: 20_000 },
    (_, i) => ({ user: { id: String(i) }, roles: [] }),
  );
  a.calls.answer("members", () => ({ members, notFound: [] }));
  await clock.advance(1);
  const answer = await run(far[1]!.requestMembers({ total: 6, id: 0 }, { guildId: "7" }));
  assert.deepEqual(answer.members, members);
});

Deno.test("a command waits for a shard that is on its way, and goes where it arrives, be it here", async () => {
  for (const [owners, by] of [[["a", "c"], "c"], [["a", "a"], "a"]] as const) {
    const { far: [a], sent, set, owned, clock } = await setUp();
    set(owned(["a", null, "c", "a", "b", "c"]));
    const answer = a!.send(SHARD, PAYLOAD);
    await clock.advance(SHARD_DEADLINE_MS / 2);
    assert.deepEqual(sent, []);
    set(owned([...owners, "c", "a", "b", "c"]));
    await clock.advance(1_000);
    await answer;
    assert.deepEqual(sent, [`${by} ${shardKeyText(SHARD)} 3`]);
  }
});

Deno.test("a unit that has a shard no more sends nothing, though another one thinks that it has", async () => {
  const { far: [a], sent, set, owned, clock } = await setUp();
  set(owned(["a", "c", "c", "a", "b", "c"]), undefined, ["b", "c"]);
  const answer = a!.send(SHARD, PAYLOAD);
  await clock.advance(1_000);
  assert.deepEqual(sent, []);
  set({});
  await clock.advance(1_000);
  await answer;
  assert.deepEqual(sent, ["c 1/6 3"]);
});

Deno.test("a command that no unit can do is away after a while", async () => {
  const { far: [a], set, owned, run, clock } = await setUp();
  set(owned(["a", null, "c", "a", "b", "c"]));
  const sinceMs = clock.now();
  await assert.rejects(run(a!.send(SHARD, PAYLOAD)), { code: "away", message: /shard 1\/6/ });
  assert.ok(clock.now() - sinceMs >= SHARD_DEADLINE_MS);
});

Deno.test("what Discord has POSTed goes to the unit that has its shard, and its answer comes back", async () => {
  const { far: [a], sent, run, set, owned } = await setUp();
  const payload = new TextEncoder().encode('{"é":1}');
  const event = { kind: "interaction", t: "X", guildId: "7", id: "9", payload } as const;
  assert.deepEqual(await run(a!.take(SHARD, event, "key")), { status: 200, body: { type: 5 } });
  assert.deepEqual(await run(a!.take({ total: 6, id: 0 }, event, "own")), {
    status: 200,
    body: { type: 5 },
  });
  assert.deepEqual(sent, ['b takes X {"é":1} as key', 'a takes X {"é":1} as own']);
  set(owned(["a", null, "c", "a", "b", "c"]));
  await assert.rejects(run(a!.take(SHARD, event, "nobody")), { code: "away" });
});

Deno.test("a unit that stops takes nothing of another, which surely takes it itself", async () => {
  const { far: [a], sent, run, stopped } = await setUp();
  stopped.add("b").add("a");
  const event = {
    kind: "interaction",
    t: "X",
    guildId: "7",
    id: "9",
    payload: new Uint8Array(),
  } as const;
  for (const shard of [SHARD, { total: 6, id: 0 }]) {
    await assert.rejects(run(a!.take(shard, event, "key")), isUnheard);
  }
  assert.deepEqual(sent, []);
});
