import assert from "node:assert/strict";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { CACHED } from "../../protocol/guild_pieces.ts";
import { keptOf } from "../../guilds/kept.ts";

Deno.test("only that is kept of which Discord tells how it changes", () => {
  const all = ["members", "presences", "voice"] as const;
  const none = { members: false, presences: false, voice: false };
  assert.deepEqual(keptOf(all, 0), none);
  assert.deepEqual(keptOf([], 0xffff), none);
  for (const each of all) {
    assert.deepEqual(keptOf(all, INTENTS[CACHED[each]]), { ...none, [each]: true });
    assert.deepEqual(keptOf([each], 0xffff), { ...none, [each]: true });
  }
});
