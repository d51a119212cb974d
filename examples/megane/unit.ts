/**
 * What was Megane's `index.js`: the unit inside a program of your own, which prints what happens.
 * Against the simulator, without a token; `deno task sim` runs in another terminal:
 *
 * ```sh
 * DISCORD_TOKEN=sim-token DISCORD_API_URL=http://127.0.0.1:8790/api deno run --no-prompt --ignore-env \
 *   --allow-env=DISCORD_TOKEN,DISCORD_API_URL,LISTEN_PORT,DENO_DIR,HOME --allow-net=127.0.0.1 \
 *   --allow-read=. --allow-write=.gatehouse --allow-run=deno examples/megane/unit.ts
 * ```
 *
 * @module
 */

import { createGatehouse } from "gatehouse";

const unit = createGatehouse({
  token: Deno.env.get("DISCORD_TOKEN")!,
  discordApiUrl: Deno.env.get("DISCORD_API_URL") ?? "https://discord.com/api",
  listenPort: Number(Deno.env.get("LISTEN_PORT") ?? 8787),
  intents: ["GUILDS", "GUILD_MEMBERS", "GUILD_MESSAGES", "MESSAGE_CONTENT"],
  bot: new URL("./bot.ts", import.meta.url),
  totalClusters: 2,
  // `manager.registerService(path, { name })`
  services: [{ name: "leaderboard", module: new URL("./service.ts", import.meta.url).href }],
  cacheAllMembers: true,
  statsIntervalMs: 5_000,
  // What the clusters log would be printed between our own lines.
  logLevel: "warn",
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => unit.stop());
}
unit.failed.then(() => Deno.exit(70));

await unit.start();
// What was `manager.on(…)`. It ends when the unit has stopped.
for await (const status of unit.status()) {
  switch (status.kind) {
    case "cluster":
      if (status.cluster.state !== "connected") break;
      console.log(`clusterReady ${status.cluster.clusterId}`);
      break;
    case "service":
      if (status.service.state === "connected") console.log(`serviceReady ${status.service.name}`);
      break;
    case "shard":
      if (status.shard.state === "ready") console.log(`shardReady ${status.shard.shardId}`);
      break;
    case "allClustersReady":
      console.log("allClustersReady");
      break;
    case "ALL_MEMBERS_CACHED":
      // Not `!status.clusterId`: it may be cluster 0.
      console.log(`ALL_MEMBERS_CACHED ${status.clusterId === null ? "all" : status.clusterId}`);
      break;
    case "STATS_UPDATED": {
      const { clusters, services, manager } = status.stats;
      const answered = Object.values(clusters).map((cluster) => cluster.answered);
      const { players } = services.leaderboard!;
      console.log(`STATS_UPDATED ${JSON.stringify({ ...manager.discord, answered, players })}`);
    }
  }
}
