import assert from "node:assert/strict";
import { createBody, MOST_LISTED } from "../../guilds/create.ts";
import { buildGuild } from "../../guilds/guild.ts";
import { WarmPages } from "../../guilds/page.ts";
import type { Work } from "../../guilds/slices.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";

function run<T>(work: Work<T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const ALL = { members: true, presences: true, voice: true };
const { GUILDS, GUILD_PRESENCES, GUILD_VOICE_STATES } = INTENTS;

/** The bot 1, 2 in voice, 3 online, 4 neither. */
function bodyOf(memberCount: number): string {
  return JSON.stringify({
    id: "9",
    large: true,
    member_count: memberCount,
    members: ["1", "2", "3", "4"].map((id) => ({ user: { id } })),
    presences: [{ user: { id: "3" }, status: "idle" }],
    voice_states: [{ user_id: "2", channel_id: "5" }],
  });
}

function created(memberCount: number, intents: number, largeThreshold = 50) {
  const guild = run(
    buildGuild(bodyOf(memberCount), { kept: ALL, botId: "1" }, {}, new WarmPages(1)),
  );
  const bytes = run(createBody(guild, { intents, largeThreshold }, "1"));
  const body = JSON.parse(new TextDecoder().decode(bytes));
  const idsOf = (list: { user?: { id: string }; user_id?: string }[]) =>
    list.map(({ user, user_id }) => user?.id ?? user_id).join("");
  return {
    body,
    members: idsOf(body.members),
    presences: idsOf(body.presences),
    voice: idsOf(body.voice_states),
  };
}

const FULL = GUILDS | GUILD_PRESENCES | GUILD_VOICE_STATES;

for (
  const [what, size, intents, members, presences, voice] of [
    ["all of a small guild", 50, FULL, "1234", "3", "2"],
    ["of a large one who is online, in voice, and the bot", 51, FULL, "123", "3", "2"],
    [
      "without GUILD_PRESENCES only the bot and who is in voice",
      4,
      FULL & ~GUILD_PRESENCES,
      "12",
      "",
      "2",
    ],
    ["of a huge one only the bot and who is in voice", MOST_LISTED + 1, FULL, "12", "", "2"],
    ["of the largest that is not huge who is online", MOST_LISTED, FULL, "123", "3", "2"],
    ["without GUILD_VOICE_STATES no voice states", 50, FULL & ~GUILD_VOICE_STATES, "1234", "3", ""],
  ] as const
) {
  Deno.test(`GUILD_CREATE lists ${what}`, () => {
    const found = created(size, intents);
    assert.deepEqual([found.members, found.presences, found.voice], [members, presences, voice]);
  });
}

Deno.test("GUILD_CREATE says whether the guild is large for this session, and that it is there", () => {
  assert.equal(created(100, FULL, 100).body.large, false);
  assert.equal(created(101, FULL, 100).body.large, true);
  assert.equal(created(1, FULL).body.unavailable, false);
  assert.deepEqual(Object.keys(created(1, FULL).body).slice(0, 3), ["id", "large", "member_count"]);
});
