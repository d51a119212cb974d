/** Commands between bots, services and the unit, over wires that can be cut: each settles, once. */

import assert from "node:assert/strict";
import type { Bot } from "../../bot/bot.ts";
import type { Ipc } from "../../bot/ipc.ts";
import type { CommandResults } from "../../protocol/command.ts";
import type { GatehouseError } from "../../protocol/errors.ts";
import { COUNTER, createExchange, type End } from "../support/exchange.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;

/** Answers with the value that it is sent, after doing as it is told. */
const OBEDIENT: Partial<Bot> = {
  async handleCommand(data, receptive, { asResponse, asError }) {
    if (data === "fail") return asError(new RangeError("too far", { cause: new Error("because") }));
    if (data === "throw") throw Object.assign(new TypeError("thrown"), { status: 409 });
    if (data === "hang") return await new Promise(() => {});
    if (data === "unsendable") return asResponse({ list: [1, () => {}] });
    return asResponse({ data, receptive });
  },
};

/** Everybody is linked: two of ours, one asking and one asked, cluster 2, and a service. */
function setUp(unit?: Parameters<typeof createExchange>[0]) {
  const exchange = createExchange(unit);
  const asking = exchange.bot(0, OBEDIENT);
  const asked = exchange.bot(1, OBEDIENT);
  const service = exchange.bot(COUNTER, OBEDIENT);
  const third = exchange.bot(2, OBEDIENT);
  for (const bot of [asking, asked, third, service]) bot.link();
  return { ...exchange, asking, asked, third, service };
}

Deno.test("a command reaches the cluster of its number, of its guild, and the service of its name", async () => {
  const { asking, run, bot } = setUp();
  const seen: unknown[] = [];
  const note = (who: string): Partial<Bot> => ({
    handleCommand: (data, _, { asResponse }) => (seen.push([who, data]), asResponse(who)),
  });
  bot(1, note("cluster 1")).link();
  bot(2, note("cluster 2")).link();
  bot(COUNTER, note("service")).link();
  const { ipc } = asking;
  assert.equal(await run(ipc.sendClusterCommand({ clusterId: 1 }, "a", RECEPTIVE)), "cluster 1");
  assert.equal(await run(ipc.sendClusterCommand({ guildId: "12" }, "b", RECEPTIVE)), "cluster 2");
  assert.equal(await run(ipc.sendClusterCommand({ guildId: 12n }, "c", RECEPTIVE)), "cluster 2");
  assert.equal(await run(ipc.sendServiceCommand("counter", "d", RECEPTIVE)), "service");
  assert.deepEqual(seen, [["cluster 1", "a"], ["cluster 2", "b"], ["cluster 2", "c"], [
    "service",
    "d",
  ]]);
});

Deno.test("a command that is not receptive resolves when it is on its way, and its target knows", async () => {
  const { asking, bot, clock, run, switchboard } = setUp();
  const seen: unknown[] = [];
  bot(1, { handleCommand: (...[data, receptive]) => void seen.push([data, receptive]) }).link();
  assert.equal(await asking.ipc.sendClusterCommand({ clusterId: 1 }, "a"), undefined);
  assert.equal(await run(switchboard.command({ clusterId: 1 }, "b")), undefined);
  assert.equal(await run(switchboard.command({ all: true }, "c")), undefined);
  await clock.advance(10);
  assert.deepEqual(seen.toSorted(), [["a", false], ["b", false], ["c", false]]);
  assert.equal(clock.timers.size, 0, "nobody waits for anything");
});

type Outcome = readonly [data: unknown, expected: object];
const outcomes: Readonly<Record<string, Outcome>> = {
  "an error that it answers": ["fail", { name: "RangeError", message: "too far" }],
  "what it throws": ["throw", { name: "TypeError", message: "thrown", status: 409 }],
  "its deadline": ["hang", { code: "deadline", message: /from cluster 1: none within 5000 ms/ }],
  "a value that it cannot send": ["unsendable", {
    code: "bad_message",
    message: /a function at data\.list\[1\]/,
  }],
  "a value that cannot be sent to it": [{ at: [Symbol("x")] }, {
    code: "bad_message",
    message: /a symbol at data\.at\[0\]/,
  }],
};

for (const [what, [data, expected]] of Object.entries(outcomes)) {
  Deno.test(`a command of a cluster settles with ${what}`, async () => {
    const { asking, clock, run } = setUp();
    const command = asking.ipc.sendClusterCommand({ clusterId: 1 }, data, RECEPTIVE);
    await assert.rejects(run(command), expected);
    await clock.advance(10);
    assert.equal(clock.timers.size, 0, "somebody still waits");
  });

  Deno.test(`a command of the unit settles with ${what}`, async () => {
    const { switchboard, clock, run } = setUp();
    await assert.rejects(run(switchboard.command({ clusterId: 1 }, data, RECEPTIVE)), expected);
    assert.equal(clock.timers.size, 0, "somebody still waits");
  });
}

Deno.test("a command settles at once where its target is unknown or not linked", async () => {
  const { asking, asked, service, run, clock } = setUp();
  asked.cut();
  service.cut();
  const { ipc } = asking;
  const fails = async (command: Promise<unknown>, code: string, message: RegExp) => {
    const fromMs = clock.now();
    await assert.rejects(run(command), { code, message });
    assert.ok(clock.now() - fromMs < 10, "it waited");
  };
  await fails(
    ipc.sendClusterCommand({ clusterId: 7 }, 0, RECEPTIVE),
    "no_target",
    /there are 0, 1/,
  );
  await fails(ipc.sendClusterCommand({ guildId: "99" }, 0, RECEPTIVE), "no_target", /guild 99/);
  await fails(ipc.sendServiceCommand("api", 0, RECEPTIVE), "no_target", /service api/);
  await fails(
    ipc.sendClusterCommand({ clusterId: 1 }, 0, RECEPTIVE),
    "away",
    /1: it is not linked/,
  );
  await fails(ipc.sendServiceCommand("counter", 0, RECEPTIVE), "away", /counter: it is not linked/);
});

for (const first of ["both", "bot", "unit"] as End[]) {
  Deno.test(`a command settles when its target dies, heard first by ${first}`, async () => {
    const { asking, asked, clock, run } = setUp();
    const command = asking.ipc.sendClusterCommand({ clusterId: 1 }, "hang", RECEPTIVE);
    await clock.advance(100);
    asked.cut(first);
    await assert.rejects(run(command), { code: "away", message: /cluster 1 is gone: its link/ });
    assert.ok(clock.now() < 1200);
  });

  Deno.test(`a command settles when its own link is lost, heard first by ${first}`, async () => {
    const { asking, clock, run } = setUp();
    const command = asking.ipc.sendClusterCommand({ clusterId: 1 }, "hang", RECEPTIVE);
    await clock.advance(100);
    asking.cut(first);
    await assert.rejects(run(command), { code: "away", message: /the unit is away/ });
    assert.ok(clock.now() < 1200);
    await clock.advance(5000);
    assert.equal(clock.timers.size, 0, "the unit still waits for the target");
  });
}

Deno.test("a newer link of the target ends what was asked over the older one", async () => {
  const { asking, asked, clock, run } = setUp();
  const command = asking.ipc.sendClusterCommand({ clusterId: 1 }, "hang", RECEPTIVE);
  await clock.advance(100);
  asked.link();
  await assert.rejects(run(command), { code: "away", message: /a newer link took over/ });
  const answer = await run(asking.ipc.sendClusterCommand({ clusterId: 1 }, 1, RECEPTIVE));
  assert.deepEqual(answer, { data: 1, receptive: true });
});

Deno.test("a late answer of an earlier link is not taken for that of a later call", async () => {
  const { bot, clock, run, switchboard } = setUp();
  const late = Promise.withResolvers<unknown>();
  const slow = bot(1, { handleCommand: (data) => data === "a" ? late.promise : data });
  slow.link();
  const lost = switchboard.command({ clusterId: 1 }, "a", RECEPTIVE);
  await clock.advance(10);
  slow.link();
  const kept = switchboard.command({ clusterId: 1 }, "b", RECEPTIVE);
  late.resolve("the answer to a");
  await assert.rejects(run(lost), { code: "away" });
  assert.equal(await run(kept), "b");
});

Deno.test("a command to all gives results and errors in the order of the clusters", async () => {
  const { asking, asked, bot, run, switchboard } = setUp();
  bot(2, { handleCommand: (_, __, { asError }) => asError(new RangeError("too far")) }).link();
  const order = async (ipc: Pick<Ipc, "sendClusterCommand">) =>
    await run(ipc.sendClusterCommand({ all: true }, "x", RECEPTIVE));
  const check = ({ results, errors }: CommandResults, wanted: number[], away: object[]) => {
    assert.deepEqual(results, wanted.map(() => ({ data: "x", receptive: true })));
    const told = errors.map(({ clusterId, message }) => ({ clusterId, message }));
    assert.deepEqual(told, [...away, { clusterId: 2, message: "too far" }]);
    assert.ok(errors.every((error) => error instanceof Error));
    assert.ok(errors.at(-1) instanceof RangeError);
  };
  check(await order(asking.ipc), [0, 1], []);
  asked.cut();
  const away = { clusterId: 1, message: "Cannot reach cluster 1: it is not linked" };
  check(await order(asking.ipc), [0], [away]);
  const own = await run(switchboard.command({ all: true }, "x", RECEPTIVE)) as CommandResults;
  check(own, [0], [away]);
});

Deno.test("a command to all settles though some never answer, and never rejects", async () => {
  const { asking, asked, clock, run } = setUp();
  asked.cut();
  const { results, errors } = await run(
    asking.ipc.sendClusterCommand({ all: true }, "hang", { receptive: true, timeout: 300 }),
  );
  assert.deepEqual(results, []);
  const codes = errors.map((error) => [error.clusterId, (error as GatehouseError).code]);
  assert.deepEqual(codes, [[0, "deadline"], [1, "away"], [2, "deadline"]]);
  assert.ok(clock.now() < 400);
});

Deno.test("errors cross with name, message, stack, cause and their own properties", async () => {
  class Refusal extends Error {
    override readonly name = "Refusal";
    readonly status = 409;
  }
  const thrown = new Refusal("no", { cause: new TypeError("because", { cause: { at: 1n } }) });
  const { asking, bot, run } = setUp();
  bot(1, { handleCommand: () => Promise.reject(thrown) }).link();
  const command = run(asking.ipc.sendClusterCommand({ clusterId: 1 }, null, RECEPTIVE));
  const came = await command.then(() => null, (error) => error);
  assert.ok(came instanceof Error);
  assert.deepEqual([came.name, came.message, came.stack], ["Refusal", "no", thrown.stack]);
  assert.equal((came as Refusal).status, 409);
  assert.ok(came.cause instanceof TypeError);
  assert.deepEqual([came.cause.message, came.cause.cause], ["because", { at: 1n }]);
});

Deno.test("what structured clone carries survives, there and back", async () => {
  const { asking, run } = setUp();
  const cyclic: Record<string, unknown> = { name: "me" };
  cyclic.self = cyclic;
  const values: unknown[] = [
    new Map<unknown, unknown>([[1n, new Date(5)], ["set", new Set([undefined, NaN])]]),
    new Date(0),
    12345678901234567890n,
    cyclic,
    new Uint8Array([1, 2, 255]),
    new Float64Array([0.5, -0]),
    new BigInt64Array([-1n]),
    Uint8Array.of(7).buffer,
    [undefined, , -0, Infinity],
    /x/gi,
    undefined,
    { json: 1, clone: [2] },
    "plain text: 🎉 \ud800",
  ];
  for (const value of values) {
    const command = asking.ipc.sendClusterCommand({ clusterId: 1 }, value, RECEPTIVE);
    assert.deepEqual(await run(command), { data: value, receptive: true });
  }
});

Deno.test("what comes late goes to who says that it takes it, and to no other, who would not know the verb", async () => {
  const { switchboard } = setUp();
  const peer = { kind: "cluster", id: 1 } as const;
  for (const takesLate of [false, true]) {
    const sent: string[] = [];
    switchboard.up({
      peer,
      values: "json",
      takesLate,
      send(message) {
        sent.push(message.op === "call" ? message.verb : message.op);
        switchboard.receive(peer, { op: "reply", id: message.id, value: { json: "taken" } });
      },
    });
    const answer = switchboard.ask(peer, "late", { shardId: 1 }, 1_000);
    if (takesLate) assert.equal(await answer, "taken");
    else await assert.rejects(answer, { code: "refused" });
    assert.deepEqual(sent, takesLate ? ["late"] : []);
  }
});
