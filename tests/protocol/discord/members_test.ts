import assert from "node:assert/strict";
import {
  membersBody,
  type MembersRequest,
  parseMembersRequest,
  readChunk,
  readChunkHead,
  readMembersLimit,
  wantsAllMembers,
} from "../../../protocol/discord/members.ts";

const dispatch = (t: string, d: unknown) =>
  new TextEncoder().encode(JSON.stringify({ t, s: 1, op: 0, d }));

Deno.test("membersBody() writes op 8 as Discord wants it", () => {
  const cases: [MembersRequest, Record<string, unknown>, all: boolean][] = [
    [{ guildId: "1" }, { guild_id: "1", query: "", limit: 0 }, true],
    [{ guildId: "1", query: "" }, { guild_id: "1", query: "", limit: 0 }, true],
    [{ guildId: "1", query: "ab" }, { guild_id: "1", query: "ab", limit: 0 }, false],
    [{ guildId: "1", limit: 5 }, { guild_id: "1", query: "", limit: 5 }, false],
    [{ guildId: "1", userIds: ["2"] }, { guild_id: "1", user_ids: ["2"] }, false],
    // Discordeno sets the limit to the number of ids.
    [{ guildId: "1", userIds: ["2"], limit: 1 }, { guild_id: "1", user_ids: ["2"] }, false],
    [
      { guildId: "1", presences: true, deadlineMs: 5 },
      { guild_id: "1", query: "", limit: 0, presences: true },
      true,
    ],
  ];
  for (const [request, body, all] of cases) {
    assert.deepEqual(membersBody(request), body);
    assert.equal(wantsAllMembers(request), all);
  }
});

Deno.test("parseMembersRequest() takes what is right, without what it does not know", () => {
  const request = { guildId: "1", query: "a", limit: 3, presences: false, deadlineMs: 1000 };
  assert.deepEqual(parseMembersRequest({ ...request, nonce: "theirs" }), request);
  assert.deepEqual(
    parseMembersRequest({ guildId: "1", userIds: ["2"], limit: 1, query: undefined }),
    {
      guildId: "1",
      userIds: ["2"],
      limit: 1,
    },
  );
});

const WRONG: [field: string, request: unknown][] = [
  ["guildId", undefined],
  ["guildId", null],
  ["guildId", {}],
  ["guildId", { guildId: 1 }],
  ["guildId", { guildId: "abc" }],
  ["query", { guildId: "1", query: 3 }],
  ["query", { guildId: "1", query: "x".repeat(101) }],
  ["limit", { guildId: "1", limit: -1 }],
  ["limit", { guildId: "1", limit: 1.5 }],
  ["userIds", { guildId: "1", userIds: [] }],
  ["userIds", { guildId: "1", userIds: "2" }],
  ["userIds", { guildId: "1", userIds: [2] }],
  ["userIds", { guildId: "1", userIds: Array(101).fill("2") }],
  ["userIds", { guildId: "1", userIds: ["2"], query: "a" }],
  ["presences", { guildId: "1", presences: 1 }],
  ["deadlineMs", { guildId: "1", deadlineMs: 0 }],
  ["deadlineMs", { guildId: "1", deadlineMs: Infinity }],
  ["deadlineMs", { guildId: "1", deadlineMs: NaN }],
];

Deno.test("parseMembersRequest() names what is wrong", () => {
  for (const [field, request] of WRONG) {
    assert.throws(() => parseMembersRequest(request), {
      code: "refused",
      blame: "caller",
      message: new RegExp(field),
    });
  }
});

Deno.test("the largest request that is taken fits into a payload", () => {
  const bytes = (request: MembersRequest) =>
    new TextEncoder().encode(JSON.stringify(membersBody(parseMembersRequest(request)))).length;
  const guildId = "9".repeat(20);
  assert.ok(bytes({ guildId, userIds: Array(100).fill(guildId), presences: true }) < 4_000);
  assert.ok(bytes({ guildId, query: "\ud800".repeat(100) }) < 4_000);
});

Deno.test("readChunkHead() reads what a chunk says of itself, and nothing of one without a nonce", () => {
  const d = { members: [{ nonce: "inner" }], chunk_index: 1, chunk_count: 3 };
  assert.deepEqual(readChunkHead(dispatch("GUILD_MEMBERS_CHUNK", { ...d, nonce: "n" })), {
    nonce: "n",
    index: 1,
    count: 3,
  });
  assert.equal(readChunkHead(dispatch("GUILD_MEMBERS_CHUNK", d)), null);
  assert.equal(readChunkHead(dispatch("GUILD_MEMBERS_CHUNK", null)), null);
});

Deno.test("readChunk() gives members, presences where there are any, and ids as texts", () => {
  const members = [{ user: { id: "1" } }];
  assert.deepEqual(readChunk(dispatch("GUILD_MEMBERS_CHUNK", { members, not_found: [5, "6"] })), {
    members,
    notFound: ["5", "6"],
  });
  assert.deepEqual(readChunk(dispatch("GUILD_MEMBERS_CHUNK", { presences: [{}] })), {
    members: [],
    presences: [{}],
    notFound: [],
  });
});

Deno.test("readMembersLimit() reads seconds as milliseconds, of op 8 only", () => {
  const d = { opcode: 8, retry_after: 29.4571, meta: { guild_id: "1", nonce: "n" } };
  const read = (d: unknown) => readMembersLimit(dispatch("RATE_LIMITED", d));
  assert.deepEqual(read(d), { nonce: "n", retryAfterMs: 29_458 });
  for (const other of [{ ...d, opcode: 31 }, { ...d, meta: null }, { opcode: 8 }, null]) {
    assert.equal(read(other), null);
  }
  for (const retry_after of [-1, 1e300, 1e6, {}, "soon", undefined]) {
    assert.equal(read({ ...d, retry_after }), null);
  }
});
