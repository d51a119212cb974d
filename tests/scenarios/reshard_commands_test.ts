/** What a bot of several clusters asks for while its guilds move: whoever has a guild gets it, and all is answered. */

import assert from "node:assert/strict";
import { every } from "../../ports/clock.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import { LOT_PHASES, type LotPhase } from "../../protocol/reshard.ts";
import { voiceStatesOf } from "../../sim/world/guilds.ts";
import { callUnit } from "../../unit/methods.ts";
import { createScenario, type Scenario } from "../support/reshard/scenario.ts";

/** Asks for members and sounds of all guilds in turn, a few times a second, as a bot and as a program do. */
function asking({ stage }: Scenario) {
  const { clock, sim, unit } = stage;
  const asked: { nonce: string; guildId: string; phases: readonly LotPhase[] }[] = [];
  const failed: unknown[] = [];
  const answered: string[] = [];
  let open = 0;
  const note = async (task: () => unknown) => {
    open++;
    try {
      await task();
    } catch (error) {
      failed.push(error);
    }
    open--;
  };
  const guilds = [...sim.world.guilds.values()].filter(({ state }) => state === "up");
  let turn = 0;
  const stop = every(clock, 250, () => {
    const { id: guildId } = guilds[turn++ % guilds.length]!;
    const nonce = `n${turn}`;
    const d = { guild_id: guildId, query: "", limit: 1, nonce };
    const phases = unit.snapshot.reshard?.lots.map(({ phase }) => phase) ?? [];
    asked.push({ nonce, guildId, phases });
    // A bot that knows the old total, and one that names whatever it likes.
    const shardId = turn % 3 === 0 ? 0 : calculateShardId(guildId, 2);
    const payload = { op: 8, d };
    void note(() => callUnit(unit, "peer", { method: "sendPayload", shardId, payload }));
    void note(async () => {
      const { members } = await unit.controllers.gateway.requestMembers(guildId, {
        query: "",
        limit: 1,
      });
      answered.push(`${guildId} ${members.length}`);
    });
  });
  const chunks = () =>
    stage.lives.flat().filter(({ t }) => t === "GUILD_MEMBERS_CHUNK")
      .flatMap(({ d }) => d.nonce ?? []);
  return { asked, failed, answered, stop, chunks, open: () => open };
}

Deno.test("commands for guilds are answered in every phase of a reshard, whatever shard is named", async () => {
  const scenario = await createScenario({ from: 2, to: 4, clusters: 2, comingsPerMinute: 0 });
  // Who is held waits for the others: long enough for questions to come meanwhile.
  scenario.stage.sim.settings.lateMs = ({ totalShards }) => totalShards === 4 ? 1_500 : 0;
  const ask = asking(scenario);
  scenario.begin();
  await scenario.ended();
  await scenario.stage.clock.advance(2_000);
  ask.stop();
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
  assert.deepEqual([ask.failed, ask.open()], [[], 0]);
  const chunks = new Set(ask.chunks());
  const silent = ask.asked.filter(({ nonce }) => !chunks.has(nonce));
  assert.deepEqual(silent, [], "a question has no answer");
  assert.equal(ask.answered.length, ask.asked.length);
  assert.ok(ask.answered.every((each) => each.endsWith(" 1")));
  const phases = new Set(ask.asked.flatMap((each) => each.phases));
  const seen = LOT_PHASES.filter((phase) => phases.has(phase));
  for (const phase of ["rising", "comparing", "holding", "moved"] as const) {
    assert.ok(seen.includes(phase), `asked in ${seen.join()}`);
  }
});

Deno.test("every event comes once to one of a bot's clusters, though guilds go to another one", async () => {
  for (const [from, to, clusters] of [[2, 4, 2], [2, 4, 3], [4, 2, 2]] as const) {
    const scenario = await createScenario({ from, to, clusters, seed: from + clusters });
    scenario.begin();
    await scenario.ended();
    await scenario.assertWhole({ identifies: { [from]: from, [to]: to }, total: to });
    const { again } = scenario.stage.verdict();
    assert.equal(again, 0, "came to two clusters");
    assert.equal(scenario.stage.lives.length, clusters, "nobody was started anew");
    assert.ok(scenario.stage.lives.every((life) => life.length > 100));
  }
});

Deno.test("the bot stays in voice where it is, by the session that has the guild since, and shows itself as ever", async () => {
  const scenario = await createScenario({ from: 2, to: 4, comingsPerMinute: 0 });
  const { sim, clock, lives } = scenario.stage;
  const gateway = () => scenario.stage.unit.controllers.gateway;
  const guilds = [...sim.world.guilds.values()].filter(({ state }) => state === "up").slice(0, 8);
  const [left, moved] = guilds;
  const status = { status: "idle", activities: [] } as const;
  for (const { id, channels } of guilds) {
    await scenario.stage.run(gateway().joinVoiceChannel(id, channels[0]!.id));
  }
  await scenario.stage.run(gateway().leaveVoiceChannel(left!.id));
  await clock.advance(2_000);
  scenario.stage.killUnit();
  await scenario.stage.startUnit();
  await clock.advance(10_000);
  // Somebody drags the bot elsewhere, and it does not say a word.
  const me = sim.world.user.id;
  const { state, isOver } = moved!.voice.get(me)!;
  const elsewhere = { ...state, channel_id: moved!.channels[1]!.id };
  moved!.voice.set(me, { state: elsewhere, isOver });
  scenario.begin();
  await scenario.until("comparing");
  await scenario.stage.run(gateway().editBotStatus(status));
  await scenario.ended();
  await clock.advance(5_000);
  const channelOf = (guild: typeof left) =>
    voiceStatesOf(guild!).find(({ user_id }) => user_id === me)?.channel_id ?? null;
  assert.deepEqual(guilds.map(channelOf), [
    null,
    elsewhere.channel_id,
    ...guilds.slice(2).map(({ channels }) => channels[0]!.id),
  ]);
  const servers = lives.flat().filter(({ t, shardId }) =>
    t === "VOICE_SERVER_UPDATE" && shardId > 1
  );
  assert.ok(servers.length > 0, "the new session's voice server is told");
  const alive = [...sim.ledger.sessions.values()].filter(({ ended }) => ended === null);
  const shown = alive.map(({ presence }) => (presence as { status?: string })?.status);
  assert.deepEqual(shown, ["idle", "idle", "idle", "idle"]);
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});
