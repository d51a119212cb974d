import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import {
  gatewayAddress,
  identify,
  parseHello,
  parseInvalidSession,
  parseReady,
  resume,
} from "../../../protocol/discord/gateway_frame.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const refuses = (field: string) => (error: unknown) => {
  assert(error instanceof GatehouseError);
  assert.deepEqual([error.code, error.blame], ["bad_frame", "discord"]);
  assert(error.message.includes(field), error.message);
  return true;
};

Deno.test("identify() names the shard as [id, total], and presence only where there is one", () => {
  const options = { token: "t", intents: 513, shardId: 2, totalShards: 8 };
  const { op, d } = identify(options) as { op: number; d: Record<string, unknown> };
  assert.equal(op, 2);
  assert.deepEqual(d.shard, [2, 8]);
  assert.equal(d.intents, 513);
  assert.equal("presence" in d, false);
  const presence = { status: "idle" };
  const named = identify({ ...options, presence }).d as Record<string, unknown>;
  assert.deepEqual(named.presence, presence);
});

Deno.test("resume() carries token, session and seq", () => {
  assert.deepEqual(resume("t", "abc", 7), {
    op: 6,
    d: { token: "t", session_id: "abc", seq: 7 },
  });
});

Deno.test("parseHello() reads the interval", () => {
  const hello = bytes({ t: null, s: null, op: 10, d: { heartbeat_interval: 41250, _trace: [] } });
  assert.equal(parseHello(hello), 41250);
});

Deno.test("parseHello() refuses an interval that nobody could keep", () => {
  for (const heartbeat_interval of [undefined, null, "41250", 0, -1]) {
    const hello = bytes({ op: 10, d: { heartbeat_interval } });
    assert.throws(() => parseHello(hello), refuses("heartbeat_interval"));
  }
  for (const d of [null, undefined, 3]) {
    assert.throws(() => parseHello(bytes({ op: 10, d })), refuses("d is missing"));
  }
});

Deno.test("parseReady() reads the session and where to resume it", () => {
  const d = { v: 10, session_id: "abc", resume_gateway_url: "wss://us.discord.gg", guilds: [] };
  assert.deepEqual(parseReady(bytes({ t: "READY", s: 1, op: 0, d })).session, {
    sessionId: "abc",
    resumeUrl: "wss://us.discord.gg",
  });
});

Deno.test("parseReady() refuses a READY that cannot be resumed", () => {
  const d = { session_id: "abc", resume_gateway_url: "wss://x" };
  for (const field of ["session_id", "resume_gateway_url"]) {
    assert.throws(() => parseReady(bytes({ d: { ...d, [field]: undefined } })), refuses(field));
  }
});

Deno.test("parseInvalidSession() takes only true for resumable", () => {
  assert.equal(parseInvalidSession(bytes({ op: 9, d: true })), true);
  for (const d of [false, null, 1, "true"]) {
    assert.equal(parseInvalidSession(bytes({ op: 9, d })), false);
  }
});

Deno.test("gatewayAddress() asks for version 10, JSON and the compression", () => {
  assert.equal(
    gatewayAddress("wss://gateway.discord.gg", "zlib-stream"),
    "wss://gateway.discord.gg/?v=10&encoding=json&compress=zlib-stream",
  );
  assert.equal(
    gatewayAddress("ws://127.0.0.1:4000/path?x=1&compress=zlib-stream", "none"),
    "ws://127.0.0.1:4000/path?x=1&v=10&encoding=json",
  );
});

Deno.test("parseReady() reads the bot and its guilds, and bears what is missing", () => {
  const session = { session_id: "s", resume_gateway_url: "wss://x" };
  const facts = (d: object) => parseReady(bytes({ op: 0, d: { ...session, ...d } })).facts;
  const guilds = [{ id: "3", unavailable: true }, null, { id: 4 }];
  assert.deepEqual(
    facts({ user: { id: "1" }, application: { id: "2" }, guilds }),
    { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] },
  );
  assert.deepEqual(facts({}), { user: null, application: null, guildIds: [] });
});
