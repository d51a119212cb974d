/** Voice as far as the gateway goes, by way of the Lavalink example: whatever becomes of the connection. */

import assert from "node:assert/strict";
import { type PlayerUpdate, VoiceConnections } from "../../examples/lavalink.ts";
import { memoryStore } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { voiceStatesOf } from "../../sim/world/guilds.ts";
import { connect, type Library } from "../support/library.ts";
import { createRig, type Rig } from "../support/rig.ts";

async function started(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig({ sim: { guilds: 2 }, ...options });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  await rig.clock.advance(1_000);
  return rig;
}

async function identified(rig: Rig): Promise<Library> {
  const library = connect(rig);
  library.identify(undefined, [0, 1], 1 | 1 << 7);
  await rig.clock.advance(2_000);
  return library;
}

/** What Lavalink is told by a bot that sees these libraries' events, one after the other. */
function toldOf(rig: Rig, ...libraries: Library[]): PlayerUpdate[] {
  const voice = new VoiceConnections(rig.sim.world.user.id);
  return libraries.flatMap(({ got }) => got).map((payload) => voice.see(payload))
    .filter((update) => update !== null);
}

/** What Discord's voice server would let in. */
function truth(rig: Rig, guildId: string): PlayerUpdate {
  const guild = rig.sim.world.guilds.get(guildId)!;
  const state = voiceStatesOf(guild).find((it) => it.user_id === rig.sim.world.user.id);
  if (!state) return { guildId, body: null };
  const { channel_id, session_id } = state;
  const server = { token: `voice-${channel_id}`, endpoint: "voice.sim:443" };
  return { guildId, body: { voice: { ...server, sessionId: session_id, channelId: channel_id! } } };
}

function ask(rig: Rig, library: Library, channel: number | null, guildId: string): void {
  const { channels } = rig.sim.world.guilds.get(guildId)!;
  const channel_id = channel === null ? null : channels[channel]!.id;
  library.send(OP.VOICE_STATE_UPDATE, {
    guild_id: guildId,
    channel_id,
    self_mute: false,
    self_deaf: true,
  });
}

const guildsOf = ({ sim }: Rig) => [...sim.world.guilds.keys()] as [string, string];

Deno.test("a library joins, moves and leaves, in two guilds, and Lavalink is told what Discord knows", async () => {
  const rig = await started();
  const library = await identified(rig);
  const [one, two] = guildsOf(rig);
  ask(rig, library, 0, one);
  ask(rig, library, 1, two);
  await rig.clock.advance(1_000);
  const last = (guildId: string) =>
    toldOf(rig, library).findLast((update) => update.guildId === guildId);
  assert.deepEqual([last(one), last(two)], [truth(rig, one), truth(rig, two)]);
  assert.notEqual(truth(rig, one).body!.voice.sessionId, library.sessionId());
  ask(rig, library, 1, one);
  ask(rig, library, null, two);
  await rig.clock.advance(1_000);
  assert.deepEqual([last(one), last(two)], [truth(rig, one), { guildId: two, body: null }]);
  rig.assertNoViolations();
});

Deno.test("the answers come to a session that was away when they came, by RESUME", async () => {
  const rig = await started();
  const library = await identified(rig);
  const [guildId] = guildsOf(rig);
  ask(rig, library, 0, guildId);
  library.close(1006);
  await rig.clock.advance(5_000);
  assert.deepEqual(toldOf(rig, library), []);
  const back = connect(rig);
  back.resume(library.sessionId(), library.last());
  await rig.clock.advance(1_000);
  assert.deepEqual(toldOf(rig, library, back).at(-1), truth(rig, guildId));
});

Deno.test("the answers come to the session that takes the shard over", async () => {
  const rig = await started();
  const library = await identified(rig);
  const [guildId] = guildsOf(rig);
  ask(rig, library, 0, guildId);
  const newer = await identified(rig);
  assert.deepEqual(toldOf(rig, library), []);
  assert.deepEqual(toldOf(rig, newer).at(-1), truth(rig, guildId));
  ask(rig, newer, 1, guildId);
  await rig.clock.advance(1_000);
  assert.deepEqual(toldOf(rig, newer).at(-1), truth(rig, guildId));
});

Deno.test("the answers come after a worker was lost, the shard has resumed, and the unit was restarted", async () => {
  const store = memoryStore();
  const first = await started({ store });
  const library = await identified(first);
  const [guildId] = guildsOf(first);
  first.gateway.pool.restart(0);
  ask(first, library, 0, guildId);
  await first.clock.advance(10_000);
  assert.deepEqual(toldOf(first, library).at(-1), truth(first, guildId));
  first.sim.faults.cut();
  ask(first, library, 1, guildId);
  await first.clock.advance(10_000);
  assert.deepEqual(toldOf(first, library).at(-1), truth(first, guildId));
  await first.stop();
  const second = await createRig({ store, earlier: first });
  second.gateway.pool.spawnShards();
  await second.ready();
  const back = connect(second);
  back.resume(library.sessionId(), library.last());
  await second.clock.advance(1_000);
  ask(second, back, 0, guildId);
  await second.clock.advance(1_000);
  assert.deepEqual(toldOf(second, library, back).at(-1), truth(second, guildId));
  assert.equal(second.identifies(), 1, "the voice session ended with the session");
});
