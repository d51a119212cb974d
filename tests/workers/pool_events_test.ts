import assert from "node:assert/strict";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { passOn, type PoolEvents } from "../../workers/pool_events.ts";
import { cluster } from "../support/peers.ts";

const STATUS = {
  shardId: 1,
  state: "ready",
  reason: "resumed",
  sinceMs: 5,
  connection: 2,
} as const;
const FACTS = { user: null, application: null, guildIds: [] };
const GUILDS = { guildIds: ["1"], loadingGuildIds: [] };
const BYTES = Uint8Array.of(9);
const PEER = cluster(0);

const WORDS: [FromWorker, name: string, ...args: unknown[]][] = [
  [{ type: "REQUEST_IDENTIFY", shardId: 1 }, "requestIdentify", 1],
  [{ type: "IDENTIFY_SENT", shardId: 1, permit: 4 }, "identifySent", 1, 4],
  [{ type: "RELEASE_IDENTIFY", shardId: 1 }, "releaseIdentify", 1],
  [{ type: "SHARD_STATUS", status: STATUS }, "status", STATUS],
  [{ type: "SESSION", shardId: 1, session: null }, "session", 1, null],
  [{ type: "READY_FACTS", shardId: 1, facts: FACTS }, "readyFacts", 1, FACTS],
  [{ type: "EVENTS", peer: PEER, link: 3, batch: BYTES }, "events", PEER, 3, BYTES],
  [{ type: "REPORT", shards: [], eventsByType: {} }, "report", []],
  [{ type: "AWAY", shardId: 1, cursor: 2, payload: BYTES }, "away", 1, 2, BYTES],
  [{ type: "GUILDS", shardId: 1, guilds: GUILDS }, "guilds", 1, GUILDS],
  [{ type: "MEMBERS_CACHED", shardId: 1 }, "membersCached", 1],
  [{ type: "SAFE", acknowledged: { 1: 2 }, stored: {} }, "safe", { 1: 2 }, {}],
];

for (const [message, ...expected] of WORDS) {
  Deno.test(`passOn() passes ${message.type} on`, () => {
    const told: unknown[][] = [];
    const events = new Proxy({}, {
      get: (_, name) => (...args: unknown[]) => void told.push([name, ...args]),
    });
    passOn(message, events as PoolEvents);
    assert.deepEqual(told, [expected]);
  });
}

Deno.test("passOn() leaves alone what others act on", () => {
  for (const type of ["STARTED", "NONCE_REPLY", "DYING", "LOG", "LINKED"]) {
    passOn({ type } as FromWorker, {} as PoolEvents);
  }
});
