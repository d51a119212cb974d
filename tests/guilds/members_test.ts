import assert from "node:assert/strict";
import { answerOf, MEMBERS_PER_CHUNK, MembersReplies } from "../../guilds/members.ts";
import { buildGuild } from "../../guilds/guild.ts";
import { Guilds } from "../../guilds/guilds.ts";
import { WarmPages } from "../../guilds/page.ts";
import { textOfBytes } from "../../guilds/fragments.ts";
import type { Work } from "../../guilds/slices.ts";
import { type MembersCommand, readMembersCommand } from "../../protocol/discord/members.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const ALL = { members: true, presences: true, voice: true };
const text = (value: unknown) => textOfBytes(new TextEncoder().encode(JSON.stringify(value)));

function run<T>(work: Work<T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const member = (i: number, more: object = {}) => ({
  user: { id: `${i}`, username: `user${i}`, global_name: null },
  nick: null,
  roles: [],
  future: "ü",
  ...more,
});

/** A guild of which so many members are known. */
function guildOf(known: number, memberCount = known, special: object[] = []) {
  const members = [
    ...special,
    ...Array.from({ length: known - special.length }, (_, i) => member(1_000_000 + i)),
  ];
  const presences = [{ user: { id: "1000000" }, status: "idle" }];
  const body = text({ id: "9", member_count: memberCount, members, presences });
  return run(buildGuild(body, { kept: ALL, botId: "1" }, {}, new WarmPages(1 << 20)));
}

/** The chunks; `null`: Discord is asked. */
function answer(guild: ReturnType<typeof guildOf>, d: object, kept = ALL) {
  const command = readMembersCommand({ guild_id: "9", ...d }) as MembersCommand;
  const reply = run(answerOf(guild, command, kept));
  if (!reply) return null;
  const chunks = [];
  for (let body = reply.next(); body; body = reply.next()) {
    chunks.push(JSON.parse(new TextDecoder().decode(body)));
  }
  return chunks;
}

const names = (chunks: { members: { user: { username: string } }[] }[] | null) =>
  chunks?.flatMap(({ members }) => members.map(({ user }) => user.username)).sort() ?? null;

Deno.test("all members come in chunks of a thousand, each once, with what was asked for", () => {
  const chunks = answer(guildOf(2_500), { query: "", limit: 0, nonce: "ü", presences: true })!;
  assert.deepEqual(
    chunks.map((d) => [d.guild_id, d.members.length, d.chunk_index, d.chunk_count, d.nonce]),
    [["9", MEMBERS_PER_CHUNK, 0, 3, "ü"], ["9", 1000, 1, 3, "ü"], ["9", 500, 2, 3, "ü"]],
  );
  assert.equal(new Set(names(chunks)).size, 2_500);
  const one = chunks.flatMap(({ members }) => members).find(({ user }) => user.id === "1000000");
  assert.deepEqual(one, member(1_000_000), "as Discord wrote it");
  const presences = chunks.flatMap((d) => d.presences);
  assert.deepEqual(presences, [{ user: { id: "1000000" }, status: "idle" }]);
  assert.deepEqual(chunks.map((d) => "not_found" in d), [false, false, false]);
});

Deno.test("without a nonce and presences there are none", () => {
  const [chunk] = answer(guildOf(3), { query: "", limit: 0 })!;
  assert.deepEqual(Object.keys(chunk), ["guild_id", "members", "chunk_index", "chunk_count"]);
});

Deno.test("Discord is asked where not all members are known, or nothing is kept of them", () => {
  const all = { query: "", limit: 0 };
  assert.equal(answer(guildOf(3, 4), all), null);
  assert.equal(answer(guildOf(3, 2), all), null, "there are more than there can be");
  assert.equal(answer(guildOf(3), all, { ...ALL, members: false }), null);
  const alsoPresences = { ...all, presences: true };
  assert.equal(answer(guildOf(3), alsoPresences, { ...ALL, presences: false }), null);
  assert.equal(answer(guildOf(3, 4), { query: "u", limit: 1 }), null);
});

Deno.test("by ids it answers also where not all are known, unless somebody is not found", () => {
  const user_ids = ["1000000", 1000001n];
  assert.deepEqual(names(answer(guildOf(3, 9), { user_ids })), ["user1000000", "user1000001"]);
  assert.equal(answer(guildOf(3, 9), { user_ids: ["1000000", "5"] }), null);
  const [chunk] = answer(guildOf(3), { user_ids: ["1000000", "5"] })!;
  assert.deepEqual([chunk.members.length, chunk.not_found], [1, ["5"]]);
  assert.deepEqual(answer(guildOf(3), { user_ids: "5" })!.map((d) => [d.members, d.not_found]), [
    [[], ["5"]],
  ]);
});

Deno.test("by the beginning of a name it looks at all of a member's names, a hundred at most", () => {
  const special = [
    member(1, { nick: "Zoë" }),
    member(2, { user: { id: "2", username: "zoom", global_name: null } }),
    member(3, { user: { id: "3", username: "x3", global_name: "ZOE" } }),
    member(4, { user: { id: "4", username: "azo", global_name: null }, nick: "b" }),
  ];
  const guild = guildOf(500, 500, special);
  assert.deepEqual(names(answer(guild, { query: "zo", limit: 10 })), ["user1", "x3", "zoom"]);
  assert.equal(names(answer(guild, { query: "zo", limit: 2 }))!.length, 2);
  assert.equal(names(answer(guild, { query: "USER", limit: 0 }))!.length, 100);
  assert.deepEqual(answer(guild, { query: "nobody", limit: 5 })!.map((d) => d.chunk_count), [1]);
});

Deno.test("an answer that is given piece by piece is that of its first moment, and is forgotten", async () => {
  const clock = createVirtualClock();
  const warm = new WarmPages(1 << 20);
  const guilds = new Guilds(warm);
  const body = text({
    id: "9",
    member_count: 9_000,
    members: Array.from({ length: 9_000 }, (_, i) => member(i, { filler: "x".repeat(200) })),
  });
  run(guilds.apply("GUILD_CREATE", body, ALL));
  const replies = new MembersReplies(clock);
  const command = readMembersCommand({ guild_id: "9", query: "", limit: 0 })!;
  // deno-lint-ignore require-yield -- it is known at once
  const now = function* (): Work<Guilds> {
    return guilds;
  };
  const ask = (id: string) => run(replies.piece({ shardId: 0, id, command }, ALL, now))!;
  const first = ask("a");
  assert.ok(!first.isLast && first.bodies.length < 9);
  run(guilds.apply("GUILD_MEMBER_REMOVE", text({ guild_id: "9", user: { id: "8999" } }), ALL));
  let count = first.bodies.length;
  for (let piece = ask("a");; piece = ask("a")) {
    count += piece.bodies.length;
    if (piece.isLast) break;
  }
  assert.equal(count, 9);
  assert.ok(!ask("b").isLast);
  await clock.advance(60_000);
  const again = ask("b");
  assert.equal(JSON.parse(new TextDecoder().decode(again.bodies[0]!)).chunk_index, 0, "anew");
});

for (
  const [what, d] of [
    ["no guild", { query: "", limit: 0 }],
    ["neither a query nor ids", { guild_id: "9" }],
    ["several guilds", { guild_id: ["9", "8"], query: "", limit: 0 }],
    ["a limit that is none", { guild_id: "9", query: "", limit: -1 }],
    ["101 ids", { guild_id: "9", user_ids: Array(101).fill("1") }],
    ["an id that is none", { guild_id: "9", user_ids: ["a"] }],
    ["no ids", { guild_id: "9", user_ids: [] }],
    ["presences that are no boolean", { guild_id: "9", query: "", presences: 1 }],
  ] as const
) {
  Deno.test(`only Discord knows what to make of an op 8 with ${what}`, () => {
    assert.equal(readMembersCommand(d), null);
  });
}
