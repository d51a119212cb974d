import assert from "node:assert/strict";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { stage } from "./scripted_client.ts";

Deno.test("op 4 puts the bot into voice: the asker gets the server, all who may know the state", async () => {
  const { ready, clock, sim } = stage({ guilds: 1, membersPerGuild: 0 });
  const [asker, other, deaf] = [
    await ready(),
    (await clock.advance(5_000), await ready()),
    (await clock.advance(5_000), await ready(0, 1, ALL_INTENTS & ~INTENTS.GUILD_VOICE_STATES)),
  ];
  const [guild] = [...sim.world.guilds.values()];
  const [first, second] = guild!.channels;
  const join = async (channel_id: unknown) => {
    asker.send(OP.VOICE_STATE_UPDATE, { guild_id: guild!.id, channel_id, self_deaf: true });
    await clock.advance(20);
  };
  await join(first!.id);
  const states = (client: typeof asker) => client.events("VOICE_STATE_UPDATE").map(({ d }) => d);
  const sessionId = asker.events("READY")[0]!.d.session_id;
  assert.equal(states(asker)[0].session_id, sessionId);
  assert.deepEqual(states(asker), states(other));
  assert.deepEqual(states(deaf), []);
  assert.deepEqual(Object.keys(asker.events("VOICE_SERVER_UPDATE")[0]!.d).sort(), [
    "endpoint",
    "guild_id",
    "token",
  ]);
  assert.deepEqual(other.events("VOICE_SERVER_UPDATE"), []);
  await join([second!.id]);
  await clock.advance(5_000);
  const late = await ready();
  await clock.advance(1_000);
  const inGuild = late.events("GUILD_CREATE")[0]!.d.voice_states;
  assert.equal(inGuild[0].channel_id, second!.id);
  assert.equal(inGuild.length, 1);
  await join(null);
  assert.equal(states(late).at(-1).channel_id, null);
  await join("1");
  await join(null);
  assert.equal(
    states(late).length,
    1,
    "neither an unknown channel nor who is not there is told of",
  );
});

Deno.test("a voice state ends with the session that it came from", async () => {
  const { ready, clock, sim } = stage({ guilds: 1, membersPerGuild: 0 });
  const asker = await ready();
  const [guild] = [...sim.world.guilds.values()];
  const channel_id = guild!.channels[0]!.id;
  asker.send(OP.VOICE_STATE_UPDATE, { guild_id: guild!.id, channel_id });
  await clock.advance(20);
  sim.faults.invalidate(false);
  await clock.advance(10_000);
  const late = await ready();
  await clock.advance(1_000);
  assert.deepEqual(late.events("GUILD_CREATE")[0]!.d.voice_states, []);
});
