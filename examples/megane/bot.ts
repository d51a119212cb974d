/**
 * A small Megane bot on Gatehouse: what was `class Bot extends BaseClusterWorker`. `service.ts` is its
 * service, `unit.ts` what was its `index.js`. Against the simulator, without a token:
 *
 * ```sh
 * BOT_MODULE=examples/megane/bot.ts SERVICES=leaderboard=examples/megane/service.ts \
 *   TOTAL_CLUSTERS=2 deno task demo
 * ```
 *
 * @module
 */

import { type CommandResults, defineBot, type EventContext } from "gatehouse";

/** Interaction type and callback type of [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/receiving-and-responding). */
const APPLICATION_COMMAND = 2;
const CHANNEL_MESSAGE_WITH_SOURCE = 4;

/** `this.client.guilds`, as far as it is needed: members by guild. */
const guilds = new Map<string, number>();
let answered = 0;

/** What was a method per command: `!win` and `/win` are the same. It gives the text of the answer. */
const COMMANDS: Readonly<Record<string, Command>> = {
  ping: () => "pong",

  where: (_userId, { cluster, shardId }) =>
    `I am listening on cluster ${cluster.id}, shard ${shardId}`,

  async win(userId, { ipc }) {
    const command = { op: "ADD", userId, points: 1 };
    const points = await ipc.sendServiceCommand("leaderboard", command, { receptive: true });
    return `You have ${points} points`;
  },

  async top(_userId, { ipc }) {
    const first = await ipc.sendServiceCommand("leaderboard", { op: "TOP" }, { receptive: true });
    return (first as [string, number][]).map(([id, points]) => `<@${id}>: ${points}`).join("\n") ||
      "Nobody has a point";
  },

  async count(_userId, { ipc }) {
    const all = await ipc.sendClusterCommand({ all: true }, { op: "COUNT" }, { receptive: true });
    return describe(all);
  },
};

type Command = (userId: string, context: EventContext) => string | Promise<string>;

export default defineBot({
  events: {
    GUILD_CREATE(guild) {
      guilds.set(guild.id, guild.member_count ?? 0);
    },

    GUILD_DELETE(guild) {
      guilds.delete(guild.id);
    },

    async MESSAGE_CREATE({ author, channel_id, content }, context) {
      const [, name] = /^!([a-z]+)/.exec(content ?? "") ?? [];
      if (author.bot || name === undefined || !Object.hasOwn(COMMANDS, name)) return;
      const text = await COMMANDS[name]!(author.id, context);
      await context.rest.post(`/channels/${channel_id}/messages`, { content: text });
      answered += 1;
    },

    async INTERACTION_CREATE(interaction, context) {
      const { id, token, application_id, type, data, member, user, gatehouse } = interaction;
      const name = data?.name ?? "";
      if (type !== APPLICATION_COMMAND || !Object.hasOwn(COMMANDS, name)) return;
      const content = await COMMANDS[name]!((member?.user ?? user)!.id, context);
      if (gatehouse?.answered === "deferred") {
        // I was away, and it was deferred for me: the answer replaces the deferral.
        const original = `/webhooks/${application_id}/${token}/messages/@original`;
        await context.rest.patch(original, { content });
      } else {
        const response = { type: CHANNEL_MESSAGE_WITH_SOURCE, data: { content } };
        await context.rest.post(`/interactions/${id}/${token}/callback`, response);
      }
      answered += 1;
    },
  },

  // `launch()`. There is no client to connect: the shards are the unit's.
  start({ cluster, log }) {
    log.info("cluster launches", { id: cluster.id });
  },

  allClustersReady({ log }) {
    log.info("cluster knows that all clusters are ready");
  },

  allMembersCached(all, { log }) {
    log.info(all ? "all members of all clusters are here" : "all members of this cluster are here");
  },

  // Where nobody waits for an answer (`receptive` is false) an error is logged.
  handleCommand(data, _receptive, { asResponse, asError }) {
    const { op } = data as { op: string };
    return op === "COUNT" ? asResponse(count()) : asError(new Error(`Unknown command ${op}`));
  },

  getStats: () => ({ answered, ...count() }),

  // There is no `super.shutdown()`: events that come from now on wait for the next cluster.
  shutdown() {
    console.log("cluster shuts down");
  },
});

interface Count {
  readonly guilds: number;
  readonly members: number;
}

/**
 * What this cluster knows. A cluster that was restarted begins at nothing: its shards stayed
 * connected, so no guild loads again.
 */
function count(): Count {
  return { guilds: guilds.size, members: sum([...guilds.values()]) };
}

/** The sum over all clusters. The command settles also when one of them is away. */
function describe({ results, errors }: CommandResults): string {
  const counts = results as Count[];
  const guilds = sum(counts.map((each) => each.guilds));
  const members = sum(counts.map((each) => each.members));
  const silent = errors.length > 0 ? `, ${errors.length} clusters did not answer` : "";
  return `${guilds} guilds, ${members} members${silent}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((before, each) => before + each, 0);
}
