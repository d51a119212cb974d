import assert from "node:assert/strict";
import { MOST_VOICE_GUILDS, VoiceAskers } from "../../gateway/voice_askers.ts";
import { OP } from "../../protocol/discord/opcodes.ts";

function setUp() {
  const askers = new VoiceAskers();
  return {
    ask: (guild_id: unknown, reader?: string, op: number = OP.VOICE_STATE_UPDATE) =>
      askers.asked(0, { op, d: { guild_id, channel_id: null }, ...reader && { reader } }),
    forWhom: (guildId: string, t = "VOICE_SERVER_UPDATE", shardId = 0) => {
      const d = `{"token":"guild_id","guild_id":"${guildId}","endpoint":null}`;
      const payload = new TextEncoder().encode(`{"t":"${t}","s":1,"op":0,"d":${d}}`);
      const audience = askers.of(shardId, t, payload);
      return audience && [...audience];
    },
  };
}

Deno.test("a voice server is for whoever sent the last op 4 for its guild, whatever way the id was written", () => {
  const { ask, forWhom } = setUp();
  ask("1", "music");
  ask(2n);
  assert.deepEqual([forWhom("1"), forWhom("2")], [["music"], [null]]);
  ask("1");
  assert.deepEqual(forWhom("1"), [null]);
});

Deno.test("anything else is for everybody: other events, other shards, guilds that nobody asked for", () => {
  const { ask, forWhom } = setUp();
  ask("1", "music");
  ask("2", "music", OP.REQUEST_GUILD_MEMBERS);
  ask({}, "music");
  const all = [forWhom("1", "VOICE_STATE_UPDATE"), forWhom("1", undefined, 1), forWhom("2")];
  assert.deepEqual(all, [null, null, null]);
});

Deno.test("those whose op 4 is oldest are forgotten first", () => {
  const { ask, forWhom } = setUp();
  for (let guild = 0; guild < MOST_VOICE_GUILDS; guild++) ask(guild, "music");
  ask(0, "music");
  ask("new", "music");
  ask(MOST_VOICE_GUILDS, "music");
  assert.deepEqual([forWhom("0"), forWhom("1"), forWhom("2")], [["music"], null, ["music"]]);
});
