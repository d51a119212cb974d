import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { Links } from "../../link/links.ts";
import { logTo } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { type Estate, NO_ESTATE } from "../../protocol/estate.ts";
import { encodeBatch, RECORD } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Consumers, type ConsumersOptions } from "../../unit/consumers.ts";
import { consumer } from "../support/peers.ts";

const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["10", "11"] };
const LIVED: Estate = {
  ...NO_ESTATE,
  facts: FACTS,
  guilds: { guildIds: ["11", "12"], loadingGuildIds: [] },
};
const PRESENCE = {
  op: OP.PRESENCE_UPDATE,
  d: { since: null, afk: false, status: "idle", activities: [] },
};

/** Consumers of shards 0 and 1 of four, over a pool and links of the test. */
async function setUp(
  { store = memoryStore(), clock = createVirtualClock() }: {
    store?: Store;
    clock?: ReturnType<typeof createVirtualClock>;
  } = {},
) {
  const told: string[] = [];
  const sent: unknown[] = [];
  const lines: string[] = [];
  const links = new Links({
    clock,
    totalShards: 4,
    stream: "a",
    peers: () => [],
    link() {},
    acknowledged: (_, __, { cursors }) => told.push(`acknowledged ${JSON.stringify(cursors)}`),
  });
  const consumers = new Consumers({
    windowBytes: 100_000,
    config: { ...CONFIG_DEFAULTS, intents: 1 },
    totalShards: 4,
    shardIds: [0, 1],
    clock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    store,
    links,
    estates: {
      stream: "a",
      of: () => NO_ESTATE,
      saved: () => Promise.resolve(),
      until: ({ total, id }, wanted) =>
        Promise.resolve(wanted(total === 4 && id < 2 ? LIVED : NO_ESTATE)!),
    },
    poolOf: () => (
      {
        assign: (shardId: number) => void told.push(`assign ${shardId}`),
        release: (shardId: number) => void told.push(`release ${shardId}`),
        backlog: () => Promise.resolve({ acknowledged: 0, last: 0 }),
      } as unknown as ReturnType<ConsumersOptions["poolOf"]>
    ),
    controllers: {
      gateway: { sendPayload: (...asked: unknown[]) => Promise.resolve(sent.push(asked)) },
    } as unknown as ConsumersOptions["controllers"],
    door: {
      url: () => "ws://unit.test/",
      isSecret: (token) => token === "secret",
      leave: () => void told.push("leave"),
    },
    guildsMissing: () => assert.fail("nobody keeps guilds"),
  });
  await consumers.load();
  const connect = () => {
    // deno-lint-ignore no-explicit-any -- what a gateway says
    const got: any[] = [];
    const closes: number[] = [];
    const socket = {
      send: (text: string) => void got.push(JSON.parse(text)),
      sendBytes() {},
      close: (code: number) => {
        closes.push(code);
        queueMicrotask(() => link.closed(code));
      },
    };
    const query = new URLSearchParams("v=10&encoding=json");
    const link = consumers.accept(socket, query, "ws://as-the-client-sees-it.test/");
    const say = async (op: number, d: unknown) => {
      link.text(JSON.stringify({ op, d }));
      await clock.advance(10);
    };
    const identify = (id: number, token = "secret") =>
      say(OP.IDENTIFY, { token, intents: 1, shard: [id, 4], properties: {} });
    return { got, closes, say, identify };
  };
  return { clock, store, links, consumers, told, sent, lines, connect };
}

Deno.test("a consumer gets a READY of what Discord said, with the guilds of now and our address", async () => {
  const { connect, told } = await setUp();
  const { got, identify } = connect();
  await identify(1);
  const { t, d } = got[1];
  assert.equal(t, "READY");
  assert.deepEqual([d.user, d.application], [FACTS.user, FACTS.application]);
  assert.deepEqual(d.guilds.map(({ id }: { id: string }) => id), ["11", "12"]);
  assert.match(d.resume_gateway_url, /^ws:\/\/as-the-client-sees-it\.test\//);
  assert.deepEqual(told, ["assign 1", "assign 1"], "nobody's while it is looked at, then its own");
});

Deno.test("a consumer without the secret, or of a shard that runs elsewhere, is not let in", async () => {
  const { connect, told } = await setUp();
  const [stranger, lost] = [connect(), connect()];
  await stranger.identify(1, "guess");
  await lost.identify(3);
  assert.deepEqual([stranger.closes, lost.closes], [[4004], [4010]]);
  assert.deepEqual(told, []);
});

Deno.test("a consumer gets the batches of its link, and acknowledges them by its heartbeat", async () => {
  const { connect, links, told } = await setUp();
  const { got, identify, say } = connect();
  await identify(1);
  const body = new TextEncoder().encode('{"t":"X","s":9,"op":0,"d":null}');
  const batch = encodeBatch(4, [{ shardId: 1, kind: RECORD.DISPATCH, cursor: 9, body }]);
  links.deliver(consumer(1), links.of(consumer(1))!, batch);
  assert.equal(got.at(-1).t, "X");
  await say(OP.HEARTBEAT, got.at(-1).s);
  assert.equal(told.at(-1), 'acknowledged {"1":9}');
});

Deno.test("what a consumer sends goes through gateway.sendPayload, and what is wrong does not", async () => {
  const { connect, lines, sent } = await setUp();
  const { identify, say } = connect();
  await identify(1);
  await say(PRESENCE.op, PRESENCE.d);
  await say(OP.PRESENCE_UPDATE, undefined);
  assert.equal(sent.length, 1);
  assert.match(lines.at(-1)!, /^warn .*4002/);
});

Deno.test("sessions are written down soon after a change, once for many, and outlive the unit", async () => {
  const store = memoryStore();
  let saves = 0;
  const counting: Store = {
    ...store,
    save: (...saved) => {
      saves++;
      return store.save(...saved);
    },
  };
  const first = await setUp({ store: counting });
  for (const id of [0, 1]) await first.connect().identify(id);
  await first.clock.advance(100);
  assert.equal(saves, 1);
  const client = first.connect();
  await client.identify(1);
  const { s: seq, d: { session_id } } = client.got[1];
  await first.clock.advance(100);

  const second = await setUp({ store, clock: first.clock });
  assert.deepEqual(second.told, ["assign 0", "assign 1"], "its shards wait for their clients");
  const again = second.connect();
  await again.say(OP.RESUME, { token: "secret", session_id, seq });
  assert.deepEqual(again.got.map(({ t }) => t), [null, "RESUMED"]);
});

Deno.test("a unit that stops closes every consumer so that it comes back, and writes down first", async () => {
  const { connect, consumers, store, told } = await setUp();
  const client = connect();
  await client.identify(1);
  assert.equal(consumers.isStopped, false);
  told.length = 0;
  await consumers.settle();
  assert.deepEqual(told, ["leave"]);
  assert.equal(consumers.isStopped, true);
  assert.deepEqual(client.closes, []);
  assert.match(JSON.stringify(await store.load("consumers")), /"shard":\{"total":4,"id":1\}/);
  await consumers.stop();
  assert.equal(client.closes.length, 1);
  assert.ok(![1000, 1001, 4004].includes(client.closes[0]!), `${client.closes}`);
  assert.match(JSON.stringify(await store.load("consumers")), /"shard":\{"total":4,"id":1\}/);
});

Deno.test("sessions that cannot be written down are told of, and go on", async () => {
  const store: Store = { ...memoryStore(), save: () => Promise.reject(new Error("disk is full")) };
  const { clock, connect, lines } = await setUp({ store });
  const client = connect();
  await client.identify(1);
  await clock.advance(100);
  assert.match(lines.at(-1)!, /^error sessions of consumers were not saved .*disk is full/);
  assert.deepEqual(client.closes, []);
});
