/**
 * Where libraries differ, what each may say, and where the line is. The source of each row is Discord's
 * documentation or a library that is in use and says it so.
 */

import assert from "node:assert/strict";
import { HANDSHAKE_DEADLINE_MS, HEARTBEAT_INTERVAL_MS } from "../../downstream/connection.ts";
import { logTo } from "../../ports/log.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { stage } from "./stage.ts";

const READY = "READY";
const intents = INTENTS.GUILDS;

/** [what is unusual, its source, the query, what IDENTIFY has besides or instead, what comes of it]. */
// deno-fmt-ignore
const HANDSHAKES: readonly (readonly [string, string, string, Record<string, unknown>, typeof READY | number])[] = [
  ["nothing", "docs", "v=10&encoding=json", {}, READY],
  ["the order of the query", "docs", "encoding=json&v=10", {}, READY],
  ["no version", "old libraries; Discord's default is an old one, ours the newest", "", {}, READY],
  ["no encoding", "docs: json", "v=10", {}, READY],
  ["version 9", "discordgo", "v=9&encoding=json", {}, READY],
  ["version 8", "docs: deprecated, yet served", "v=8&encoding=json", {}, READY],
  ["version 7", "its payloads were others", "v=7", {}, 4012],
  ["version 11", "docs", "v=11", {}, 4012],
  ["a version that is none", "docs", "v=ten", {}, 4012],
  ["encoding=etf", "docs; we do not speak it", "v=10&encoding=etf", {}, 4002],
  ["a compression that nobody knows", "docs", "v=10&compress=lz4", {}, 4002],
  ["an empty compression", "query builders", "v=10&compress=", {}, READY],
  ["the token without Bot", "docs", "v=10", { token: "secret" }, READY],
  ["the token with blanks", "a line of a file", "v=10", { token: " Bot  secret\n" }, READY],
  ["another token", "docs", "v=10", { token: "Bot other" }, 4004],
  ["no token", "docs", "v=10", { token: undefined }, 4002],
  ["a token that is a number", "docs", "v=10", { token: 7 }, 4002],
  ["compress: true", "docs", "v=10", { compress: true }, READY],
  ["compress: 'true'", "seen", "v=10", { compress: "true" }, READY],
  ["compress with a stream", "discord.py", "v=10&compress=zlib-stream", { compress: true }, READY],
  ["no properties", "Discord wants them; we do not look at them", "v=10", { properties: undefined }, READY],
  ["$os in properties", "docs: deprecated", "v=10", { properties: { $os: "linux" } }, READY],
  ["large_threshold out of range", "seen; taken for the nearest", "v=10", { large_threshold: 1000 }, READY],
  ["guild_subscriptions", "discord.py 1", "v=10", { guild_subscriptions: false }, READY],
  ["an unknown field", "libraries of tomorrow", "v=10", { capabilities: 16381 }, READY],
  ["presence: null", "hikari", "v=10", { presence: null }, READY],
  ["an empty presence", "discordgo", "v=10", { presence: { since: 0, game: { name: "", type: 0 }, status: "", afk: false } }, READY],
  ["activities: null", "discordgo", "v=10", { presence: { status: "idle", activities: null } }, READY],
  ["no shard and several shards", "docs: [0, 1]", "v=10", { shard: undefined }, 4010],
  ["shard: null and several shards", "seen", "v=10", { shard: null }, 4010],
  ["a shard that is not there", "docs", "v=10", { shard: [4, 4] }, 4010],
  ["a shard of texts", "docs", "v=10", { shard: ["0", "4"] }, 4010],
  ["intents: 0", "docs", "v=10", { intents: 0 }, READY],
  ["no intents", "docs, from version 8 on", "v=10", { intents: undefined }, 4013],
  ["intents as a text", "docs: an integer", "v=10", { intents: "1" }, 4013],
  ["intents that nobody knows", "docs", "v=10", { intents: 1 << 17 }, 4013],
  ["intents that the unit lacks", "docs: disallowed", "v=10", { intents: INTENTS.GUILD_MEMBERS }, 4014],
];

for (const [what, source, query, changes, comes] of HANDSHAKES) {
  Deno.test(`an IDENTIFY with ${what} is ${comes === READY ? "taken" : comes} (${source})`, async () => {
    const { connect, clock } = stage();
    const client = connect(query);
    client.identify({ intents, ...changes });
    await clock.advance(0);
    if (comes !== READY) return assert.equal(client.code, comes);
    assert.deepEqual(client.closedWith, null);
    assert.ok(client.isKnown, "it has no session");
  });
}

Deno.test("a presence of an IDENTIFY goes up as Discord can read it; none goes up where none was wished", async () => {
  const whole = { since: null, activities: [], status: "online", afk: false };
  const cases: [unknown, unknown][] = [
    [null, null],
    [{ since: 0, game: { name: "", type: 0 }, status: "", afk: false }, null],
    [{ status: "", activities: null }, null],
    [{ status: "idle", activities: null }, { ...whole, status: "idle" }],
    [
      { since: 0, game: { name: "chess", type: 0 }, status: "", afk: false },
      { ...whole, since: 0, activities: [{ name: "chess", type: 0 }] },
    ],
    [{ status: "dnd" }, { ...whole, status: "dnd" }],
    [{ ...whole, afk: true, future: 1 }, { ...whole, afk: true, future: 1 }],
  ];
  for (const [presence, wanted] of cases) {
    const { connect, clock, sentUp } = stage();
    connect().identify({ presence });
    await clock.advance(0);
    assert.deepEqual(sentUp.map(([, { d }]) => d), wanted === null ? [] : [wanted]);
  }
});

const EMPTY = '{"op":77,"d":""}'.length;

/** [what is unusual, the message, the close code; `null`: it is taken]. */
const MESSAGES: readonly (readonly [string, string, number | null])[] = [
  ["a heartbeat without d", '{"op":1}', null],
  ["a heartbeat with null", '{"op":1,"d":null}', null],
  ["a heartbeat with a text", '{"op":1,"d":"1"}', 4002],
  ["the keys t and s", '{"op":1,"d":1,"s":null,"t":null}', null],
  ["blanks and newlines", ' {\n"op": 1,\n"d": 1}\n', null],
  ["a command without d", '{"op":31}', 4002],
  ["op 3 with a text for activities", '{"op":3,"d":{"status":"idle","activities":"x"}}', 4002],
  ["op 3 with activities: null", '{"op":3,"d":{"status":"idle","activities":null}}', null],
  ["op 4 with a guild's id as a number", '{"op":4,"d":{"guild_id":1575987154213928974}}', null],
  ["op 4 without a guild", '{"op":4,"d":{"channel_id":null}}', 4002],
  ["op 8 with a list of one guild", '{"op":8,"d":{"guild_id":["1"],"query":"","limit":0}}', null],
  ["op 8 with several guilds", '{"op":8,"d":{"guild_id":["1","2"],"query":"","limit":0}}', 4002],
  ["op 43", '{"op":43,"d":{"guild_id":"1","fields":["status"]}}', null],
  ["op 31", '{"op":31,"d":{"guild_ids":["1"]}}', null],
  ["an op that nobody knows", '{"op":77,"d":{}}', null],
  ["an op that only Discord sends", '{"op":0,"d":{}}', 4001],
  ["an op that is a text", '{"op":"1","d":1}', 4002],
  ["no JSON", "op 1", 4002],
  ["4,097 bytes", `{"op":77,"d":"${"x".repeat(4097 - EMPTY)}"}`, 4002],
  ["4,096 bytes", `{"op":77,"d":"${"x".repeat(4096 - EMPTY)}"}`, null],
  ["1,100 levels", `{"op":3,"d":${"[".repeat(1100)}${"]".repeat(1100)}}`, 4002],
  ["a second IDENTIFY", '{"op":2,"d":{"token":"secret"}}', 4005],
];

for (const [what, text, code] of MESSAGES) {
  for (const frame of ["text", "binary"]) {
    Deno.test(`${what} in a ${frame} frame is ${code ?? "taken"}`, async () => {
      const { client } = await stage().ready();
      if (frame === "text") client.raw(text);
      else client.binary(new TextEncoder().encode(text));
      assert.equal(client.code ?? null, code);
    });
  }
}

Deno.test("a RESUME without a number is op 9, with a text 4002", async () => {
  const { connect, clock, ready } = stage();
  const { sessionId } = await ready();
  for (const seq of [null, undefined]) {
    const client = connect();
    client.send(OP.RESUME, { token: "secret", session_id: sessionId, seq });
    await clock.advance(0);
    assert.deepEqual(client.ops, [OP.HELLO, OP.INVALID_SESSION]);
  }
  const odd = connect();
  odd.send(OP.RESUME, { token: "secret", session_id: sessionId, seq: "1" });
  assert.equal(odd.code, 4002);
});

Deno.test("who does not identify in time is closed with 4009, whatever it says, and so is who does not identify again", async () => {
  const { connect, clock, ready } = stage();
  const idle = connect();
  const { client: late } = await ready();
  const again = connect();
  again.resume("unknown", 5);
  const beat = async (forMs: number) => {
    for (let ms = 0; ms < forMs; ms += HEARTBEAT_INTERVAL_MS) {
      for (const client of [idle, late, again]) client.beat(null);
      await clock.advance(HEARTBEAT_INTERVAL_MS);
    }
  };
  await beat(HANDSHAKE_DEADLINE_MS - HEARTBEAT_INTERVAL_MS);
  assert.deepEqual([idle.code, late.code, again.code], [undefined, undefined, undefined]);
  await beat(2 * HEARTBEAT_INTERVAL_MS);
  assert.deepEqual([idle.code, late.code, again.code], [4009, undefined, 4009]);
});

Deno.test("a thousand wrong secrets reach no shard, leave nothing behind, and fill no log", async () => {
  const warned: string[] = [];
  const log = logTo((level, event) => void (level === "warn" && warned.push(event)));
  const { connect, clock, ready, gateway, events } = stage({ log });
  const { client } = await ready();
  const hold = events.hold.bind(events);
  let held = 0;
  events.hold = (shard) => (held++, hold(shard));
  for (let i = 0; i < 1_000; i++) {
    const stranger = connect("v=10&compress=zstd-stream");
    stranger.identify({ token: `Bot guess${i}` });
    await clock.advance(1);
    assert.equal(stranger.code, 4004);
  }
  events.shard().event();
  assert.equal(held, 0);
  assert.equal(gateway.sessions.save().sessions.length, 1);
  assert.ok(warned.length <= 10, `${warned.length} lines`);
  assert.equal(client.code, undefined);
  assert.deepEqual(client.dispatches.at(-1), ["EVENT_1", 2]);
});
