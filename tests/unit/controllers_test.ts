import assert from "node:assert/strict";
import { createControllers, type UnitCore } from "../../unit/controllers.ts";
import { cluster } from "../support/peers.ts";

const DONE = { totalShards: 2, cursors: { 0: 9 } };

/** A unit that writes down what its methods lead to. */
function setUp(changed: Partial<UnitCore> = {}) {
  const called: unknown[] = [];
  const note = (name: string) => (...asked: unknown[]) => void called.push([name, ...asked]);
  const later = (name: string) => (...asked: unknown[]) => Promise.resolve(note(name)(...asked));
  const unit: UnitCore = {
    totalShards: 2,
    shardIds: [0, 1],
    rest: { handle: () => Promise.resolve(new Response("by the proxy")) },
    gateway: {
      acknowledge: note("acknowledge"),
      commands: {
        requestMembers: (...asked) =>
          later("requestMembers")(...asked).then(() => ({ members: [], notFound: [] })),
        send: later("send"),
      },
      links: { deliver: (...batch) => (note("deliver")(...batch), true) },
      pool: {
        calculateWorkerId: () => 3,
        spawnShards: note("spawnShards"),
        tellWorkerToIdentify: note("tell"),
      },
    },
    ...changed,
  };
  return { called, ...createControllers(() => unit) };
}

Deno.test("each method leads to its part by itself", async () => {
  const { called, gateway, events, rest } = setUp();
  const batch = new Uint8Array();
  gateway.spawnShards();
  gateway.tellWorkerToIdentify(0, 1);
  assert.equal(gateway.calculateWorkerId(1), 3);
  assert.equal(gateway.calculateWorkerId(1, [[0], [1]]), 1);
  assert.equal(gateway.requestIdentify(1), undefined);
  await gateway.sendPayload(1, { op: 3, d: {} });
  await gateway.requestMembers(1n << 22n, { limit: 1 });
  events.deliver(cluster(0), 1, batch);
  events.acknowledged(cluster(0), 1, DONE);
  assert.equal(await (await rest.handle(new Request("http://x.test/"))).text(), "by the proxy");
  assert.deepEqual(called, [
    ["spawnShards"],
    ["tell", 0, 1],
    ["send", 1, { op: 3, d: {} }],
    ["requestMembers", { guildId: String(1n << 22n), limit: 1 }],
    ["deliver", cluster(0), 1, batch],
    ["acknowledge", cluster(0), 1, DONE],
  ]);
});

Deno.test("a payload that is wrong is refused before a worker gets it", async () => {
  const { called, gateway } = setUp();
  const wrong = { code: "bad_message", message: /d is undefined/ };
  await assert.rejects(gateway.sendPayload(0, { op: 3 } as never), wrong);
  assert.deepEqual(called, []);
});

Deno.test("before there is a shard the methods say so, and helpers reject", async () => {
  const { gateway, events } = setUp({ gateway: null, totalShards: 0, shardIds: [] });
  const early = { code: "not_ready", message: /no shard has started yet/ };
  assert.throws(() => gateway.spawnShards(), early);
  assert.throws(() => events.deliver(cluster(0), 1, new Uint8Array()), early);
  await assert.rejects(gateway.sendPayload(0, { op: 3, d: {} }), early);
  const unknown = { code: "not_ready", message: /Discord has not said yet how many/ };
  assert.throws(() => gateway.calculateShardId("1"), unknown);
  await assert.rejects(gateway.joinVoiceChannel("1", "2"), unknown);
  await gateway.editBotStatus({ status: "idle", activities: [] });
});

Deno.test("a presence for the whole bot goes to every shard of the fleet", async () => {
  const { called, gateway } = setUp({ fleet: { shardIds: [0, 1, 2] } });
  await gateway.editBotStatus({ status: "idle", activities: [] });
  assert.deepEqual(called.map((call) => (call as unknown[])[1]), [0, 1, 2]);
});
