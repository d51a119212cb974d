import assert from "node:assert/strict";
import { BotCalls } from "../../bot/bot_calls.ts";
import { silentLog } from "../../ports/log.ts";
import type { LinkCall } from "../../protocol/link_call.ts";
import { botContext } from "../support/bot_context.ts";
import { COUNTER, createExchange, TOTAL_SHARDS } from "../support/exchange.ts";
import { cluster } from "../support/peers.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;

Deno.test("a bot is told once in its life what happened, however often its link is made anew", async () => {
  const { bot, clock, switchboard } = createExchange();
  const told: unknown[] = [];
  const own = bot(0, {
    allClustersReady: ({ cluster }) => void told.push(["ready", cluster.id]),
    allMembersCached: (all, { cluster }) => void told.push(["cached", all, cluster.id]),
  });
  for (let i = 0; i < 3; i++) {
    own.link();
    switchboard.tell([cluster(0)], "allClustersReady", undefined);
    switchboard.tell([cluster(0)], "allMembersCached", false);
    await clock.advance(5);
    own.cut();
  }
  own.link();
  switchboard.tell([cluster(0)], "allMembersCached", true);
  await clock.advance(5);
  assert.deepEqual(told, [["ready", 0], ["cached", false, 0], ["cached", true, 0]]);
});

Deno.test("a bot that throws where nobody waits for an answer is logged, and goes on", async () => {
  const { bot, clock, lines, run, switchboard } = createExchange();
  bot(0, {
    allClustersReady: () => Promise.reject(new Error("no database")),
    handleCommand: (data, receptive) => {
      if (!receptive) throw new TypeError("not like this");
      return data;
    },
  }).link();
  switchboard.tell([cluster(0)], "allClustersReady", undefined);
  await switchboard.command({ clusterId: 0 }, "x");
  await clock.advance(5);
  assert.match(lines[0]!, /^error call failed .*"verb":"allClustersReady","error":"no database"/);
  assert.match(lines[1]!, /^error call failed .*"verb":"command","error":"not like this","stack":/);
  assert.equal(await run(switchboard.command({ clusterId: 0 }, "y", RECEPTIVE)), "y");
});

Deno.test("a bot answers what it is asked: its figures, what it knows", async () => {
  const { bot, run, switchboard } = createExchange();
  bot(0, {
    getStats: () => Promise.resolve({ queueLength: 3 }),
    find: (wanted) => ({ found: wanted }),
  }).link();
  const stats = await run(switchboard.ask(cluster(0), "stats", null, 5000));
  assert.deepEqual(stats, { memory: { rss: 1 }, queueLength: 3 });
  const wanted = { kind: "guild", guildId: "1" };
  assert.deepEqual(await run(switchboard.ask(cluster(0), "find", wanted, 5000)), { found: wanted });
});

Deno.test("an answer goes back over the link that the question came by, not over a later one", async () => {
  const { bot, clock, switchboard } = createExchange();
  const done = Promise.withResolvers<unknown>();
  const own = bot(0, { handleCommand: () => done.promise });
  own.link();
  const lost = assert.rejects(switchboard.command({ clusterId: 0 }, 1, RECEPTIVE), {
    code: "away",
  });
  await clock.advance(5);
  own.cut();
  await lost;
  const sent: unknown[] = [];
  own.calls.up((message) => sent.push(message), 1);
  done.resolve("late");
  await clock.advance(5);
  assert.deepEqual(sent, []);
});

Deno.test("a service is what answers it: its name is in what is wrong with it", async () => {
  const { bot, run, switchboard } = createExchange();
  bot(COUNTER).link();
  const command = run(switchboard.command({ service: "counter" }, 1, RECEPTIVE));
  await assert.rejects(command, { message: /service counter has no handleCommand/ });
});

Deno.test("gateway calls go to the unit, each with its shard", async () => {
  const asked: unknown[] = [];
  const { bot, run } = createExchange((request) => {
    asked.push(request);
    const { method } = request as { method: string };
    if (method === "shardIds") return [2, 3];
    return method === "requestMembers" ? { members: [], notFound: ["7"] } : undefined;
  });
  const { gateway, ...own } = bot(1);
  own.link();
  const status = { status: "idle", activities: [] } as const;
  const presence = { op: 3, d: { since: null, afk: false, ...status } };
  await run(gateway.editBotStatus(status));
  assert.deepEqual(asked.splice(0), [
    { method: "shardIds" },
    { method: "sendPayload", shardId: 2, payload: presence },
    { method: "sendPayload", shardId: 3, payload: presence },
  ]);
  const guildId = String(5n << 22n);
  assert.equal(gateway.calculateShardId(guildId), 5 % TOTAL_SHARDS);
  const members = await run(gateway.requestMembers(guildId, { userIds: [7n] }));
  assert.deepEqual(members, { members: [], notFound: ["7"] });
  assert.deepEqual(asked, [
    { method: "requestMembers", shardId: 5, request: { guildId, userIds: ["7"] } },
  ]);
});

Deno.test("a guild's shard is not guessed before the unit has said how many there are", async () => {
  const { bot, clock, run } = createExchange();
  const { gateway, ...own } = bot(0);
  const early = { code: "not_ready", message: /has not said yet/ };
  assert.throws(() => gateway.calculateShardId("1"), early);
  const settled = gateway.joinVoiceChannel("1", "2").catch((error) => error.code);
  assert.equal(await settled, "not_ready", "it rejects, it does not throw");
  await assert.rejects(gateway.requestMembers("1"), early);
  own.link();
  assert.equal(gateway.calculateShardId("1"), 0);
  await run(gateway.joinVoiceChannel("1", "2"));
  own.cut();
  await clock.advance(5);
  assert.equal(gateway.calculateShardId("1"), 0, "it has not forgotten");
});

Deno.test("a refusal of the unit is the rejection of the gateway call", async () => {
  const { bot, run } = createExchange(() => {
    throw new RangeError("no shard 9");
  });
  const { gateway, ...own } = bot(0);
  own.link();
  const call = run(gateway.sendPayload(9, { op: 3, d: {} }));
  await assert.rejects(call, { name: "RangeError", message: "no shard 9" });
});

Deno.test("with several units a call goes to the one that was heard last, and a lost link ends only what was asked over it", async () => {
  const { clock } = createExchange();
  const calls = new BotCalls({
    bot: { wants: () => false, handle() {} },
    clock,
    log: silentLog,
    figures: () => ({}),
  });
  const sent: string[] = [];
  const heardMs: Record<string, number> = { a: 1, b: 2 };
  const up = (unit: string) =>
    calls.up(
      (message) => void sent.push(`${unit} ${(message as LinkCall).id}`),
      TOTAL_SHARDS,
      () => heardMs[unit]!,
    );
  const [a, b] = [up("a"), up("b")];
  const first = calls.ipc.stats();
  heardMs.a = 3;
  const second = calls.ipc.stats();
  assert.deepEqual(sent, ["b 1", "a 2"]);
  b.down();
  await assert.rejects(first, { code: "away" });
  const third = calls.ipc.stats();
  assert.equal(sent[2], "a 3");
  a.receive({ op: "reply", id: 3, value: { json: null } });
  a.receive({ op: "reply", id: 2, value: { json: null } });
  assert.deepEqual(await Promise.all([second, third]), [null, null]);
});

Deno.test("a question of a unit is answered over its own link", async () => {
  const { clock } = createExchange();
  const calls = new BotCalls({
    bot: { wants: () => false, handle() {}, find: () => ({ name: "here" }) },
    clock,
    log: silentLog,
    figures: () => ({}),
  });
  calls.context = botContext({ ipc: calls.ipc, gateway: calls.gateway });
  const sent: string[] = [];
  const up = (unit: string) => calls.up(({ op, id }) => void sent.push(`${unit} ${op} ${id}`), 1);
  const [a, b] = [up("a"), up("b")];
  const value = { json: { kind: "guild", guildId: "1" } };
  a.receive({ op: "call", id: 7, verb: "find", receptive: true, value });
  b.receive({ op: "call", id: 7, verb: "find", receptive: true, value });
  await clock.advance(1);
  assert.deepEqual(sent, ["a reply 7", "b reply 7"]);
});
