/**
 * Attacks by whoever opens connections and does not go on: half a request, a WebSocket without a word,
 * a consumer that does not read.
 *
 * @module
 */

import { holdingOf } from "./meter.ts";
import { type Attack, pause, type Stage } from "./stage.ts";

/** What the unit under attack may have open. */
const DESCRIPTORS = 400;
const HALF_OPEN = 600;
/** A unit that holds so many more than before has not let go. */
const SLACK = 12;
const SLACK_MIB = 60;
/** Time for the first word on `/events`, and for our close frame to who asks for a version that is no more. */
const HELLO_MS = 11_500;
/** A heartbeat on `/gateway` is due after 45 s. */
const HEARTBEAT_MS = 46_500;

/** By name. */
export const SOCKET_ATTACKS: Readonly<Record<string, Attack>> = {
  "half a request, more often than there are descriptors": {
    isQuick: true,
    descriptors: DESCRIPTORS,
    async run(stage) {
      const open: Deno.TcpConn[] = [];
      for (let i = 0; i < HALF_OPEN; i++) {
        open.push(await dial(stage, "GET /healthz HTTP/1.1\r\nHo"));
        if (i % 100 === 99) await answersInTime(stage);
      }
      for (let second = 0; second < 4; second++) {
        await pause(1_000);
        await answersInTime(stage);
      }
      for (const conn of open) conn.close();
      return `${HALF_OPEN} connections with half a request, ${DESCRIPTORS} descriptors; others are answered`;
    },
  },
  "WebSockets that say nothing": {
    isQuick: true,
    run: (stage) => silence(stage, ["/gateway?v=6", "/events"], HELLO_MS),
  },
  "WebSockets that say nothing after HELLO": {
    isQuick: false,
    run: (stage) => silence(stage, ["/gateway?v=10"], HEARTBEAT_MS),
  },
  "a consumer that does not read, replaced again and again": {
    isQuick: false,
    // So much that each has its full credit under way.
    settings: { CONSUMER_SESSION_TTL_MS: "1000", QUEUE_MEMORY_BYTES: String(256 * 1024 ** 2) },
    async run(stage) {
      const stuck: Deno.TcpConn[] = [];
      const join = async () => {
        const conn = await dial(stage, upgrade(stage, "/gateway?v=10"));
        await conn.write(identify(0));
        stuck.push(conn);
      };
      stage.sim.traffic.setRate(4_000);
      await join();
      // What the first has not acknowledged is what each of the others is sent at once.
      await pause(20_000);
      stage.sim.traffic.setRate(200);
      const replace = async (times: number) => {
        for (let i = 0; i < times; i++) {
          await join();
          await pause(1_500);
        }
        await pause(1_500);
        return await holding(stage);
      };
      const before = await replace(10);
      let after = await replace(15);
      // The collector takes its time.
      for (let i = 0; i < 30 && after.mib > before.mib + SLACK_MIB; i++) {
        await pause(1_000);
        after = await holding(stage);
      }
      for (const conn of stuck) conn.close();
      const held = after.descriptors - before.descriptors;
      const mib = Math.round(after.mib - before.mib);
      if (held > 2 || mib > SLACK_MIB) {
        throw new Error(`${held} sockets and ${mib} MiB are held for who was replaced`);
      }
      return "a library that has megabytes to read and does not, then 25 more in its place";
    },
  },
};

/** Opens WebSockets, 100 on each path, and looks how many are still held after a time. */
async function silence(stage: Stage, paths: readonly string[], afterMs: number): Promise<string> {
  const before = await holding(stage);
  const open: Deno.TcpConn[] = [];
  for (let i = 0; i < 100; i++) {
    for (const path of paths) open.push(await dial(stage, upgrade(stage, path)));
  }
  await pause(afterMs);
  const after = await holding(stage);
  for (const conn of open) conn.close();
  const held = after.descriptors - before.descriptors;
  if (held > SLACK) throw new Error(`${held} of ${open.length} are held after ${afterMs} ms`);
  return `${open.length} on ${paths.join(", ")} that read nothing and send nothing`;
}

async function dial({ url }: Stage, words: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode(words));
  return conn;
}

function upgrade({ url }: Stage, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\n` +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";
}

/** A masked text frame; a mask of zeros leaves its body as it is. */
function identify(shard: number): Uint8Array<ArrayBuffer> {
  const d = { token: "any", intents: 0x331_ffff, shard: [shard, 4], properties: {} };
  const body = new TextEncoder().encode(JSON.stringify({ op: 2, d }));
  return new Uint8Array([0x81, 0xfe, body.length >> 8, body.length & 255, 0, 0, 0, 0, ...body]);
}

async function holding({ unit }: Stage) {
  const now = await holdingOf(unit.pid);
  if (!now) throw new Error(`the unit has ended: ${unit.errors()}`);
  return now;
}

async function answersInTime({ url, unit }: Stage): Promise<void> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })
    .catch((error: Error) => error);
  if (answer instanceof Error) {
    throw new Error(`/healthz is not answered: ${answer.message} ${unit.errors()}`);
  }
  await answer.body?.cancel();
}
