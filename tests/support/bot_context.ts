/**
 * What a bot has, for tests of bots: nobody else is there.
 *
 * @module
 */

import type { EventContext } from "../../bot/bot.ts";
import { gatewayHelpers } from "../../bot/gateway_helpers.ts";
import { ipcOf } from "../../bot/ipc.ts";
import { createRest, type Rest } from "../../bot/rest.ts";
import { silentLog } from "../../ports/log.ts";

/** A context of cluster 0 and shard 0, unless told otherwise. */
export function botContext(changed: Partial<EventContext> & { rest?: Rest } = {}): EventContext {
  return {
    rest: createRest("http://unit", "credential", fetch),
    cluster: { id: 0 },
    shardId: 0,
    totalShards: 1,
    traceparent: () => null,
    log: silentLog,
    // Nobody answers.
    ipc: ipcOf({ command: () => new Promise(() => {}), unit: () => new Promise(() => {}) }),
    gateway: gatewayHelpers({
      totalShards: () => 1,
      shardIds: () => Promise.resolve([0]),
      sendPayload: () => Promise.resolve(),
      requestMembers: () => Promise.resolve({ members: [], notFound: [] }),
    }),
    ...changed,
  };
}
