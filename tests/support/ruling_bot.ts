/** A bot for tests of lives: does to clusters and services what a command says. */

import { defineBot } from "../../mod.ts";

export default defineBot({
  events: {},
  async handleCommand(data, _receptive, { ipc, cluster, asResponse }) {
    const { verb, service, id } = data as { verb: string; service?: string; id?: number };
    switch (verb) {
      case "who":
        return asResponse({ id: cluster.id, pid: Deno.pid });
      case "restart":
        return asResponse(await ipc.restart(id!));
      case "restartAll":
        return asResponse(await ipc.restartAll());
      case "stats":
        return asResponse(await ipc.stats());
      default: {
        const place = service === undefined ? ipc.clusters.get(id!) : ipc.services.get(service);
        return asResponse(await place[verb as "spawn" | "kill" | "respawn"]());
      }
    }
  },
  getStats: ({ cluster }) => ({ told: cluster.id }),
});
