/** The ports of a Megane bot and of Discordeno's big-bot template, as their users run them. */

import assert from "node:assert/strict";
import type { Stats } from "../../protocol/status.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const INTENTS = "GUILDS,GUILD_MEMBERS,GUILD_MESSAGES,MESSAGE_CONTENT";

/** Discord, where somebody talks to the bot and reads its answers. */
function discord() {
  const sim = createSimulator({ shards: 4, maxConcurrency: 4, guilds: 8 });
  const server = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const { world } = sim;
  const answers: string[] = [];
  world.listen((t, _guildId, { head, tail }) => {
    if (t !== "MESSAGE_CREATE") return;
    const { author, content } = JSON.parse(head + tail.text);
    if (author.id === world.user.id) answers.push(content);
  });
  /** A guild of a shard, and somebody in it. */
  const place = (shardId: number) => {
    const guild = [...world.guilds.values()].find(({ id }) => shardOf(id) === shardId)!;
    const member = [...guild.members.values()].find(({ user }) => !user.bot)!;
    return { guild, member, ids: { guild_id: guild.id, channel_id: guild.channels[0]!.id } };
  };
  const answer = async (ask: () => void): Promise<string> => {
    const before = answers.length;
    ask();
    await until(() => answers.length > before, 10_000, () => "the bot did not answer");
    return answers[before]!;
  };
  return {
    sim,
    stateDir,
    userId: (shardId: number) => place(shardId).member.user.id,
    settings: {
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: server.apiUrl,
      LISTEN_PORT: "0",
    },
    /** Posts a message in a guild of a shard, and gives what the bot says then. */
    say: (shardId: number, content: string) =>
      answer(() => {
        const { guild, member, ids } = place(shardId);
        const author = member.user;
        world.emit("MESSAGE_CREATE", guild.id, {
          ...MESSAGE,
          ...ids,
          id: world.nextId(),
          author,
          content,
        });
      }),
    /** The same with a slash command. */
    slash: (shardId: number, name: string) =>
      answer(() => {
        const { guild, member, ids } = place(shardId);
        const id = world.nextId();
        world.emit("INTERACTION_CREATE", guild.id, {
          ...{ id, token: `token-of-${id}`, application_id: world.application.id, version: 1 },
          ...{ type: 2, data: { id: "3", name, type: 1 }, member: { ...member, permissions: "0" } },
          ...ids,
        });
      }),
    async close() {
      await server.close();
      Deno.removeSync(stateDir, { recursive: true });
      assert.deepEqual(sim.ledger.violations, []);
    },
  };
}

const shardOf = (guildId: string) => Number((BigInt(guildId) >> 22n) % 4n);

const MESSAGE = {
  ...{ type: 0, timestamp: "2026-01-01T00:00:00.000Z", edited_timestamp: null, tts: false },
  ...{ mention_everyone: false, mentions: [], mention_roles: [], attachments: [], embeds: [] },
};

/** The same with a unit of two clusters that runs the bot. */
async function setUp(settings: Record<string, string>) {
  const it = discord();
  const unit = await startUnit({
    ...it.settings,
    INTENTS,
    STATE_DIR: it.stateDir,
    TOTAL_CLUSTERS: "2",
    STATS_INTERVAL_MS: "300",
    ...settings,
  });
  await unit.ready();
  const post = async (path: string, body?: unknown) => {
    const init = { method: "POST", ...(body !== undefined && { body: JSON.stringify(body) }) };
    return await (await fetch(`${await unit.url()}/control${path}`, init)).json();
  };
  return {
    ...it,
    post,
    lines: unit.lines,
    command: async (to: unknown, data: unknown) =>
      await post("/command", { to, data, receptive: true, timeout: 5_000 }),
    /** The figures, once they are as wanted. */
    async stats(wanted: (stats: Stats) => boolean): Promise<Stats> {
      let latest: Stats | null = null;
      const look = async () => {
        latest = await (await unit.control("GET", "/stats")).json();
        return latest !== null && wanted(latest);
      };
      await until(look, 10_000, () => `the figures are not as wanted: ${JSON.stringify(latest)}`);
      return latest!;
    },
    async [Symbol.asyncDispose]() {
      assert.equal(await unit.end("SIGTERM"), 0);
      await it.close();
      assert.deepEqual(unit.lines.filter(({ level }) => level === "ERROR"), []);
    },
  };
}

/** What its hooks say, each once called. */
const HOOKS = [
  "cluster launches",
  "cluster knows that all clusters are ready",
  "all members of this cluster are here",
  "all members of all clusters are here",
  "cluster shuts down",
  "leaderboard launches",
  "leaderboard knows that all clusters are ready",
  "leaderboard knows that all members are here",
  "leaderboard shuts down",
];

Deno.test("examples/megane answers, asks its service, and sums over all clusters", async () => {
  let lines: { message: string; fields: Record<string, unknown> }[] = [];
  {
    await using rig = await setUp({
      BOT_MODULE: "examples/megane/bot.ts",
      SERVICES: "leaderboard=examples/megane/service.ts",
      CACHE_ALL_MEMBERS: "1",
    });
    const { command, post, say, sim, slash, stats, userId } = rig;
    lines = rig.lines;
    assert.equal(await say(0, "!ping"), "pong");
    assert.equal(await slash(3, "where"), "I am listening on cluster 1, shard 3");

    assert.equal(await say(1, "!win"), "You have 1 points");
    const leaderboard = { service: "leaderboard" };
    const add = { op: "ADD", userId: userId(1), points: 3 };
    assert.deepEqual(await command(leaderboard, add), { answer: 4 });
    assert.equal(await slash(2, "top"), `<@${userId(1)}>: 4`);
    const unknown = await command(leaderboard, { op: "FLY" });
    assert.deepEqual(unknown, { error: "Unknown command", name: "Error" });

    const guilds = [...sim.world.guilds.values()];
    const members = guilds.reduce((sum, guild) => sum + guild.members.size, 0);
    const all = await stats(({ clusters, services }) =>
      clusters[0]!.answered === 2 && clusters[1]!.answered === 2 &&
      clusters[0]!.guilds as number + (clusters[1]!.guilds as number) === 8 &&
      services.leaderboard!.players === 1
    );
    assert.equal(all.manager.discord!.guilds, 8);
    assert.equal(await say(0, "!count"), `8 guilds, ${members} members`);

    await post("/clusters/1/kill");
    assert.match(await say(0, "!count"), /, 1 clusters did not answer$/);
    await post("/clusters/1/spawn");
    assert.equal(await say(3, "!ping"), "pong", "its events have waited");
  }
  const printed = lines.map(({ message, fields }) => fields.text ?? message);
  assert.deepEqual(HOOKS.filter((text) => !printed.includes(text)), []);
});

Deno.test("examples/megane/unit.ts prints what Megane emitted, with the permissions that it names", async () => {
  const it = discord();
  const text = await Deno.readTextFile("examples/megane/unit.ts");
  const flags = [...text.slice(0, text.indexOf("*/")).matchAll(/--[a-z]+-[a-z]+(?:=\S+)?/g)]
    .map(([flag]) => flag)
    // It runs in a folder of its own, where its state goes.
    .map((flag) => flag === "--allow-read=." ? `--allow-read=.,${ROOT}` : flag)
    .map((flag) => flag === "--allow-run=deno" ? `--allow-run=${Deno.execPath()}` : flag);
  assert.equal(flags.length, 7);
  const inherited = { HOME: Deno.env.get("HOME") ?? "", PATH: Deno.env.get("PATH") ?? "" };
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `${ROOT}examples/megane/unit.ts`],
    cwd: it.stateDir,
    clearEnv: true,
    env: { ...inherited, ...it.settings },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const outputs = Promise.all([child.stdout, child.stderr].map((stream) => read(stream, lines)));
  const printed = (line: string | RegExp) =>
    until(
      () => lines.some((each) => typeof line === "string" ? each === line : line.test(each)),
      20_000,
      () => `${line} was not printed: ${lines.join("\n")}`,
    );
  for (const id of [0, 1]) await printed(`clusterReady ${id}`);
  for (const id of [0, 1, 2, 3]) await printed(`shardReady ${id}`);
  await printed("serviceReady leaderboard");
  await printed("allClustersReady");
  for (const who of ["0", "1", "all"]) await printed(`ALL_MEMBERS_CACHED ${who}`);
  assert.equal(await it.say(2, "!win"), "You have 1 points");
  await printed(/^STATS_UPDATED .*"guilds":8,.*"players":1/);
  child.kill("SIGTERM");
  await outputs;
  assert.equal((await child.status).code, 0, lines.join("\n"));
  await it.close();
});

async function read(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
}

Deno.test("examples/bigbot answers, registers its commands, and shows its presence on every shard", async () => {
  await using rig = await setUp({ BOT_MODULE: "examples/bigbot/bot.ts" });
  const { say, sim, slash, stats } = rig;
  assert.equal(await say(0, "!ping"), "🏓 Try /ping");
  assert.match(
    await slash(3, "ping"),
    /^🏓 Pong! Gateway latency of shard 3: (\d+ ms|\*Not yet available\*)$/,
  );
  assert.equal(await slash(1, "usage"), "1 commands on 2 clusters");
  assert.match(await slash(1, "fly"), /not able to find this command/);
  await stats(({ clusters }) => clusters[0]!.commandsRun === 1 && clusters[1]!.commandsRun === 1);
  const registered = () =>
    sim.ledger.rest.some(({ method, route, status }) =>
      method === "PUT" && route.endsWith("/commands") && status === 200
    );
  await until(registered, 10_000, () => "the commands were not registered");
  const shown = () =>
    new Set(sim.ledger.sends.filter(({ op }) => op === 3).map((it) => it.shardId));
  await until(() => shown().size === 4, 10_000, () => `presence on ${[...shown()]}`);
});
