/**
 * A service: what was `class Leaderboard extends BaseServiceWorker`. It has no shards; clusters send it
 * commands, and so can you, while `deno task demo` runs as `bot.ts` says:
 *
 * ```sh
 * curl http://127.0.0.1:8787/control/command --json \
 *   '{"to":{"service":"leaderboard"},"data":{"op":"ADD","userId":"1","points":3},"receptive":true}'
 * ```
 *
 * @module
 */

import { defineService } from "gatehouse";

/** What it can be told. */
type Command =
  | { readonly op: "ADD"; readonly userId: string; readonly points: number }
  | { readonly op: "TOP" };

/** Points by user. A restart of the service forgets them: a real one has a database. */
const points = new Map<string, number>();

export default defineService({
  // `launch()`. There is no `sendReady()`: a service is ready when this has settled.
  start({ log }) {
    log.info("leaderboard launches");
  },

  handleCommand(data, _receptive, { asResponse, asError }) {
    const command = data as Command;
    if (command.op === "ADD") {
      const sum = (points.get(command.userId) ?? 0) + command.points;
      points.set(command.userId, sum);
      return asResponse(sum);
    }
    if (command.op === "TOP") {
      return asResponse([...points].sort(([, a], [, b]) => b - a).slice(0, 10));
    }
    return asError(new Error("Unknown command"));
  },

  allClustersReady({ log }) {
    log.info("leaderboard knows that all clusters are ready");
  },

  allMembersCached(_all, { log }) {
    log.info("leaderboard knows that all members are here");
  },

  getStats: () => ({ players: points.size }),

  shutdown() {
    console.log("leaderboard shuts down");
  },
});
