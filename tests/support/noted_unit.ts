/** A unit for tests of its methods: writes down what it is told to do, and does nothing. */

import type { ClusterControl } from "../../clusters/place.ts";
import type { ShardInfo } from "../../protocol/worker_message.ts";
import type { MethodsUnit } from "../../unit/methods.ts";
import { notedResharding } from "./reshards.ts";
import { snapshot } from "./snapshots.ts";

/** The unit, and what it was told. */
export function createNotedUnit(changed: Partial<MethodsUnit> = {}) {
  const called: unknown[] = [];
  const note = <Result>(result: Result, ...call: unknown[]) => (called.push(call), result);
  const place = (whose: string | number): ClusterControl => {
    if (whose === "none") throw new RangeError("there is none");
    return {
      spawn: () => note(undefined, "spawn", whose),
      kill: (timeoutMs) => note(Promise.resolve(), "kill", whose, timeoutMs),
      respawn: (timeoutMs) => note(Promise.resolve(), "respawn", whose, timeoutMs),
    };
  };
  const session = { sessionId: "secret", seq: 9, base: 100 };
  const unit = {
    snapshot: snapshot(),
    totalShards: 2,
    shardIds: [0, 1],
    resharding: notedResharding(called),
    stats: null,
    allowFaults: true,
    controllers: {
      gateway: {
        sendPayload: (...asked) => note(Promise.resolve(), "sendPayload", ...asked),
        requestMembers: (...asked) =>
          note(Promise.resolve({ members: [], notFound: [] }), "requestMembers", ...asked),
      },
    },
    gateway: {
      pool: {
        shardInfo: (...asked) =>
          note(Promise.resolve({ session } as unknown as ShardInfo), "shardInfo", ...asked),
        reconnect: (...asked) => note(Promise.resolve(), "reconnect", ...asked),
        restart: (...asked) => note(undefined, "restart", ...asked),
        crash: (...asked) => note(undefined, "crash", ...asked),
      },
    },
    peers: {
      command: (...asked) => note(Promise.resolve("answer"), "command", ...asked),
      find: (...asked) => note(Promise.resolve("found"), "find", ...asked),
    },
    clusters: { get: place, restartAll: () => note(Promise.resolve(), "restartAll") },
    services: { get: place },
    drain: () => note(undefined, "drain"),
    ...changed,
  } satisfies MethodsUnit & { snapshot: unknown };
  return { unit, called };
}
