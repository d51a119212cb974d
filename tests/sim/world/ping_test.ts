import assert from "node:assert/strict";
import { INTENTS } from "../../../protocol/discord/intents.ts";
import { guildGoesDown } from "../../../sim/mod.ts";
import { startPinging } from "../../../sim/world/ping.ts";
import { stage } from "../gateway/scripted_client.ts";

Deno.test("somebody posts !ping in one guild after another, and hears what the bot posts there", async () => {
  const { ready, clock, sim } = stage({ guilds: 2 });
  const client = await ready();
  const before = client.events().length;
  const heard: string[] = [];
  const stop = startPinging({
    clock,
    world: sim.world,
    everyMs: 5_000,
    answered: (text) => heard.push(text),
  });
  await clock.advance(10_010);
  const asked = client.events().slice(before);
  assert.deepEqual(asked.map(({ t, d }) => [t, d.content, d.author.bot]), [
    ["MESSAGE_CREATE", "!ping", false],
    ["MESSAGE_CREATE", "!ping", false],
  ]);
  assert.equal(new Set(asked.map(({ d }) => d.guild_id)).size, 2);

  const [first, second] = asked.map(({ d }) => d.channel_id as string);
  const post = (channelId: string, content: string) =>
    sim.rest(
      new Request(`http://discord/api/v10/channels/${channelId}/messages`, {
        method: "POST",
        headers: {
          authorization: `Bot ${sim.settings.token}`,
          "user-agent": "DiscordBot (test, 1)",
          "content-type": "application/json",
        },
        body: JSON.stringify({ content }),
      }),
      { remoteAddress: "127.0.0.1" },
    );
  await post(first!, "not where it was asked last");
  await post(second!, "pong");
  await post(second!, "pong again");
  assert.deepEqual(heard, ["pong"]);
  stop();
  await clock.advance(60_000);
  assert.equal(client.events().filter(({ d }) => d?.content === "!ping").length, 2);
});

Deno.test("!ping goes where somebody can hear it, and without MESSAGE_CONTENT its words are not told", async () => {
  const { ready, clock, sim } = stage({ guilds: 2 });
  const client = await ready(0, 1, INTENTS.GUILDS | INTENTS.GUILD_MESSAGES);
  const [down] = sim.world.guilds.values();
  guildGoesDown(sim.world, down!);
  startPinging({ clock, world: sim.world, everyMs: 1_000 });
  await clock.advance(3_010);
  const asked = client.events().filter(({ t }) => t === "MESSAGE_CREATE");
  assert.equal(asked.length, 3);
  assert.ok(asked.every(({ d }) => d.guild_id !== down!.id && d.content === ""));
});

Deno.test("without a guild nobody asks", async () => {
  const { clock, sim } = stage({ guilds: 0 });
  startPinging({ clock, world: sim.world, everyMs: 1_000 });
  await clock.advance(3_000);
});
