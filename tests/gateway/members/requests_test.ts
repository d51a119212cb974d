import assert from "node:assert/strict";
import {
  ALL_MEMBERS_PACE_MS,
  AllMembersPace,
  LOST_AFTER_MS,
  type MemberRequest,
  MemberRequests,
  STALLED_AFTER_MS,
} from "../../../gateway/members/requests.ts";
import type { Rank } from "../../../gateway/commands.ts";
import {
  membersBody,
  type MembersRequest,
  wantsAllMembers,
} from "../../../protocol/discord/members.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";

function setUp() {
  let count = 0;
  const requests = new MemberRequests(() => `n${++count}`);
  const add = (wanted: MembersRequest, rank: Rank = "bot", nowMs = 0) => {
    const { guildId } = wanted;
    const about = { guildId, body: membersBody(wanted), wantsAll: wantsAllMembers(wanted) };
    return requests.add({ ...about, rank }, nowMs);
  };
  const see = (t: string, d: unknown, nowMs = 0) =>
    requests.see(t, new TextEncoder().encode(JSON.stringify({ t, s: 1, op: 0, d })), nowMs);
  const chunk = (nonce: string, index: number, of: number, more: object = {}, nowMs = 0) => {
    const members = [`${nonce} ${index}`];
    const head = { guild_id: "1", chunk_index: index, chunk_count: of, nonce };
    return see("GUILD_MEMBERS_CHUNK", { members, ...head, ...more }, nowMs);
  };
  const limited = (nonce: string, seconds: number, nowMs: number) => {
    const meta = { guild_id: "1", nonce };
    return see("RATE_LIMITED", { opcode: 8, retry_after: seconds, meta }, nowMs);
  };
  const due = (nowMs: number, rank: Rank = "bot") => [...requests.due(rank, nowMs)];
  const take = (request: MemberRequest, nowMs = 0) =>
    (requests.take(request, nowMs)?.d as { nonce: string } | undefined)?.nonce;
  return { requests, add, see, chunk, limited, due, take };
}

const SOME = { guildId: "1", query: "a" };
const ALL = { guildId: "1" };

Deno.test("a request is sent with a nonce of ours and finished by its last chunk, in any order", () => {
  const { requests, add, chunk, due } = setUp();
  const request = add({ guildId: "1", query: "a", limit: 9 });
  assert.deepEqual(due(0), [request]);
  assert.deepEqual(requests.take(request, 0), {
    op: OP.REQUEST_GUILD_MEMBERS,
    d: { guild_id: "1", query: "a", limit: 9, nonce: "n1" },
  });
  assert.deepEqual(due(0), []);
  assert.equal(chunk("n1", 2, 3), null);
  assert.equal(chunk("n1", 0, 3), null);
  const finished = chunk("n1", 1, 3)!;
  assert.equal(finished.request, request);
  assert.deepEqual(finished.answer, { members: ["n1 0", "n1 1", "n1 2"], notFound: [] });
  assert.equal(chunk("n1", 1, 3), null, "it is over");
});

Deno.test("a chunk that comes twice counts once", () => {
  const { add, chunk, take } = setUp();
  take(add(SOME));
  for (let i = 0; i < 3; i++) assert.equal(chunk("n1", 0, 2), null);
  assert.deepEqual(chunk("n1", 1, 2)!.answer.members, ["n1 0", "n1 1"]);
});

Deno.test("presences and missing ids are collected from all chunks", () => {
  const { add, chunk, take } = setUp();
  take(add({ guildId: "1", userIds: ["7", "8"], presences: true }));
  chunk("n1", 1, 2, { presences: ["b"], not_found: ["8"] });
  assert.deepEqual(chunk("n1", 0, 2, { presences: ["a"], not_found: ["8"] })!.answer, {
    members: ["n1 0", "n1 1"],
    presences: ["a", "b"],
    notFound: ["8"],
  });
});

Deno.test("chunks of others, and what cannot be read, are passed by", () => {
  const { requests, add, see, chunk, take } = setUp();
  const bytes = new TextEncoder().encode('{"t":"GUILD_MEMBERS_CHUNK","s":1,"op":0,"d":{"cut');
  assert.equal(requests.see("GUILD_MEMBERS_CHUNK", bytes, 0), null, "nothing waits");
  take(add(SOME));
  for (const t of ["GUILD_MEMBERS_CHUNK", "RATE_LIMITED"]) {
    assert.equal(requests.see(t, bytes, 0), null);
    assert.equal(see(t, null), null);
  }
  assert.equal(chunk("theirs", 0, 1), null);
  assert.equal(see("MESSAGE_CREATE", { nonce: "n1", chunk_index: 0, chunk_count: 1 }), null);
  assert.ok(chunk("n1", 0, 1));
});

Deno.test("what was read in the background is counted, not kept", () => {
  const { add, chunk, take } = setUp();
  const request = add(ALL, "background");
  take(request);
  assert.equal(chunk("n1", 0, 2), null);
  assert.deepEqual(chunk("n1", 1, 2), { request, answer: { members: [], notFound: [] } });
});

Deno.test("all members of a guild are asked for once in 31 s, a part of them at any time", () => {
  const { requests, add, chunk, due, take } = setUp();
  const [first, second, part] = [add(ALL), add(ALL, "background"), add(SOME)];
  take(first);
  assert.deepEqual([take(second), take(part)], [undefined, "n2"]);
  chunk("n1", 0, 1, {}, 5);
  assert.deepEqual(due(ALL_MEMBERS_PACE_MS - 1, "background"), []);
  assert.equal(requests.nextMs(5), ALL_MEMBERS_PACE_MS);
  assert.deepEqual(due(ALL_MEMBERS_PACE_MS, "background"), [second]);
  assert.equal(take(second, ALL_MEMBERS_PACE_MS), "n3");
});

Deno.test("a request that Discord refuses is sent again when Discord says so, with another nonce", () => {
  const { requests, add, chunk, limited, due, take } = setUp();
  const request = add(ALL);
  take(request);
  assert.equal(limited("n1", 12.5, 100), null);
  assert.equal(requests.nextMs(100), 12_600);
  assert.match(requests.progress(request, 100), /once in 30 s/);
  assert.deepEqual([due(12_599), take(request, 12_599)], [[], undefined]);
  assert.deepEqual(due(12_600), [request]);
  assert.equal(take(request, 12_600), "n2");
  assert.equal(request.inVain, 0, "Discord has answered");
  assert.ok(chunk("n2", 0, 1, {}, 12_700));
});

Deno.test("a part of the members waits for its time, too, should Discord ever refuse one", () => {
  const { requests, add, limited, due, take } = setUp();
  const request = add(SOME);
  take(request);
  limited("n1", 2, 100);
  assert.deepEqual([due(2_099), requests.nextMs(100)], [[], 2_100]);
  assert.equal(take(request, 2_100), "n2");
});

Deno.test("an answer that stops is asked for again; what still comes of it counts", () => {
  const { requests, add, chunk, due, take } = setUp();
  const request = add(SOME);
  take(request);
  chunk("n1", 0, 2, {}, 1_000);
  assert.equal(requests.nextMs(1_000), 1_000 + STALLED_AFTER_MS);
  assert.deepEqual(due(1_000 + STALLED_AFTER_MS), [request]);
  assert.equal(take(request, 1_000 + STALLED_AFTER_MS), "n2");
  assert.equal(request.inVain, 1);
  assert.equal(chunk("n2", 0, 3, {}, 70_000), null, "the two answers are not mixed");
  assert.equal(request.inVain, 0);
  assert.deepEqual(chunk("n1", 1, 2, {}, 70_000)!.answer.members, ["n1 0", "n1 1"]);
});

Deno.test("of a request that is never answered only the last attempts are remembered", () => {
  const { add, chunk, take } = setUp();
  const request = add(SOME);
  for (let i = 0; i < 5; i++) take(request, i * STALLED_AFTER_MS);
  assert.equal(request.inVain, 4);
  assert.equal(chunk("n2", 0, 1), null);
  assert.ok(chunk("n3", 0, 1));
});

Deno.test("an op 8 that a dying connection swallowed is sent again soon after RESUMED", () => {
  const { requests, add, chunk, due, take } = setUp();
  const [lost, begun] = [add(SOME), add(SOME)];
  for (const request of [lost, begun]) take(request);
  chunk("n2", 0, 2);
  requests.resumed(1_000);
  assert.deepEqual(due(1_000 + LOST_AFTER_MS), [lost]);
  assert.equal(take(lost, 1_000 + LOST_AFTER_MS), "n3");
  assert.ok(chunk("n1", 0, 1, {}, 7_000), "it was not lost after all");
});

Deno.test("a new session owes nothing of the old one: what was not finished is sent again", () => {
  const { requests, add, chunk, due, take } = setUp();
  const [some, all] = [add(SOME), add(ALL)];
  for (const request of [some, all]) take(request, 100);
  chunk("n1", 0, 2, {}, 200);
  requests.sessionBegan(500);
  assert.equal(chunk("n1", 1, 2, {}, 600), null);
  assert.deepEqual(due(500), [some]);
  assert.deepEqual(due(100 + ALL_MEMBERS_PACE_MS), [some, all], "the pace is the bot's");
  assert.equal(take(some, 500), "n3");
  assert.equal(some.inVain, 0);
});

Deno.test("a request that nobody wants any more is not sent, and its chunks are nobody's", () => {
  const { requests, add, chunk, due, take } = setUp();
  const [early, late] = [add(SOME), add(SOME)];
  take(late);
  for (const request of [early, late]) requests.drop(request);
  assert.deepEqual([due(0), take(early), chunk("n1", 0, 1)], [[], undefined, null]);
  assert.equal(requests.nextMs(0), Infinity);
});

Deno.test("underWay() counts what waits for its answer, not what waits in vain or for its time", () => {
  const { requests, add, chunk, limited, take } = setUp();
  const ids = ["1", "2", "3", "4"];
  const asked = ids.map((guildId) => add({ guildId }, "background"));
  add(SOME);
  for (const request of asked.slice(0, 3)) take(request);
  assert.equal(requests.underWay("background", 0), 3);
  assert.equal(requests.underWay("bot", 0), 0);
  limited("n1", 20, 0);
  chunk("n2", 0, 1);
  assert.equal(requests.underWay("background", 0), 1);
  assert.equal(requests.underWay("background", STALLED_AFTER_MS), 0);
});

Deno.test("progress() says what is missing", () => {
  const { requests, add, chunk, take } = setUp();
  const request = add(SOME);
  assert.equal(requests.progress(request, 0), "it waits for its turn");
  take(request);
  assert.equal(requests.progress(request, 0), "Discord has not answered");
  chunk("n1", 0, 3);
  assert.equal(requests.progress(request, 0), "1 of 3 chunks have come");
});

Deno.test("AllMembersPace lets each guild be asked for once in its time", () => {
  const pace = new AllMembersPace();
  assert.ok(pace.freeMs("1") <= 0);
  pace.note("1", 500);
  assert.equal(pace.freeMs("1"), 500 + ALL_MEMBERS_PACE_MS);
  assert.ok(pace.freeMs("2") <= 0);
  assert.ok(ALL_MEMBERS_PACE_MS > 30_000);
});

Deno.test("AllMembersPace believes Discord more than itself", () => {
  const pace = new AllMembersPace();
  pace.note("1", 0);
  pace.note("1", 10, 12_345);
  assert.equal(pace.freeMs("1"), 12_345);
});

Deno.test("AllMembersPace forgets what is over", () => {
  const pace = new AllMembersPace();
  pace.note("1", 0);
  pace.note("2", ALL_MEMBERS_PACE_MS);
  assert.equal(pace.freeMs("1"), -Infinity);
  assert.equal(pace.freeMs("2"), 2 * ALL_MEMBERS_PACE_MS);
});
