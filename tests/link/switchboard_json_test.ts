/** Strangers on the event link: those who take JSON only, and those who take no calls. */

import assert from "node:assert/strict";
import { COUNTER, createExchange } from "../support/exchange.ts";
import { cluster, service } from "../support/peers.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;

/** Cluster 0 is ours and answers `answer`; cluster 1 is a stranger who takes JSON only. */
function setUp(answer: (data: unknown) => unknown = (data) => data) {
  const methods: unknown[] = [];
  const exchange = createExchange((request) => {
    methods.push(request);
    return undefined;
  });
  const ours = exchange.bot(0, {
    handleCommand: (data, _, { asResponse }) => asResponse(answer(data)),
  });
  ours.link();
  const stranger = exchange.stranger(1, "json");
  /** The stranger calls, and gets what comes back. */
  const call = async (fields: object) => {
    const id = 40 + stranger.heard.length;
    stranger.say({ op: "call", id, verb: "command", receptive: true, ...fields });
    await exchange.clock.advance(6000);
    return stranger.heard.find((message) => message.op === "reply" && message.id === id);
  };
  return { ...exchange, newcomer: exchange.stranger, ours, stranger, call, methods };
}

Deno.test("who takes JSON only gets plain JSON, and its plain JSON answer arrives", async () => {
  const { ours, stranger, clock, run } = setUp();
  const command = ours.ipc.sendClusterCommand({ clusterId: 1 }, { add: [1, null] }, RECEPTIVE);
  await clock.advance(5);
  const [call] = stranger.heard;
  assert.deepEqual(call, {
    op: "call",
    id: call!.id,
    verb: "command",
    receptive: true,
    value: { json: { add: [1, null] } },
  });
  stranger.say({ op: "reply", id: call!.id, value: { json: { sum: 1 } } });
  assert.deepEqual(await run(command), { sum: 1 });
});

Deno.test("an error of who takes JSON only needs a name and a message, no more", async () => {
  const { ours, stranger, clock, run } = setUp();
  const command = ours.ipc.sendClusterCommand({ clusterId: 1 }, null, RECEPTIVE);
  await clock.advance(5);
  const error = { name: "TypeError", message: "no number" };
  stranger.say({ op: "reply", id: stranger.heard[0]!.id, error });
  await assert.rejects(run(command), { name: "TypeError", message: "no number" });
});

const unsendable: [value: unknown, place: RegExp][] = [
  [{ users: [{ since: new Date(0) }] }, /a Date at data\.users\[0\]\.since/],
  [[1n], /a bigint at data\[0\]/],
  [{ a: undefined }, /undefined at data\.a/],
  [new Map(), /a Map at data/],
];

for (const [value, place] of unsendable) {
  Deno.test(`who takes JSON only is never sent what is ${place.source}: the sender is told`, async () => {
    const { ours, stranger, switchboard, clock, run } = setUp(() => value);
    const text = /Cannot send to cluster 1, which takes JSON only/;
    for (const command of [ours.ipc.sendClusterCommand.bind(ours.ipc), switchboard.command]) {
      const sent = command.call(switchboard, { clusterId: 1 }, value, RECEPTIVE);
      const told = await run(sent as Promise<unknown>).then(() => null, (error) => error);
      assert.equal(told.code, "bad_message");
      assert.match(told.message, text);
      assert.match(told.message, place);
    }
    assert.deepEqual(stranger.heard, []);
    assert.equal(clock.timers.size, 0);
  });

  Deno.test(`an answer to who takes JSON only that is ${place.source} is an error`, async () => {
    const { call, stranger } = setUp(() => value);
    const reply = await call({ to: { clusterId: 0 }, value: { json: null } });
    assert.equal(reply!.error.name, "GatehouseError");
    assert.match(reply!.error.message, place);
    assert.doesNotMatch(JSON.stringify(stranger.heard), /"clone":\[/);
  });
}

Deno.test("nothing is null for who takes JSON only, as a command and as an answer", async () => {
  const { call, ours, stranger, switchboard, clock, methods } = setUp(() => undefined);
  const reply = await call({ to: { clusterId: 0 }, value: { json: null } });
  assert.deepEqual(reply!.value, { json: null });
  const method = await call({ verb: "unit", value: { json: { method: "restartAll" } } });
  assert.deepEqual([method!.value, methods], [{ json: null }, [{ method: "restartAll" }]]);
  stranger.heard.length = 0;
  await ours.ipc.sendClusterCommand({ clusterId: 1 }, undefined);
  switchboard.tell([cluster(1)], "allClustersReady", undefined);
  await clock.advance(5);
  assert.deepEqual(stranger.heard.map(({ verb, value }) => [verb, value]), [
    ["allClustersReady", { json: null }],
    ["command", { json: null }],
  ]);
});

Deno.test("who takes JSON only commands all, and gets errors as JSON", async () => {
  const { call, stranger } = setUp();
  const reply = call({ to: { all: true }, value: { json: "x" }, timeoutMs: 100 });
  const { results, errors } = ((await reply)!.value as { json: Record<string, unknown[]> }).json;
  assert.deepEqual(results, ["x"]);
  const told = errors!.map((error) => error as Record<string, unknown>);
  assert.deepEqual(told.map(({ clusterId, name }) => [clusterId, name]), [
    [1, "GatehouseError"],
    [2, "GatehouseError"],
  ]);
  assert.match(
    `${told[0]!.message} ${told[1]!.message}`,
    /none within 100 ms .*2: it is not linked/,
  );
  assert.equal(stranger.heard.filter(({ op }) => op === "call").length, 1, "it is one of all");
});

Deno.test("who says no values takes no calls: who commands it is told", async () => {
  const { ours, switchboard, stranger, clock, run, lines, ...exchange } = setUp();
  const deaf = exchange.newcomer(2, null);
  const away = { code: "away", message: /Cannot call cluster 2: it takes no calls/ };
  await assert.rejects(run(ours.ipc.sendClusterCommand({ clusterId: 2 }, 0, RECEPTIVE)), away);
  await assert.rejects(run(switchboard.command({ clusterId: 2 }, 0)), away);
  await assert.rejects(run(switchboard.ask(cluster(2), "stats", null, 5000)), away);
  switchboard.tell([cluster(1), cluster(2)], "allMembersCached", true);
  await clock.advance(5);
  assert.deepEqual(switchboard.reachable, [cluster(0), cluster(1)]);
  assert.match(lines.at(-1)!, /^debug peer was not told .*"clusterId":2/);
  assert.deepEqual([deaf.heard, stranger.heard.length], [[], 1]);
});

Deno.test("who says no values makes no calls either: nothing is done for it", async () => {
  const { clock, methods, ...exchange } = setUp();
  const seen: unknown[] = [];
  exchange.bot(0, { handleCommand: (data) => void seen.push(data) }).link();
  const deaf = exchange.newcomer(2, null);
  const call = { op: "call", id: 1, value: { json: {} } };
  deaf.say({ ...call, verb: "unit", receptive: true });
  deaf.say({ ...call, verb: "command", receptive: false, to: { clusterId: 0 } });
  await clock.advance(5);
  assert.deepEqual([methods, seen], [[], []]);
  assert.deepEqual(deaf.heard.map(({ op, id }) => [op, id]), [["reply", 1]]);
  assert.match(deaf.heard[0]!.error.message, /hello had no values/);
});

Deno.test("a verb that only a unit asks for is refused from a peer", async () => {
  const { call } = setUp();
  for (const verb of ["stats", "find", "allClustersReady", "allMembersCached", "command"]) {
    const reply = await call({ verb, value: { json: null } });
    assert.match(reply!.error.message, new RegExp(`Cannot ${verb}: only a unit`));
  }
});

Deno.test("a call whose value cannot be read is answered with an error", async () => {
  const { call, lines, stranger, clock } = setUp();
  const reply = await call({ to: { clusterId: 0 }, value: { clone: "nonsense" } });
  assert.match(reply!.error.message, /Cannot read value/);
  stranger.say({ op: "call", id: 0, verb: "unit", receptive: false, value: { clone: [[9]] } });
  await clock.advance(5);
  assert.match(lines.at(-1)!, /^warn call without an answer failed .*"from":"cluster 1"/);
});

Deno.test("the unit's method gets the request and who asks, and what it throws is the answer", async () => {
  const seen: unknown[] = [];
  const exchange = createExchange((request, caller) => {
    seen.push([request, caller]);
    if (request === "sync") throw new RangeError("at once");
    return Promise.reject(new TypeError("later"));
  });
  const counter = exchange.stranger(COUNTER, "json");
  for (const json of ["sync", "async"]) {
    counter.say({ op: "call", id: 1, verb: "unit", receptive: true, value: { json } });
  }
  await exchange.clock.advance(5);
  assert.deepEqual(seen, [["sync", service("counter")], ["async", service("counter")]]);
  assert.deepEqual(counter.heard.map(({ error }) => error.name), ["RangeError", "TypeError"]);
});

Deno.test("options that the wire does not carry are refused before anything is sent", async () => {
  const { ours, stranger, switchboard, clock, run } = setUp();
  const wrong = [
    { timeout: NaN },
    { timeout: Infinity },
    { timeout: -1 },
    { timeout: "5" },
    { timeout: null },
    { receptive: 1 },
    { receptive: null },
  ] as unknown as { timeout: number }[];
  for (const options of wrong) {
    const refused = { code: "bad_message", blame: "caller", message: /is .*, expected/ };
    const sent = ours.ipc.sendClusterCommand({ clusterId: 1 }, 0, options);
    await assert.rejects(run(sent), { code: "bad_message" });
    await assert.rejects(run(switchboard.command({ clusterId: 1 }, 0, options)), refused);
  }
  await clock.advance(5);
  assert.deepEqual(stranger.heard, []);
});

Deno.test("a value that cannot be written ends its call at once", async () => {
  const { switchboard, clock, run } = setUp();
  const send = () => {
    throw new RangeError("Invalid string length");
  };
  switchboard.up({ peer: cluster(2), values: "clone", send });
  const command = switchboard.command({ clusterId: 2 }, "huge", RECEPTIVE);
  await assert.rejects(run(command), { name: "RangeError" });
  assert.equal(clock.timers.size, 0);
});

const LARGE = { id: 1575987154213928974n, ids: [-9007199254740993n, 3] };

Deno.test("who takes JSON only says and hears numbers that are ids, digit for digit", async () => {
  const { call, ours, stranger, clock, run, methods, newcomer } = setUp((data) => data);
  const asked = { method: "sendPayload", shardId: 0, payload: { op: 8, d: LARGE } };
  await call({ verb: "unit", value: { json: asked } });
  assert.deepEqual(methods, [asked]);
  const reply = await call({ to: { clusterId: 0 }, value: { json: LARGE } });
  assert.deepEqual(reply!.value, { json: LARGE }, "our own cluster has it as bigints");
  const command = ours.ipc.sendClusterCommand({ clusterId: 1 }, LARGE, RECEPTIVE);
  await clock.advance(5);
  const heard = stranger.heard.at(-1)!;
  assert.deepEqual(heard.value, { json: LARGE });
  stranger.say({ op: "reply", id: heard.id, value: heard.value });
  assert.deepEqual(await run(command), LARGE);
  const other = newcomer(2, "json");
  await call({ to: { clusterId: 2 }, receptive: false, value: { json: LARGE } });
  assert.deepEqual(other.heard.at(-1)!.value, { json: LARGE });
});
