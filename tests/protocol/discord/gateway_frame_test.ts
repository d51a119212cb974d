import assert from "node:assert/strict";
import type { Note } from "../../../protocol/discord/field.ts";
import {
  gatewayAddress,
  identify,
  parseHello,
  parseInvalidSession,
  parseReady,
  resume,
} from "../../../protocol/discord/gateway_frame.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What `read` gives, and the problems that it tells. */
function noted<T>(read: (note: Note) => T): { readonly value: T; readonly problems: string[] } {
  const problems: string[] = [];
  const value = read((problem, instead) => problems.push(`${problem}: ${instead}`));
  return { value, problems };
}

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
  assert.equal("large_threshold" in d, false);
  const large = identify({ ...options, largeThreshold: 250 }).d as Record<string, unknown>;
  assert.equal(large.large_threshold, 250);
});

Deno.test("resume() carries token, session and seq", () => {
  assert.deepEqual(resume("t", "abc", 7), {
    op: 6,
    d: { token: "t", session_id: "abc", seq: 7 },
  });
});

Deno.test("parseHello() reads the interval", () => {
  const hello = bytes({ t: null, s: null, op: 10, d: { heartbeat_interval: 41250, _trace: [] } });
  assert.deepEqual(noted((note) => parseHello(hello, note)), { value: 41250, problems: [] });
});

Deno.test("parseHello() takes Discord's usual interval in place of one that nobody could keep", () => {
  for (const heartbeat_interval of [undefined, null, "41250", 0, -1, 0.5, 10, 1e9, 1e300]) {
    const hello = bytes({ op: 10, d: { heartbeat_interval } });
    const { value, problems } = noted((note) => parseHello(hello, note));
    assert.equal(value, 41_250);
    assert.match(problems.join(), /^heartbeat_interval is .*, expected a whole number .*: 41250$/);
  }
  for (const d of [null, undefined, 3, []]) {
    const hello = bytes({ op: 10, d });
    assert.equal(noted((note) => parseHello(hello, note)).problems.length, 1);
  }
});

const READY = {
  v: 10,
  session_id: "abc",
  resume_gateway_url: "wss://us.discord.gg",
  user: { id: "1" },
  application: { id: "2" },
  guilds: [{ id: "3", unavailable: true }, null, { id: 4 }],
};
const ready = (d: unknown) =>
  noted((note) => parseReady(bytes({ t: "READY", s: 1, op: 0, d }), note));

Deno.test("parseReady() reads the session, where to resume it, the bot and its guilds", () => {
  assert.deepEqual(ready(READY), {
    value: {
      session: { sessionId: "abc", resumeUrl: "wss://us.discord.gg" },
      facts: { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] },
    },
    problems: [],
  });
});

Deno.test("parseReady() does without what cannot be used, and tells each", () => {
  const nothing = { session: null, facts: { user: null, application: null, guildIds: [] } };
  for (const d of [null, undefined, 3, [], {}, { user: 1, application: [], guilds: {} }]) {
    const { value, problems } = ready(d);
    assert.deepEqual(value, nothing);
    assert.equal(problems.length, 5);
  }
  const { value, problems } = ready({ ...READY, resume_gateway_url: "::" });
  assert.deepEqual(value.session, { sessionId: "abc", resumeUrl: null });
  const told = 'resume_gateway_url is "::", expected a ws:// or wss:// address: nothing';
  assert.deepEqual(problems, [told]);
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
