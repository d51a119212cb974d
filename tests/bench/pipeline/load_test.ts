import assert from "node:assert/strict";
import { createSenders } from "../../../bench/pipeline/load.ts";
import { createSimulator } from "../../../sim/mod.ts";

function listen() {
  const sim = createSimulator({ shards: 4, guilds: 8 });
  const events: { t: string; guildId: string | null; d: Record<string, unknown>; bytes: number }[] =
    [];
  sim.world.listen((t, guildId, { head, tail }) => {
    const text = head + tail.text;
    const bytes = `{"t":"${t}","s":1000,"op":0,"d":${text}}`.length;
    events.push({ t, guildId, d: JSON.parse(text), bytes });
  });
  return { events, senders: createSenders(sim) };
}

Deno.test("createSenders() sends payloads of the size asked for to every guild in turn", () => {
  const { events, senders } = listen();
  for (const payload of ["300", "1200"] as const) {
    events.length = 0;
    for (let i = 0; i < 8; i++) senders[payload](3);
    assert.equal(new Set(events.map(({ guildId }) => guildId)).size, 8);
    for (const { d, guildId, bytes } of events) {
      assert.ok(Math.abs(bytes - Number(payload)) < 0.1 * Number(payload), `${bytes} bytes`);
      assert.equal(d.guild_id, guildId);
      assert.equal(d.run, 3);
    }
  }
});

Deno.test("createSenders() sends the usual mix with stamps, too", () => {
  const { events, senders } = listen();
  for (let i = 0; i < 500; i++) senders.mix(4);
  assert.equal(events.length, 500);
  assert.ok(events.every(({ d }) => d.run === 4 && typeof d.sentMs === "number"));
  assert.ok(new Set(events.map(({ t }) => t)).size >= 7);
});
