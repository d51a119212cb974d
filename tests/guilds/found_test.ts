import assert from "node:assert/strict";
import { find } from "../../guilds/found.ts";
import { Guilds } from "../../guilds/guilds.ts";
import { WarmPages } from "../../guilds/page.ts";
import type { Wanted } from "../../protocol/link_call.ts";

const member = { user: { id: "7", username: "Ädä" }, roles: [], joined_at: "x", deaf: false };
const rest = {
  id: "1",
  name: "Harbour",
  roles: [{ id: "1", name: "all" }],
  emojis: [],
  stickers: [],
};

function setUp(warm = new WarmPages(1 << 20)) {
  const guilds = new Guilds(warm);
  const apply = (t: string, d: object) => {
    const kept = { members: true, presences: true, voice: true };
    const text = new TextEncoder().encode(JSON.stringify(d));
    const work = guilds.apply(t, String.fromCharCode(...text), kept);
    while (!work.next().done);
  };
  apply("READY", { user: { id: "9" }, guilds: [{ id: "2" }] });
  apply("GUILD_CREATE", {
    ...rest,
    joined_at: "2024",
    large: false,
    unavailable: false,
    member_count: 2,
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    channels: [{ id: "3", type: 0 }],
    threads: [{ id: "4", parent_id: "3", member: {} }],
    members: [member],
  });
  return (wanted: Wanted) => {
    const work = find(guilds, wanted);
    let step = work.next();
    while (!step.done) step = work.next();
    return step.value;
  };
}

for (const isCold of [false, true]) {
  Deno.test(`what is known is found as REST has it, ${isCold ? "cold" : "warm"}`, () => {
    const warm = new WarmPages(0);
    const found = setUp(warm);
    while (isCold && warm.isOver) warm.packOne();
    assert.deepEqual(found({ kind: "guild", guildId: "1" }), rest);
    assert.deepEqual(found({ kind: "channel", channelId: "3" }), {
      id: "3",
      type: 0,
      guild_id: "1",
    });
    const thread = { id: "4", parent_id: "3", guild_id: "1" };
    assert.deepEqual(found({ kind: "channel", channelId: "4" }), thread);
    assert.deepEqual(found({ kind: "member", guildId: "1", userId: "7" }), member);
    assert.deepEqual(found({ kind: "user", userId: "7" }), member.user);
  });
}

Deno.test("what is not known is not found", () => {
  const found = setUp();
  for (
    const wanted of [
      { kind: "guild", guildId: "2" },
      { kind: "guild", guildId: "5" },
      { kind: "channel", channelId: "1" },
      { kind: "user", userId: "8" },
      { kind: "member", guildId: "1", userId: "8" },
      { kind: "member", guildId: "2", userId: "7" },
    ] as const
  ) assert.equal(found(wanted), null, JSON.stringify(wanted));
});
