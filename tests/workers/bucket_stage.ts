/**
 * The shards of one worker, on sockets and a disk of a test's.
 *
 * @module
 */

import { NO_ESTATE } from "../../protocol/estate.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { FromWorker, WorkerOptions } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Bucket } from "../../workers/bucket.ts";
import type { BucketWorld } from "../../workers/bucket_world.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { WORKER } from "../support/fake_threads.ts";

/** Of a shard whose READY named none. */
export const NO_GUILDS = { guildIds: [], loadingGuildIds: [] };
/** What is told of a shard that nobody reads beside its bot. */
export const safe = (acknowledged: number, safe = acknowledged) => ({
  acknowledged,
  safe,
  readers: {},
});
/** Bring up a shard that never lived. */
export const BRING = { type: "IDENTIFY_SHARD", estate: NO_ESTATE } as const;

/** A bucket between sockets that say what a test says, and a main thread that listens. */
export function setUp(
  openSpool: OpenSpool = memorySpool(),
  options: Partial<WorkerOptions> = {},
  world: Partial<BucketWorld> = {},
) {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const posted: FromWorker[] = [];
  const post = (message: FromWorker) => void posted.push(structuredClone(message));
  const bucket = new Bucket({ ...WORKER, ...options }, {
    clock,
    connect,
    random: () => 0,
    openSpool,
    ...world,
  }, post);
  const types = () => posted.map((message) => message.type);
  const last = <Type extends FromWorker["type"]>(type: Type) =>
    posted.findLast((message) => message.type === type) as Extract<FromWorker, { type: Type }>;
  const ready = async (shardId: number, ...guildIds: string[]) => {
    bucket.receive({ ...BRING, shardId });
    // It looks at the disk first.
    await clock.advance(0);
    bucket.receive({ type: "ALLOW_IDENTIFY", shardId, permit: 5, intents: 3 });
    const socket = sockets.at(-1)!;
    socket.events.open();
    socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
    const guilds = guildIds.map((id) => ({ id, unavailable: true }));
    const d = { session_id: `s${shardId}`, resume_gateway_url: "wss://resume.test", guilds };
    socket.say({ t: "READY", s: 1, op: 0, d });
    return socket;
  };
  return { clock, bucket, sockets, posted, types, last, ready };
}
