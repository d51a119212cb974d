/** A bot for tests of commands: says what it was told, and does what a command says. */

import type { Wanted } from "../../protocol/link_call.ts";
import { type BotContext, defineBot } from "../../mod.ts";

const told: unknown[] = [];
let own: BotContext | undefined;
const heard: string[] = [];

export default defineBot({
  events: {
    async MESSAGE_CREATE({ content }) {
      heard.push(content ?? "");
      if (!content?.startsWith("seen ")) return;
      await own!.ipc.sendServiceCommand("counter", { seen: content }, { receptive: true });
    },
  },
  start(context) {
    own = context;
  },
  allClustersReady() {
    told.push("allClustersReady");
  },
  allMembersCached(all) {
    told.push(["allMembersCached", all]);
  },
  getStats: () => Promise.resolve({ queueLength: 3 }),
  find: (wanted: Wanted) =>
    wanted.kind === "user" && wanted.userId === "7" && own?.cluster.id === 1
      ? { id: "7", username: "known to cluster 1" }
      : null,
  async handleCommand(data, receptive, { asResponse, asError }) {
    const { ipc, gateway, cluster } = own!;
    const command = data as Record<string, unknown> & { do: string };
    switch (command.do) {
      case "told":
        return asResponse(told);
      case "who":
        return asResponse({ cluster: cluster.id, receptive, pid: Deno.pid });
      case "heard":
        return asResponse(heard);
      case "echo":
        return asResponse(command.value);
      case "map":
        return asResponse({ found: new Map() });
      case "fail":
        return asError(new RangeError("too far", { cause: new Error("because") }));
      case "throw":
        throw new TypeError("thrown");
      case "silence":
        return undefined;
      case "hang":
        return await new Promise(() => {});
      case "busy":
        for (;;);
      case "memory":
        return asResponse(Array.from({ length: 1e9 }, () => new Array(1e6).fill("x")));
      case "die":
        return Deno.exit(3);
      case "ask":
        return asResponse(
          await ipc.sendServiceCommand(command.service as string, command.data, {
            receptive: true,
          }),
        );
      case "all":
        return asResponse(
          await ipc.sendClusterCommand({ all: true }, command.data, {
            receptive: true,
            timeout: 2000,
          }),
        );
      case "fetch":
        return asResponse(await ipc.fetchUser(command.id as string, { rest: true }));
      case "find": {
        const { method, ids } = command as unknown as { method: `fetch${string}`; ids: string[] };
        const find = (ipc as unknown as Record<string, (...ids: string[]) => unknown>)[method]!;
        return asResponse(await find(...ids));
      }
      case "status":
        return asResponse(await gateway.editBotStatus({ status: "idle", activities: [] }));
      case "members":
        return asResponse(await gateway.requestMembers(command.guildId as string));
      case "secrets":
        return asResponse({
          env: typeof Deno.env.toObject === "function" ? tryOut(() => Deno.env.toObject()) : null,
          token: tryOut(() => Deno.env.get("DISCORD_TOKEN")),
          dotenv: tryOut(() => Deno.readTextFileSync(".env")),
          environ: tryOut(() => Deno.readTextFileSync("/proc/self/environ")),
          parent: tryOut(() => Deno.readTextFileSync(`/proc/${Deno.ppid}/environ`)),
          run: tryOut(() => new Deno.Command("env").outputSync().success),
          rest: own!.rest.authorization,
        });
      default:
        return asError(new Error(`cannot do ${command.do}`));
    }
  },
});

function tryOut(task: () => unknown): unknown {
  try {
    return task() ?? "nothing";
  } catch (error) {
    return (error as Error).name;
  }
}
